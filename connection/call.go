package connection

import "time"

// op is what a caller asks for.
type op uint8

const (
	opExchange op = iota // a request, and to wait for its answer
	opStart              // a request whose answer goes to a Completion
	opPost               // a frame that expects no answer: its call ends as soon as it is queued
)

// failure makes the error of a call.
func (o op) failure(sent Sent, why error) *Error {
	return &Error{Op: [...]string{"exchange", "start", "post"}[o], Sent: sent, Err: why}
}

// call is one request, or one frame that expects no answer, on its way. Whoever takes it out of the table or a waiting
// list, under the connection's lock, ends it: nobody else can, so it ends exactly once.
type call struct {
	// What the reader needs for an answer stands together.
	done       chan struct{} // of a caller that waits: holds one token once the call has ended
	completion Completion    // of one that does not: opStart
	reply      []byte        // the caller's buffer, then with the answer
	epoch      uint64        // number of the write buffer its frame is in, counted from 1; 0 if in none yet
	cork       *writer       // frames may be held there until its caller runs again

	off      int           // where in that buffer
	place    int           // on the writer's list of those in it
	started  time.Duration // on the connection's clock
	deadline time.Duration
	frame    []byte // the caller's, or in copied; of no use once it is queued
	op       op
	repeat   bool // may take over the tombstone of an earlier sending
	owed     int  // earlier sendings with its key whose answers may still come
	key      [32]byte

	id         uint64  // tells a Pending whether it still means this call
	copied     *buffer // holds the frame of a started call that waits for its turn
	err        error
	next, prev *call
	list       *callList // that it is in
}

// dropCopy gives back the memory of a frame that has been queued or never will be.
func (ca *call) dropCopy() {
	if ca.copied != nil {
		ca.copied.release()
		ca.copied = nil
	}
}

// callList is a list of calls in order. A call is in one list at most.
type callList struct {
	first, last *call
	n           int
}

func (l *callList) pushBack(ca *call) {
	ca.list, ca.prev, ca.next = l, l.last, nil
	if l.last == nil {
		l.first = ca
	} else {
		l.last.next = ca
	}
	l.last = ca
	l.n++
}

func (l *callList) pushFront(ca *call) {
	ca.list, ca.prev, ca.next = l, nil, l.first
	if l.first == nil {
		l.last = ca
	} else {
		l.first.prev = ca
	}
	l.first = ca
	l.n++
}

func (l *callList) remove(ca *call) {
	if ca.prev == nil {
		l.first = ca.next
	} else {
		ca.prev.next = ca.next
	}
	if ca.next == nil {
		l.last = ca.prev
	} else {
		ca.next.prev = ca.prev
	}
	ca.list, ca.prev, ca.next = nil, nil, nil
	l.n--
}

// pop removes and returns the first call, nil if there is none.
func (l *callList) pop() *call {
	ca := l.first
	if ca != nil {
		l.remove(ca)
	}
	return ca
}
