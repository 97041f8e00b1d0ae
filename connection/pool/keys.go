package pool

import (
	"errors"
	"sync"
	"time"

	"github.com/posline/posline/connection"
)

// keys knows which request each key in flight belongs to, for hosts that answer on any line. A nil keys knows nothing
// and forbids nothing.
type keys struct {
	pool   *Pool
	window time.Duration // how long the key of a request without an answer is kept
	limit  int           // of those, for each shard
	shards [keyShards]keyShard
}

const keyShards = 16

type keyShard struct {
	mu      sync.Mutex
	entries map[[32]byte]keyEntry
	tombs   []keyTomb // oldest first
	nextID  uint64
}

// keyEntry is a request in flight on a link, or one that was not answered, or one that repeats the other.
type keyEntry struct {
	link *link  // nil unless it is in flight
	tomb uint64 // identifies the tombstone; 0 if there is none
}

type keyTomb struct {
	key [32]byte
	id  uint64
	end int64 // on the pool's clock
}

func newKeys(p *Pool) *keys {
	k := &keys{pool: p, window: p.config.Connection.LateWindow}
	for _, l := range p.config.Lines {
		k.limit += l.Window
	}
	k.limit = max(k.limit, 1024) * 4 / keyShards // keys are not spread evenly
	for i := range k.shards {
		k.shards[i].entries = make(map[[32]byte]keyEntry)
	}
	return k
}

// sharedKey returns the key of a request where keys are shared. The key function must not take the process down here.
func (p *Pool) sharedKey(frame []byte) (key [32]byte, err error) {
	if p.keys == nil {
		return key, nil
	}
	defer func() {
		if v := recover(); v != nil {
			err = p.panicked(v)
		}
	}()
	key, kind, err := p.config.Connection.Key(frame)
	if err == nil && kind != connection.KindRequest {
		err = connection.ErrNotRequest
	}
	return key, err
}

func (ks *keys) shard(key *[32]byte) *keyShard {
	sum := byte(0)
	for _, b := range key {
		sum = sum*31 + b
	}
	return &ks.shards[sum%keyShards]
}

// enter notes a request that is about to be sent on a link. A key in flight, or of a request whose answer may still
// come, is an error; over the latter a repeat may go.
func (ks *keys) enter(key [32]byte, k *link, repeat bool) error {
	if ks == nil {
		return nil
	}
	s := ks.shard(&key)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropTombs(ks.pool.now())
	e, ok := s.entries[key]
	if ok && (e.link != nil || !repeat) {
		return connection.ErrDuplicateKey
	}
	s.entries[key] = keyEntry{k, e.tomb}
	return nil
}

// leave notes how a request ended. If its answer may still come, the key is kept for a while.
func (ks *keys) leave(key [32]byte, k *link, err error) {
	if ks == nil {
		return
	}
	s := ks.shard(&key)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[key]
	switch {
	case e.link != k:
		return
	case err == nil && !s.kept(e.tomb): // else the answer to one of two sendings has yet to come
		delete(s.entries, key)
		return
	case connection.SafeToRetry(err) && s.kept(e.tomb): // a repeat that did not leave: as before
		s.entries[key] = keyEntry{tomb: e.tomb}
		return
	case connection.SafeToRetry(err), errors.Is(err, connection.ErrRejected):
		delete(s.entries, key)
		return
	}
	s.nextID++
	s.entries[key] = keyEntry{tomb: s.nextID}
	s.tombs = append(s.tombs, keyTomb{key, s.nextID, later(ks.pool.now(), ks.window)})
	if len(s.tombs) > ks.limit {
		s.dropTomb()
	}
}

// kept reports whether a tombstone is kept still.
func (s *keyShard) kept(tomb uint64) bool { return len(s.tombs) > 0 && s.tombs[0].id <= tomb }

func (s *keyShard) dropTombs(now int64) {
	for len(s.tombs) > 0 && s.tombs[0].end <= now {
		s.dropTomb()
	}
}

func (s *keyShard) dropTomb() {
	oldest := s.tombs[0]
	if s.tombs = s.tombs[1:]; len(s.tombs) == 0 {
		s.tombs = nil
	}
	if e := s.entries[oldest.key]; e.link == nil && e.tomb == oldest.id {
		delete(s.entries, oldest.key)
	}
}

// find returns the link that a key is in flight on, or says that its request has ended without an answer: the key is
// free from then on.
func (ks *keys) find(key [32]byte) (k *link, late bool) {
	s := ks.shard(&key)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropTombs(ks.pool.now())
	e, ok := s.entries[key]
	if ok && e.link == nil {
		delete(s.entries, key)
	}
	return e.link, ok && e.link == nil
}

// Elsewhere gives an answer that came on c to the request that waits for it on another line. The pool's own connections
// have it in their configuration; one that is given to Adopt must have it as its Config.Elsewhere where SharedKeys is set.
func (p *Pool) Elsewhere(c *connection.Conn, key [32]byte, frame []byte) bool {
	if p.keys == nil {
		return false
	}
	k, late := p.keys.find(key)
	switch {
	case k == nil && !late, k != nil && k.conn == c:
		return false
	case k != nil && k.conn.Deliver(frame):
		p.foreign.Add(1)
		return true
	}
	p.late.Add(1)
	if hook := p.config.Connection.Hooks.Late; hook != nil {
		hook(c, key, frame)
	}
	return true
}
