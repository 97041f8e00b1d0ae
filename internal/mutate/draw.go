package main

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
)

// draw gives the mutants of one run, in an order that the seed decides. An operator's share grows with the root of the
// number of its mutants, so that a package's tables of constants do not crowd out its logic.
type draw struct {
	tree        *tree
	random      *rand.Rand
	operators   []*share
	equivalents []*equivalent
}

// share is the mutants of one operator.
type share struct {
	weight float64
	rest   []*mutant
}

// newDraw collects the mutants of all packages and leaves out those that are listed as equivalent or stand on an unchanged
// line.
func newDraw(ctx context.Context, t *tree, o *options) (*draw, error) {
	d := &draw{tree: t, random: rand.New(rand.NewPCG(o.seed, 0))}
	var mutants []*mutant
	for _, p := range t.packages {
		entries, err := readEquivalents(p)
		if err != nil {
			return nil, err
		}
		d.equivalents = append(d.equivalents, entries...)
		mutants = append(mutants, excuse(p.mutants(), entries)...)
	}
	if o.changed != "" {
		changed, err := t.changedLines(ctx, o.changed)
		if err != nil {
			return nil, err
		}
		mutants = slices.DeleteFunc(mutants, func(m *mutant) bool { return !changed.touch(m) })
	}
	d.divide(mutants)
	return d, nil
}

// divide sorts the mutants by operator.
func (d *draw) divide(mutants []*mutant) {
	slices.SortStableFunc(mutants, func(a, b *mutant) int { return strings.Compare(a.operator, b.operator) })
	for len(mutants) > 0 {
		n := slices.IndexFunc(mutants, func(m *mutant) bool { return m.operator != mutants[0].operator })
		if n < 0 {
			n = len(mutants)
		}
		d.operators = append(d.operators, &share{weight: math.Sqrt(float64(n)), rest: slices.Clone(mutants[:n])})
		mutants = mutants[n:]
	}
}

// next returns the next mutant that type-checks, false when there is none left.
func (d *draw) next() (*mutant, bool) {
	for len(d.operators) > 0 {
		s := d.operator()
		i := d.random.IntN(len(s.rest))
		m := s.rest[i]
		if s.rest = slices.Delete(s.rest, i, i+1); len(s.rest) == 0 {
			d.operators = slices.DeleteFunc(d.operators, func(o *share) bool { return o == s })
		}
		if d.tree.compiles(m) {
			return m, true
		}
	}
	return nil, false
}

// take returns the next n mutants, fewer when there are no more.
func (d *draw) take(n int) []*mutant {
	var drawn []*mutant
	for len(drawn) < n {
		m, ok := d.next()
		if !ok {
			break
		}
		drawn = append(drawn, m)
	}
	return drawn
}

// operator picks one that has mutants left.
func (d *draw) operator() *share {
	sum := 0.0
	for _, s := range d.operators {
		sum += s.weight
	}
	at := d.random.Float64() * sum
	for _, s := range d.operators {
		if at -= s.weight; at < 0 {
			return s
		}
	}
	return d.operators[len(d.operators)-1]
}
