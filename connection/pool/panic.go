package pool

import (
	"fmt"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/internal/stack"
)

// protect runs code of the program on a goroutine of the pool, which must outlive its panics.
func (p *Pool) protect(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = p.panicked(v)
		}
	}()
	return f()
}

// panicked tells the hook of the connections about a panic that is of none of them, and makes an error of it. The value
// may hold card data and is not shown.
func (p *Pool) panicked(v any) error {
	kind := fmt.Sprintf("%T", v)
	p.tellPanic(connection.Panic{Type: kind, Stack: stack.Here()})
	return fmt.Errorf("%w with %s", connection.ErrPanicked, kind)
}

// tellPanic calls the hook, which may panic itself.
func (p *Pool) tellPanic(told connection.Panic) {
	defer func() { _ = recover() }()
	if hook := p.config.Connection.Hooks.Panicked; hook != nil {
		hook(new(connection.Conn), told)
	}
}
