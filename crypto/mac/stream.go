package mac

import (
	"fmt"
	stdhash "hash"

	"github.com/posline/posline/crypto"
)

// A Stream computes the MAC of a message that comes in pieces. It belongs to one goroutine. Append and Verify end
// nothing: more of the message may follow. Streams are made by MAC.Stream; the zero Stream fails with crypto.ErrNoKey.
type Stream struct {
	mac      *MAC
	op       crypto.Operation
	chaining chaining
	hmac     stdhash.Hash

	declared bool // the length was given
	left     uint64
}

// Stream begins a message of unknown length. Padding 3 puts the length first and is crypto.ErrUnsupported here; see
// StreamOf.
func (m *MAC) Stream() (*Stream, error) {
	if m.algorithm.Padding == crypto.Padding3 {
		return nil, fmt.Errorf("%w: padding 3 needs the length of the message: StreamOf", crypto.ErrUnsupported)
	}
	return m.stream(0)
}

// StreamOf begins a message of the given length in bytes. Writing more, or asking for the MAC before all of it is
// written, is crypto.ErrUnsupported.
func (m *MAC) StreamOf(length uint64) (*Stream, error) {
	s, err := m.stream(length)
	if err != nil {
		return nil, err
	}
	s.declared, s.left = true, length
	return s, nil
}

func (m *MAC) stream(length uint64) (*Stream, error) {
	s := &Stream{mac: m, op: m.operation()}
	if _, ok := hash(m.algorithm.Scheme); ok {
		h, err := m.newHMAC(s.op)
		s.hmac = h
		return s, err
	}
	w := scratch.Get().(*work)
	defer w.done()
	if err := w.keys.open(m, s.op); err != nil {
		return nil, err
	}
	defer w.keys.release()
	s.chaining = chaining{scheme: m.algorithm.Scheme, padding: m.algorithm.Padding, size: w.keys.size}
	s.chaining.begin(&w.keys, length)
	return s, nil
}

// Write takes the next piece of the message. It fails when the key is destroyed in the meantime.
func (s *Stream) Write(p []byte) (int, error) {
	if s.mac == nil {
		return 0, crypto.ErrNoKey
	}
	if s.declared {
		if uint64(len(p)) > s.left {
			return 0, fmt.Errorf("%w: more message than declared", crypto.ErrUnsupported)
		}
		s.left -= uint64(len(p))
	}
	if s.hmac != nil {
		return s.hmac.Write(p)
	}
	w := scratch.Get().(*work)
	defer w.done()
	if err := w.write(s, p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Append appends the MAC of what was written so far to dst.
func (s *Stream) Append(dst []byte) ([]byte, error) {
	if s.hmac != nil {
		tag, err := s.sumHMAC(crypto.OpGenerate)
		return append(dst, tag...), err
	}
	w := scratch.Get().(*work)
	defer w.done()
	if err := s.ready(w, crypto.OpGenerate); err != nil {
		return dst, err
	}
	return append(dst, w.tag[:s.mac.algorithm.Size]...), nil
}

// Verify returns crypto.ErrVerify when tag is not the MAC of what was written so far.
func (s *Stream) Verify(tag []byte) error {
	if s.hmac != nil {
		want, err := s.sumHMAC(crypto.OpVerify)
		if err != nil {
			return err
		}
		return compare(want, tag)
	}
	w := scratch.Get().(*work)
	defer w.done()
	if err := s.ready(w, crypto.OpVerify); err != nil {
		return err
	}
	return compare(w.tag[:s.mac.algorithm.Size], tag)
}

func (s *Stream) ready(w *work, op crypto.Operation) error {
	if err := s.complete(); err != nil {
		return err
	}
	return w.finish(s, op)
}

func (s *Stream) sumHMAC(op crypto.Operation) ([]byte, error) {
	if err := s.complete(); err != nil {
		return nil, err
	}
	if err := s.mac.key.Require(op); err != nil {
		return nil, err
	}
	return s.hmac.Sum(nil)[:s.mac.algorithm.Size], nil
}

// complete reports a stream without a MAC or short of its declared length.
func (s *Stream) complete() error {
	if s.mac == nil {
		return crypto.ErrNoKey
	}
	if s.declared && s.left != 0 {
		return fmt.Errorf("%w: less message than declared", crypto.ErrUnsupported)
	}
	return nil
}
