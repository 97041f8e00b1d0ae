package payshield

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/examples/payshield/internal/wire"
)

// Client asks a device. It is safe for concurrent use; New makes one. One Client numbers the requests of a connection or a
// pool: another beside it may number alike, and its request waits or fails for it as connection.Config says.
type Client struct {
	over    connection.Exchanger
	options Options
	number  atomic.Uint64
}

// New returns a client over a connection or a pool whose configuration comes from Options.Connection.
func New(over connection.Exchanger, options Options) (*Client, error) {
	if err := options.Check(); err != nil {
		return nil, err
	}
	return &Client{over: over, options: options}, nil
}

// attempts is how many headers are tried while requests that were not answered still hold theirs.
const attempts = 64

// fields writes what stands between the command code and what every message may end with.
type fields func(w *request)

// request is a message under construction.
type request struct {
	*wire.Writer
	lmk      string
	selected bool
}

// selector writes which local master key is meant. It stands behind the regular fields, before the parts of a key block.
func (w *request) selector() {
	if w.lmk != "" && !w.selected {
		w.Text("%", w.lmk)
	}
	w.selected = true
}

// call sends a command and returns the fields of its answer. Codes in warnings come with fields, too.
func (c *Client) call(ctx context.Context, command string, write fields, warnings ...string) (*wire.Reader, error) {
	n := c.options.HeaderLength()
	frame, err := c.message(command, n, write)
	if err != nil {
		return nil, err
	}
	var reply []byte
	for range attempts {
		c.numberRequest(frame[:n])
		reply, err = c.over.Exchange(ctx, frame, nil)
		if n == 0 || !errors.Is(err, connection.ErrDuplicateKey) || !connection.SafeToRetry(err) {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("payshield: %s: %w", command, err)
	}
	return c.answer(command, frame[:n], reply, warnings)
}

// message builds a request with room for its header.
func (c *Client) message(command string, header int, write fields) ([]byte, error) {
	w := &request{Writer: wire.NewWriter(make([]byte, header, 256), c.options.EBCDIC), lmk: c.options.LMK}
	w.Text(command)
	write(w)
	w.selector()
	if c.options.Trailer != "" {
		w.Control(wire.Trailer)
		w.Text(c.options.Trailer)
	}
	if !w.Valid() || len(w.Bytes()) > maximumFrame {
		return nil, fmt.Errorf("%w: %s", ErrData, command)
	}
	return w.Bytes(), nil
}

// numberRequest writes the next number into a header, in digits and letters, so that those who look at the line can read it.
func (c *Client) numberRequest(header []byte) {
	const figures = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	v := c.number.Add(1) - 1
	for i := len(header) - 1; i >= 0; i-- {
		header[i] = figures[v%uint64(len(figures))]
		v /= uint64(len(figures))
	}
}

// answer checks what every answer begins with.
func (c *Client) answer(command string, header, reply []byte, warnings []string) (*wire.Reader, error) {
	r := wire.NewReader(reply, c.options.EBCDIC)
	same := string(r.Raw(len(header))) == string(header)
	code, result := r.Text(2), r.Text(2)
	switch {
	case !r.Valid() || !same:
		return nil, fmt.Errorf("%w: %s", ErrReply, command)
	case code == wire.Unknown:
		return nil, &Error{command, "68"}
	case code != wire.ReplyTo(command) || !isCode(result):
		return nil, fmt.Errorf("%w: %s", ErrReply, command)
	case result == "00":
		return r, nil
	}
	for _, w := range warnings {
		if result == w {
			return r, nil
		}
	}
	return nil, &Error{command, result}
}

func isCode(result string) bool {
	for _, c := range []byte(result) {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// end checks that an answer's fields were as they should be and that nothing is left but the trailer. What was read from
// the answer counts only if it returns nil.
func (c *Client) end(command string, r *wire.Reader) error {
	if c.options.Trailer != "" && r.NextRaw() == wire.Trailer {
		r.Raw(1)
		if r.Text(len(c.options.Trailer)) != c.options.Trailer {
			r.Fail()
		}
	}
	if !r.Valid() || r.Left() != 0 {
		return fmt.Errorf("%w: %s", ErrReply, command)
	}
	return nil
}

// do sends a command whose answer has no fields.
func (c *Client) do(ctx context.Context, command string, write fields) error {
	r, err := c.call(ctx, command, write)
	if err != nil {
		return err
	}
	return c.end(command, r)
}
