package routing

import (
	"hash/maphash"
	"strings"
)

// segment is what is known of one issuer and method, on each route.
type segment struct {
	issuer, method string
	used           uint64 // when it was last looked up; 0 for a free one
	score          [MaxRoutes]window
	breaker        [MaxRoutes]breaker
}

// ways is how many segments share a place. Of those the one that was not used for longest makes room.
const ways = 4

// segments holds a bounded number of them: who chooses the keys of requests cannot make it grow.
type segments struct {
	seed   maphash.Seed
	places [][ways]*segment
	clock  uint64
}

func newSegments(limit int) segments {
	return segments{seed: maphash.MakeSeed(), places: make([][ways]*segment, max(1, limit/ways))}
}

func (s *segments) place(issuer, method string) *[ways]*segment {
	h := maphash.String(s.seed, issuer) ^ maphash.String(s.seed, method)*31
	return &s.places[h%uint64(len(s.places))]
}

// find returns the segment, nil if nothing is known of it.
func (s *segments) find(issuer, method string) *segment {
	for _, one := range s.place(issuer, method) {
		if one != nil && one.issuer == issuer && one.method == method {
			s.clock++
			one.used = s.clock
			return one
		}
	}
	return nil
}

// make returns the segment, a new one if there is none yet.
func (s *segments) make(issuer, method string) *segment {
	if one := s.find(issuer, method); one != nil {
		return one
	}
	place := s.place(issuer, method)
	oldest := 0
	for i, one := range place {
		if one == nil {
			place[i], oldest = &segment{}, i
			break
		}
		if one.used < place[oldest].used {
			oldest = i
		}
	}
	s.clock++
	// The keys are copied: they may be part of a message that is wiped or reused.
	*place[oldest] = segment{issuer: strings.Clone(issuer), method: strings.Clone(method), used: s.clock}
	return place[oldest]
}
