package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/examples/iso8583/internal/dump"
	"github.com/posline/posline/message/clearing"
)

// wireReader cuts the messages out of inputs.
type wireReader struct {
	console *console
	options *options

	// use is called for every message. The bytes are valid during the call.
	use func(p piece, wire []byte) error

	// refused is called for what cannot be read, and ends the input unless it is a line with another one behind it. What it
	// returns ends everything.
	refused func(p piece, err error) error

	partial bool // use is called as well for what there is of a message in a frame of which the end is missing
}

// read cuts the messages out of an input: the frames or records in it, its lines or packets, or all of it.
func (w wireReader) read(name string, r io.Reader) error {
	in, form := w.open(name, r)
	before, told := w.console.faults, false
	refused := w.refused
	w.refused = func(p piece, err error) error {
		told = true
		return refused(p, err)
	}
	err := w.cutUp(name, in)
	if err == nil && !told && in.Size() == 0 {
		return w.refused(piece{}, fmt.Errorf("%s: %w", inputName(name), errNoMessage))
	}
	switch {
	case in.Passed() > 0:
		w.console.note("%s: %d lines without a long run of hexadecimal digits were passed over", inputName(name), in.Passed())
	case w.console.faults > before && w.options.form == dump.Auto && unusual(form):
		w.console.note("%s was read as %s; -input names another form", inputName(name), form)
	}
	return err
}

// unusual tells the forms that something else may be mistaken for.
func unusual(form dump.Form) bool {
	return slices.Contains([]dump.Form{dump.Array, dump.Escaped, dump.Base64, dump.Text}, form)
}

func (w wireReader) cutUp(name string, in *dump.Reader) error {
	in.Lines = w.options.lines
	switch {
	case w.options.isFile:
		return w.records(name, in)
	case w.options.lines && in.Form() != dump.Raw: // which has none: all of it is one message
		return w.packets(name, in)
	case w.options.framing != nil:
		return w.frames(name, in)
	default:
		return w.whole(name, in)
	}
}

// faulty reports an input with a fault in it. One that cannot be read at all ends everything.
func (w wireReader) faulty(p piece, err error) error {
	if errors.As(err, new(*fs.PathError)) {
		return err
	}
	return w.refused(p, err)
}

// records reads a clearing file.
func (w wireReader) records(name string, in *dump.Reader) error {
	records := clearing.NewReader(&partReader{in: in}, w.options.records)
	for {
		record, err := records.Next()
		if err == io.EOF || in.Size() == 0 && errors.Is(err, clearing.ErrNoEnd) { // the second is told as no message
			return nil
		}
		if err != nil {
			return w.faulty(piece{file: name}, err)
		}
		p := piece{file: name, within: fmt.Sprintf("record %d at byte %d", records.Count(), records.Offset())}
		if err := w.use(p, record); err != nil {
			return err
		}
	}
}

// partReader is the bytes of a dump without the parts.
type partReader struct {
	in   *dump.Reader
	rest []byte
}

