// Package stack tells where code is when it panics.
package stack

import (
	"runtime"
	"strconv"
)

// Here lists the functions and lines that have led to its caller. Unlike debug.Stack it leaves out the arguments, which are
// shown there by value, card data among them.
func Here() []byte {
	var at [64]uintptr
	frames := runtime.CallersFrames(at[:runtime.Callers(2, at[:])])
	var b []byte
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		b = append(append(append(append(b, f.Function...), "\n\t"...), f.File...), ':')
		b = append(strconv.AppendInt(b, int64(f.Line), 10), '\n')
	}
	return b
}
