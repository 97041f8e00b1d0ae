package pool

import "math/rand/v2"

// candidates are the links that requests may take. A set is made anew whenever one comes or goes, and never changed.
type candidates struct{ links []*link }

// wish is what a request wants of its line.
type wish struct {
	line     *line  // this one, if not nil
	affinity uint64 // if tied
	tied     bool
}

// choosy reports whether one line only will do.
func (w *wish) choosy() bool { return w.line != nil || w.tied }

// pick reserves a place on a link for a request, or returns nil if there is none. It takes no lock.
func (p *Pool) pick(w *wish, now int64) *link {
	if w.line != nil {
		return reserved(w.line.link.Load())
	}
	links := p.candidates.Load().links
	switch {
	case len(links) == 0:
		return nil
	case len(links) == 1:
		return reserved(links[0])
	case w.tied:
		return reserved(tied(links, w.affinity))
	case p.config.Pick == PickBalanced:
		if k := balanced(links, now); k != nil {
			return k
		}
	}
	for _, k := range links {
		if k.reserve() {
			return k
		}
	}
	return nil
}

func reserved(k *link) *link {
	if k == nil || !k.reserve() {
		return nil
	}
	return k
}

// balanced reserves a place on the better of two links at random, else on the other.
func balanced(links []*link, now int64) *link {
	draw := rand.Uint64()
	i := int(draw & 0xFFFFFFFF % uint64(len(links)))
	j := int(draw >> 32 % uint64(len(links)-1))
	if j >= i {
		j++
	}
	a, b := links[i], links[j]
	if b.cost(now) < a.cost(now) {
		a, b = b, a
	}
	if a.reserve() {
		return a
	}
	return reserved(b)
}

// cost is how long a request is likely to take, in units that only compare.
func (k *link) cost(now int64) int64 {
	return (k.load.Load() + 1) * k.latency.now(now)
}

// tied returns the link that a key belongs to: that with the highest hash of both, so that only the keys of a link that
// goes move.
func tied(links []*link, key uint64) (best *link) {
	var highest uint64
	for _, k := range links {
		if h := mix(key ^ k.line.hash); h >= highest {
			best, highest = k, h
		}
	}
	return best
}

// mix spreads the bits of x (the finaliser of splitmix64).
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}