// Read implements io.Reader.
func (r *partReader) Read(b []byte) (int, error) {
	if len(r.rest) == 0 {
		part, err := r.in.Next()
		if err != nil {
			return 0, err
		}
		r.rest = part.Bytes
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// packets reads every line, or every packet of a listing or conversation, as a message, or as frames of messages.
func (w wireReader) packets(name string, in *dump.Reader) error {
	packet := piece{file: name}
	var wire []byte
	flush := func() error {
		if len(wire) == 0 {
			return nil
		}
		_, stop, _ := w.cut(packet, wire, 0, true) // a fault was reported, and the next packet follows
		wire = wire[:0]
		return stop
	}
	for {
		part, err := in.Next()
		if part.Start || err != nil {
			if err := flush(); err != nil {
				return err
			}
			packet.line, packet.within = part.Line, streamName(part.Stream)
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil && errors.As(err, new(*dump.Error)) && in.Form() != dump.Listing:
			if err := w.refused(piece{file: name}, err); err != nil {
				return err
			}
			continue
		case err != nil:
			return w.faulty(piece{file: name}, err)
		}
		if wire = append(wire, part.Bytes...); len(wire) > maxInput {
			return w.refused(packet, fmt.Errorf("longer than %d bytes", maxInput))
		}
		if in.Form() != dump.Listing { // whose packets have several lines
			if err := flush(); err != nil {
				return err
			}
		}
	}
}

func streamName(stream string) string {
	switch {
	case stream == "":
		return ""
	case len(stream) > 0 && (stream[0] == ' ' || stream[0] == '\t'):
		return "the other direction"
	}
	return "stream " + printable(stream)
}

// frames reads the frames in each of the input's streams.
func (w wireReader) frames(name string, in *dump.Reader) error {
	streams := map[string]*stream{}
	for {
		part, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return w.faulty(piece{file: name}, err)
		}
		s := streams[part.Stream]
		if s == nil {
			s = &stream{}
			streams[part.Stream] = s
		}
		if s.broken {
			continue
		}
		s.rest = append(s.rest, part.Bytes...)
		n, stop, err := w.cut(piece{file: name, within: streamName(part.Stream)}, s.rest, s.offset, false)
		if stop != nil {
			return stop
		}
		s.broken = err != nil
		s.offset += int64(n)
		s.rest = s.rest[:copy(s.rest, s.rest[n:])]
	}
	for _, key := range slices.Sorted(maps.Keys(streams)) {
		if err := w.unfinished(piece{file: name, within: streamName(key)}, streams[key]); err != nil {
			return err
		}
	}
	return nil
}

// unfinished tells of a frame of which the end is missing.
func (w wireReader) unfinished(p piece, s *stream) error {
	if len(s.rest) == 0 || s.broken {
		return nil
	}
	if err := w.refused(p, &frameError{s.offset, errIncomplete}); err != nil {
		return err
	}
	if part := startOfFrame(w.options.framing, s.rest); w.partial && len(part) > 0 {
		return w.use(p, part)
	}
	return nil
}

// stream is the bytes of a conversation that are not yet a whole frame.
type stream struct {
	rest   []byte
	offset int64 // of rest
	broken bool
}

// cut calls use for every frame at the start of bytes, of which it returns how many it used; offset is where they stand in
// their stream, and with all no others follow. Without a framing all of them are a message. stop ends everything; err ends
// the stream and was reported.
func (w wireReader) cut(p piece, bytes []byte, offset int64, all bool) (used int, stop, err error) {
	if w.options.framing == nil {
		return len(bytes), w.use(p, bytes), nil
	}
	for used < len(bytes) {
		cut, err := w.options.framing.Next(bytes[used:])
		if err == nil && cut.Size == 0 {
			if !all {
				return used, nil, nil
			}
			err = errIncomplete
		}
		if err != nil {
			err = &frameError{offset + int64(used), err}
			return used, w.refused(p, err), err
		}
		used += cut.Size
		if cut.Frame == nil {
			continue // a keep-alive
		}
		if err := w.use(p, cut.Frame); err != nil {
			return used, err, nil
		}
	}
	return used, nil, nil
}

// startOfFrame returns what has come of the message in a frame of which the end is missing; nil where that is too little,
// or the frame would be larger than any.
func startOfFrame(framing connection.Framing, bytes []byte) []byte {
	if len(bytes) > maxFrame {
		return nil
	}
	cut, err := framing.Next(append(slices.Clone(bytes), make([]byte, maxFrame)...))
	head := cut.Size - len(cut.Frame)
	if err != nil || cut.Frame == nil || len(bytes)-head < leastStart {
		return nil
	}
	return bytes[head:]
}

const (
	maxFrame   = 10_000 // as length headers of four digits count
	leastStart = 20     // of a message that there is to be seen
)

var errIncomplete = errors.New("the input ends inside a frame")

// frameError is a fault in the length headers; offset is that of the frame in the input.
type frameError struct {
	offset int64
	err    error
}

func (e *frameError) Error() string { return fmt.Sprintf("frame at byte %d: %v", e.offset, e.err) }
func (e *frameError) Unwrap() error { return e.err }

// whole reads all of an input, or all of each stream in it, as one message.
func (w wireReader) whole(name string, in *dump.Reader) error {
	streams := map[string][]byte{}
	var order []string
	total := 0
	for {
		part, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return w.faulty(piece{file: name}, err)
		}
		if _, ok := streams[part.Stream]; !ok {
			order = append(order, part.Stream)
		}
		streams[part.Stream] = append(streams[part.Stream], part.Bytes...)
		if total += len(part.Bytes); total > maxInput {
			return fmt.Errorf("%s: more than %d bytes and neither -lines nor -frame", inputName(name), maxInput)
		}
	}
	for _, key := range order {
		if err := w.use(piece{file: name, within: streamName(key)}, streams[key]); err != nil {
			return err
		}
	}
	return nil
}

// framed puts a length header before a message.
func framed(framing connection.Framing, wire []byte) ([]byte, error) {
	if framing == nil {
		return wire, nil
	}
	return framing.AppendFrame(nil, nil, wire)
}
