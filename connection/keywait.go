package connection

// keyWaiters are the requests that wait for one key. Those that a tombstone does not hold up are apart, so that whatever
// happens to the key finds the next one without looking at the others.
type keyWaiters struct {
	fresh, repeats callList // oldest first each
}

// oldest returns who waits longest, nil if nobody does.
func (w *keyWaiters) oldest() *call {
	fresh, repeat := w.fresh.first, w.repeats.first
	if fresh == nil || repeat != nil && repeat.id < fresh.id {
		return repeat
	}
	return fresh
}

func (r *requests) waitForKey(ca *call) {
	if r.keyed == nil {
		r.keyed = make(map[[32]byte]*keyWaiters)
	}
	w := r.keyed[ca.key]
	if w == nil {
		w = new(keyWaiters)
		r.keyed[ca.key] = w
	}
	if ca.repeat {
		w.repeats.pushBack(ca)
	} else {
		w.fresh.pushBack(ca)
	}
}

// leave takes a waiting call out of the list that it waits in.
func (r *requests) leave(ca *call) {
	list := ca.list
	list.remove(ca)
	if list.n > 0 {
		return
	}
	if w := r.keyed[ca.key]; w != nil && w.oldest() == nil {
		delete(r.keyed, ca.key)
	}
}

// nextFor returns who starts next with a key: nobody while a request with it is in flight, and over a tombstone a repeat.
func (r *requests) nextFor(key *[32]byte) *call {
	w := r.keyed[*key]
	if w == nil {
		return nil
	}
	switch e := r.table.get(key); {
	case e.call != nil:
		return nil
	case e.tomb != 0:
		return w.repeats.first
	}
	return w.oldest()
}

// keyFreed starts the first of those that wait for a key which has become free, or has become a tombstone.
func (r *requests) keyFreed(key [32]byte) {
	for ca := r.nextFor(&key); ca != nil && r.retry(ca) == errEnded; {
		ca = r.nextFor(&key)
	}
}
