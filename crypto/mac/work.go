package mac

import (
	"sync"

	"github.com/posline/posline/crypto"
)

// work is what one computation over a block cipher needs. It is reused, because memory that passes through the
// cipher.Block interface cannot live on the stack; it is cleared before that.
type work struct {
	keys     keys
	chaining chaining
	tag      [maximumBlock]byte
}

var scratch = sync.Pool{New: func() any { return new(work) }}

func (w *work) done() {
	*w = work{}
	scratch.Put(w)
}

// compute leaves the MAC of the message at the front of w.tag.
func (w *work) compute(m *MAC, op crypto.Operation, message []byte) error {
	if err := w.keys.open(m, op); err != nil {
		return err
	}
	defer w.keys.release()
	w.chaining = chaining{scheme: m.algorithm.Scheme, padding: m.algorithm.Padding, size: w.keys.size}
	w.chaining.begin(&w.keys, uint64(len(message)))
	w.chaining.absorb(&w.keys, message)
	w.chaining.finish(&w.keys, &m.subkeys, w.tag[:])
	return nil
}

// write adds to a message under way.
func (w *work) write(s *Stream, p []byte) error {
	if err := w.keys.open(s.mac, s.op); err != nil {
		return err
	}
	defer w.keys.release()
	s.chaining.absorb(&w.keys, p)
	return nil
}

// finish leaves the MAC of what a stream has taken so far at the front of w.tag.
func (w *work) finish(s *Stream, op crypto.Operation) error {
	if err := w.keys.open(s.mac, op); err != nil {
		return err
	}
	defer w.keys.release()
	w.chaining = s.chaining
	w.chaining.finish(&w.keys, &s.mac.subkeys, w.tag[:])
	return nil
}
