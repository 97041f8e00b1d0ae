package simulator

import (
	"errors"
	"fmt"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/crypto"
	"github.com/posline/posline/examples/payshield"
	"github.com/posline/posline/examples/payshield/internal/wire"
)

// Config says what device is simulated.
type Config struct {
	LMK LMK // required

	// Device is how the device is set up: of the options header, character set, trailer and the quirks of M7 count.
	Device payshield.Options

	Firmware  string // 9 characters; default "1234-5678"
	PINLength int    // digits of a PIN under the local master key, 4 to 12; default 4
	Separated bool   // terminal PIN keys have type 70D and terminal master keys 80D, as PCI wants them, not 002
	UnknownZZ bool   // an unknown command is answered with code ZZ, as some simulators do
}

// ErrConfig is a Config that makes no sense.
var ErrConfig = errors.New("simulator: configuration out of shape")

// Simulator answers commands. It is immutable and safe for concurrent use.
type Simulator struct{ config Config }

// New makes a simulator.
func New(c Config) (*Simulator, error) {
	if c.LMK.keys == nil {
		return nil, fmt.Errorf("%w: no local master key", ErrConfig)
	}
	if err := c.Device.Check(); err != nil {
		return nil, err
	}
	if c.Firmware == "" {
		c.Firmware = "1234-5678"
	}
	if c.PINLength == 0 {
		c.PINLength = 4
	}
	if len(c.Firmware) != 9 || c.PINLength < 4 || c.PINLength > 12 {
		return nil, fmt.Errorf("%w: firmware or PIN length", ErrConfig)
	}
	return &Simulator{c}, nil
}

// Server returns a server for the simulator, with limits that suit tests; change its fields before it serves.
func (s *Simulator) Server() *connection.Server {
	return &connection.Server{Config: connection.Config{Framing: s.config.Device.Framing(), Handler: s.Handle}, MaxConns: 1024}
}

// Handle is a connection.Handler. A frame too short to be a command is ErrFrame and has no answer.
func (s *Simulator) Handle(_ *connection.Conn, frame, reply []byte) ([]byte, error) {
	return s.AppendAnswer(reply, frame)
}

// ErrFrame is a frame that holds no header and no command code.
var ErrFrame = errors.New("simulator: not a command")

// AppendAnswer appends the answer to a message, header included and length not, to dst. A message too short to be a command
// is ErrFrame. The message is hostile: whatever is wrong with the rest is an error code.
func (s *Simulator) AppendAnswer(dst, frame []byte) ([]byte, error) {
	r := wire.NewReader(frame, s.config.Device.EBCDIC)
	header, code := r.Raw(s.config.Device.HeaderLength()), r.Text(2)
	if !r.Valid() {
		return dst, ErrFrame
	}
	answer := wire.NewWriter(append(dst, header...), s.config.Device.EBCDIC)
	run := commands[code]
	switch {
	case run == nil && (s.config.UnknownZZ || !wire.IsRequest(code)):
		answer.Text(wire.Unknown, "68")
		return answer.Bytes(), nil
	case run == nil:
		answer.Text(wire.ReplyTo(code), "68")
		return answer.Bytes(), nil
	}
	body := wire.NewWriter(nil, s.config.Device.EBCDIC)
	j := &job{Simulator: s, r: r, w: body}
	defer j.wipe()
	err := run(j)
	answer.Text(wire.ReplyTo(code))
	if err != nil {
		answer.Text(codeOf(err))
	} else {
		answer.Text("00")
		answer.Raw(body.Bytes())
	}
	if j.trailed {
		answer.Control(wire.Trailer)
		answer.Text(j.trailer)
	}
	return answer.Bytes(), nil
}

// job is one command under way.
type job struct {
	*Simulator
	r *wire.Reader
	w *wire.Writer

	opened  int // keys that were read
	secrets [][]byte
	keys    []crypto.Key

	trailed bool
	trailer string
}

// wipe forgets the keys of the command.
func (j *job) wipe() {
	for _, b := range j.secrets {
		clear(b)
	}
	for _, k := range j.keys {
		k.Destroy()
	}
}

// end reads what every message may end with, and reports any field that was not as it should be. Commands call it before
// they use what they read.
func (j *job) end() error {
	if j.r.Take('%') && j.r.Digits(2) != "00" {
		if !j.r.Valid() {
			return fault("15")
		}
		return fault("13")
	}
	return j.endOfKeyBlock()
}

// endOfKeyBlock is end for commands whose selector was read already.
func (j *job) endOfKeyBlock() error {
	if j.r.NextRaw() == wire.Trailer {
		j.r.Raw(1)
		if j.r.Left() > wire.MaximumTrailer || j.r.Left() == 0 {
			j.r.Fail()
		}
		j.trailer = j.r.Text(j.r.Left())
		j.trailed = j.r.Valid()
	}
	if !j.r.Valid() || j.r.Left() != 0 {
		return fault("15")
	}
	return nil
}
