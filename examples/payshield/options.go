package payshield

import (
	"context"
	"errors"
	"fmt"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/examples/payshield/internal/wire"
	"github.com/posline/posline/pinblock"
)

// Options say how a device is set up and what the client allows. The zero value is a device as it is delivered: a message
// header of four bytes, ASCII, variant keys under the default local master key.
type Options struct {
	// Header is the length of the message header in bytes, 1 to 32, by which answers find their requests; 0 means 4.
	// NoHeader is a device without one, which takes one request at a time.
	Header   int
	NoHeader bool

	EBCDIC  bool   // text is in EBCDIC
	LMK     string // the local master key of the device to use, two digits; "" is its default
	Trailer string // text at the end of every message that the device echoes, at most 32 characters

	KeyBlocks bool // the local master key makes key blocks (scheme S), not variants

	LegacyKCV bool // check values are asked for in the old form of 16 digits
	PlainA0   bool // generating and exporting a key (A0) has no ';' and no flag before the zone master key
	MACLength bool // a MAC comes with its length in front (M7)

	// Policy and Layouts are those of pinblock.Software, and the client's to keep, because the device answers whoever asks:
	// Policy allows more translations than ISO 9564-1; Layouts are formats that PINs are verified in, are bound to a
	// card from and have offsets computed of, whose PAN is the caller's word.
	Policy  pinblock.Policy
	Layouts []pinblock.Format

	// AllowTestLMK admits a device, such as the simulator, whose local master key is the published test key.
	AllowTestLMK bool
}

const (
	defaultHeader = 4
	maximumHeader = 32
)

// maximumFrame is the longest message in bytes: what two bytes of length can say.
const maximumFrame = 0xFFFF

// ErrOptions is Options that make no sense.
var ErrOptions = errors.New("payshield: options out of shape")

// Check says what is wrong with the options; nil if nothing is.
func (o Options) Check() error {
	switch {
	case o.Header < 0 || o.Header > maximumHeader || o.NoHeader && o.Header != 0:
		return fmt.Errorf("%w: header of %d bytes", ErrOptions, o.Header)
	case o.LMK != "" && (len(o.LMK) != 2 || !digits(o.LMK)):
		return fmt.Errorf("%w: the local master key is named by two digits", ErrOptions)
	case len(o.Trailer) > wire.MaximumTrailer:
		return fmt.Errorf("%w: trailer of %d characters", ErrOptions, len(o.Trailer))
	}
	w := wire.NewWriter(nil, o.EBCDIC)
	if w.Text(o.Trailer); !w.Valid() {
		return fmt.Errorf("%w: characters of the trailer", ErrOptions)
	}
	return nil
}

// HeaderLength returns the length of the message header in bytes.
func (o Options) HeaderLength() int {
	switch {
	case o.NoHeader:
		return 0
	case o.Header == 0:
		return defaultHeader
	}
	return o.Header
}

// Framing returns the framing of messages: two bytes, big-endian, that count what follows them.
func (o Options) Framing() *connection.LengthFraming {
	return connection.MustNewFraming(connection.Descriptor{Name: "payshield", Width: 2, Max: maximumFrame, Zero: connection.ZeroError})
}

// Connection returns the configuration of a connection to the device: framing, key and, as sign-on, the check of
// CheckDevice. Set Dialer, timeouts and hooks as you like. Hooks and the frames they are given hold what is not for logs.
func (o Options) Connection() connection.Config {
	c := connection.Config{Framing: o.Framing()}
	if !o.NoHeader {
		c.Key = o.KeyFunc()
	}
	c.SignOn = func(ctx context.Context, conn *connection.Conn) error {
		client, err := New(conn, o)
		if err != nil {
			return err
		}
		return client.CheckDevice(ctx)
	}
	return c
}

// KeyFunc matches an answer with its request by the message header alone, because a device may answer a command that it
// does not know with any code.
func (o Options) KeyFunc() connection.KeyFunc {
	n, ebcdic := o.HeaderLength(), o.EBCDIC
	return func(frame []byte) (key [32]byte, kind uint8, err error) {
		r := wire.NewReader(frame, ebcdic)
		copy(key[:], r.Raw(n))
		code := r.Text(2)
		switch {
		case !r.Valid():
			return key, connection.KindOther, ErrReply
		case wire.IsRequest(code):
			return key, connection.KindRequest, nil
		}
		return key, connection.KindResponse, nil
	}
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
