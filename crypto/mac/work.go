package mac

import (
	"sync"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/keymaterial"
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
	w.keys = keys{}
	w.chaining.value, w.chaining.pending, w.tag = [maximumBlock]byte{}, [maximumBlock]byte{}, [maximumBlock]byte{}
	scratch.Put(w)
}

// compute leaves the MAC of the message at the front of w.tag.
func (w *work) compute(m *MAC, op crypto.Operation, message []byte) error {
	if m.algorithm.Scheme == crypto.CMAC {
		return w.computeCMAC(m, op, message)
	}
	if err := w.keys.open(m, op); err != nil {
		return err
	}
	defer w.keys.release()
	w.chaining = chaining{scheme: m.algorithm.Scheme, padding: m.algorithm.Padding, size: w.keys.size}
	w.chaining.begin(&w.keys, uint64(len(message)))
	w.chaining.absorb(&w.keys, message)
	w.chaining.finish(&w.keys, m, w.tag[:])
	return nil
}

// computeCMAC is compute for the commonest scheme, which needs no state between the parts of a message.
func (w *work) computeCMAC(m *MAC, op crypto.Operation, message []byte) error {
	opened, err := m.key.Open(keymaterial.Grant(), op)
	if err != nil {
		return err
	}
	u := newUnit(opened)
	size := u.block.BlockSize()
	whole := max(0, len(message)-1) / size * size
	u.chain(w.tag[:size], message[:whole])
	subkeys(opened).Finish(w.tag[:size], message[whole:])
	u.block.Encrypt(w.tag[:size], w.tag[:size])
	opened.Release()
	return nil
}

// write adds to a message under way.
func (w *work) write(s *stream, p []byte) error {
	if err := w.keys.open(s.mac, s.op); err != nil {
		return err
	}
	defer w.keys.release()
	s.chaining.absorb(&w.keys, p)
	return nil
}

// finish leaves the MAC of what a stream has taken so far at the front of w.tag.
func (w *work) finish(s *stream, op crypto.Operation) error {
	if err := w.keys.open(s.mac, op); err != nil {
		return err
	}
	defer w.keys.release()
	w.chaining = s.chaining
	w.chaining.finish(&w.keys, s.mac, w.tag[:])
	return nil
}
