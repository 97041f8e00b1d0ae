package forms

import (
	"slices"
	"testing"
)

func check(t *testing.T, ok bool) {
	t.Helper()
	if !ok {
		t.Fail()
	}
}

func TestVariables(t *testing.T) {
	check(t, slices.Equal(squares, []int{0, 1, 4, 9}))
	check(t, outside(1) == 11)
	check(t, started == 4)
}

func TestGenerics(t *testing.T) {
	var p pair[string, int]
	check(t, p.set("a", 1) && !p.set("a", 2) && p.value == 1)
	v, ok := first([]int{3, 4, 5}, func(n int) bool { return n%2 == 0 }, true)
	check(t, v == 4 && ok)
}

func TestMethods(t *testing.T) {
	var c counter
	c.blank(0, 1, 2)
	check(t, c.n == 3 && c.unnamed(1, "") == 7)
}

func TestShadow(t *testing.T) {
	half, err := shadow(4)
	check(t, half == 2 && err == nil)
	half, err = shadow(5)
	check(t, half == -1 && err == errOdd)
}

func TestRecursion(t *testing.T) {
	check(t, (&node{&node{nil, nil, 2}, &node{nil, nil, 3}, 4}).sum() == 9)
}

func TestRecover(t *testing.T) {
	check(t, safely(func() { panic(1) }) == 1)
	check(t, safely(func() {}) == nil)
}

func TestAllocations(t *testing.T) {
	sink := 0
	check(t, testing.AllocsPerRun(10, func() {
		b := [4]byte{1, 2, 3, 4}
		p := newPoint(sum(b[:]), 2)
		sink = p.x + p.y
	}) == 0)
	check(t, sink == 12)
	check(t, *newPoint(0, 3) == point{4, 3} && *newPoint(5, 0) == point{5, 6})
}
