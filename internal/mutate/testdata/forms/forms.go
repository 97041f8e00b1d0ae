// Package forms has functions of every form that a mutant may stand in.
package forms

import "errors"

var errOdd = errors.New("odd")

var limit = 10

var squares = table(4)

// outside stands in no declared function.
var outside = func(n int) int { return n + limit }

func table(n int) []int {
	var all []int
	for i := range n {
		all = append(all, i*i)
	}
	return all
}

type pair[K comparable, V any] struct {
	key   K
	value V
}

func (p *pair[K, V]) set(k K, v V) bool {
	if p.key == k {
		return false
	}
	p.key, p.value = k, v
	return true
}

func first[T any, U comparable](all []T, key func(T) U, want U) (found T, ok bool) {
search:
	for _, v := range all {
		switch key(v) {
		case want:
			found, ok = v, true
			break search
		}
	}
	return
}

type counter struct{ n int }

func (counter) unnamed(int, string) int { return 7 }

func (c *counter) blank(_ int, by ...int) {
	for _, b := range by {
		c.n += b
	}
}

// shadow declares its named result again by a short declaration, which in a block of its own would be another variable.
func shadow(n int) (half int, err error) {
	defer func() {
		if err != nil {
			half = -1
		}
	}()
	rest, err := n%2, error(nil)
	if rest == 1 {
		err = errOdd
	}
	half = n / 2
	return
}

type node struct {
	left, right *node
	n           int
}

func (n *node) sum() int {
	if n == nil {
		return 0
	}
	return n.n + n.left.sum() + n.right.sum()
}

// caught recovers, which only the deferred function itself can.
func caught(what *any) {
	if r := recover(); r != nil {
		*what = r
	}
}

func safely(f func()) (what any) {
	defer caught(&what)
	f()
	return nil
}

var started int

func init() {
	started = 3
	started++
}

// sum takes an array that lives on the stack while sum is inlined or does not keep it.
func sum(b []byte) (n int) {
	for _, c := range b {
		n += int(c)
	}
	return n
}

type point struct{ x, y int }

// newPoint costs no allocation where it is inlined.
func newPoint(x, y int) *point {
	if x < 1 {
		x = y + 1
	}
	if y < 1 {
		y = x + 1
	}
	return &point{x, y}
}
