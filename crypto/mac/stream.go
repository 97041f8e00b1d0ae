package mac

import (
	"fmt"
	stdhash "hash"
	"sync"

	"github.com/posline/posline/crypto"
)

// A Stream computes the MAC of a message that comes in pieces. It is safe for concurrent use, for what the order of the
// pieces is worth then. Append and Verify end nothing: more of the message may follow. Streams are made by MAC.Stream;
// the zero Stream fails with crypto.ErrNoKey. ISO 9797-1.
type Stream struct {
	// reach is a closure so that nothing that prints by reflection sees a MAC under way.
	reach func() *stream
}

type stream struct {
	mutex    sync.Mutex
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
	return m.stream(&stream{mac: m, op: m.operation()})
}

// StreamOf begins a message of the given length in bytes. Writing more, or asking for the MAC before all of it is
// written, is crypto.ErrUnsupported.
func (m *MAC) StreamOf(length uint64) (*Stream, error) {
	return m.stream(&stream{mac: m, op: m.operation(), declared: true, left: length})
}

func (m *MAC) stream(s *stream) (*Stream, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	return &Stream{func() *stream { return s }}, nil
}

func (s *stream) begin() (err error) {
	if isHMAC(s.mac.algorithm.Scheme) {
		s.hmac, err = s.mac.newHMAC(s.op)
		return err
	}
	w := scratch.Get().(*work)
	defer w.done()
	if err := w.keys.open(s.mac, s.op); err != nil {
		return err
	}
	defer w.keys.release()
	s.chaining = chaining{scheme: s.mac.algorithm.Scheme, padding: s.mac.algorithm.Padding, size: w.keys.size}
	s.chaining.begin(&w.keys, s.left)
	return nil
}

// Write takes the next piece of the message. It fails when the key is destroyed in the meantime.
func (s *Stream) Write(p []byte) (int, error) {
	if s.reach == nil {
		return 0, crypto.ErrNoKey
	}
	if err := s.reach().write(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (s *stream) write(p []byte) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.declared {
		if uint64(len(p)) > s.left {
			return fmt.Errorf("%w: more message than declared", crypto.ErrUnsupported)
		}
		s.left -= uint64(len(p))
	}
	if s.hmac != nil {
		if err := s.mac.key.Require(s.op); err != nil {
			return err
		}
		s.hmac.Write(p)
		return nil
	}
	w := scratch.Get().(*work)
	defer w.done()
	return w.write(s, p)
}

// Append appends the MAC of what was written so far to dst.
func (s *Stream) Append(dst []byte) ([]byte, error) {
	if s.reach == nil {
		return dst, crypto.ErrNoKey
	}
	tag, err := s.reach().sum(crypto.OpGenerate)
	return append(dst, tag...), err
}

// Verify returns crypto.ErrVerify when tag is not the MAC of what was written so far.
func (s *Stream) Verify(tag []byte) error {
	if s.reach == nil {
		return crypto.ErrNoKey
	}
	want, err := s.reach().sum(crypto.OpVerify)
	if err != nil {
		return err
	}
	return compare(want, tag)
}

// sum returns the MAC in memory of its own.
func (s *stream) sum(op crypto.Operation) ([]byte, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.declared && s.left != 0 {
		return nil, fmt.Errorf("%w: less message than declared", crypto.ErrUnsupported)
	}
	if s.hmac != nil {
		if err := s.mac.key.Require(op); err != nil {
			return nil, err
		}
		return s.hmac.Sum(nil)[:s.mac.algorithm.Size], nil
	}
	w := scratch.Get().(*work)
	defer w.done()
	if err := w.finish(s, op); err != nil {
		return nil, err
	}
	return append([]byte(nil), w.tag[:s.mac.algorithm.Size]...), nil
}
