package connection

import (
	"fmt"

	"github.com/posline/posline/connection/internal/stack"
)

// Code of the program runs on what peers send: handlers, key functions, framings, hooks, completions, sockets. If it
// panics, the process lives on; Hooks.Panicked says what ends. The value of the panic may hold card data and is not shown.

// panicError is the error that a panic becomes.
type panicError struct{ Panic }

func (e *panicError) Error() string { return ErrPanicked.Error() + " with " + e.Type }

func (e *panicError) Unwrap() error { return ErrPanicked }

// panicked makes an error of what recover returned. It is called where the panic is recovered, for its stack.
func panicked(v any) *panicError {
	return &panicError{Panic{Type: fmt.Sprintf("%T", v), Stack: stack.Here()}}
}

// tellPanic tells the hook about an error that is a panic, or that of a call which failed with one. The end of the
// connection that a panic brought about is another error: so nothing is told twice. What the hook itself panics with is
// dropped.
func (c *Conn) tellPanic(err error) {
	if c.cfg.Hooks.Panicked != nil {
		c.cfg.Hooks.tellPanic(c, err)
	}
}

func (h *Hooks) tellPanic(c *Conn, err error) {
	if failed, ok := err.(*Error); ok {
		err = failed.Err
	}
	p, ok := err.(*panicError)
	if h.Panicked == nil || !ok {
		return
	}
	defer func() { _ = recover() }()
	h.Panicked(c, p.Panic)
}

// protect runs a hook or a completion.
func (c *Conn) protect(f func()) {
	defer func() {
		if v := recover(); v != nil {
			err := panicked(v)
			c.tellPanic(err)
			c.end(&LostError{Err: err})
		}
	}()
	f()
}
