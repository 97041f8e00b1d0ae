package connection

// Stats are the counters of a connection, or of all connections of a server, since it started.
type Stats struct {
	FramesSent     uint64 // frames handed to the socket, keep-alives excluded
	FramesReceived uint64
	BytesSent      uint64
	BytesReceived  uint64
	Writes         uint64 // write calls; FramesSent/Writes tells how well frames are combined

	Requests   uint64 // requests started by this side
	Matched    uint64 // requests that got their answer
	TimedOut   uint64 // requests that ran out of time or were cancelled
	Late       uint64 // answers that came after that
	Unmatched  uint64 // answers nobody waited for
	Rejected   uint64 // requests answered by a reject
	Duplicates uint64 // requests refused because of their key
	Busy       uint64 // requests refused because of MaxInFlight or MaxQueued
	Lost       uint64 // requests in flight or waiting when the connection ended

	Inbound   uint64 // frames handed to the Handler
	Malformed uint64 // frames whose key could not be read
	Unhandled uint64 // frames the peer started, without a Handler

	InFlight int // requests waiting for their answer now
	Waiting  int // requests waiting for their turn now
	Queued   int // bytes waiting to be written now
	Handling int // inbound frames being handled or waiting for a handler now
}

// counters are those of a connection. What many connections never count has memory of its own, made on first use.
type counters struct {
	framesSent, framesReceived, bytesSent, bytesReceived, writes, inbound uint64

	rare *rareCounters
}

type rareCounters struct {
	timedOut, late, unmatched, rejected, duplicates, busy, lost, malformed, unhandled uint64
}

func (c *Conn) rareLocked() *rareCounters {
	if c.counters.rare == nil {
		c.counters.rare = new(rareCounters)
	}
	return c.counters.rare
}

// Stats returns the counters as they are now.
func (c *Conn) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := &c.counters
	s := Stats{
		FramesSent: n.framesSent, FramesReceived: n.framesReceived, BytesSent: n.bytesSent, BytesReceived: n.bytesReceived,
		Writes: n.writes, Inbound: n.inbound, Queued: c.writer.unwritten(), Handling: c.inbox.busy(),
	}
	if r := n.rare; r != nil {
		s.TimedOut, s.Late, s.Unmatched = r.timedOut, r.late, r.unmatched
		s.Rejected, s.Duplicates, s.Busy, s.Lost = r.rejected, r.duplicates, r.busy, r.lost
		s.Malformed, s.Unhandled = r.malformed, r.unhandled
	}
	if r := c.requests; r != nil {
		s.Requests, s.Matched, s.InFlight = r.started, r.matched, r.inFlight
		s.Waiting = r.waiting() + r.posts.n
	}
	return s
}

// Add adds the counters of another connection.
func (s *Stats) Add(o Stats) {
	s.FramesSent += o.FramesSent
	s.FramesReceived += o.FramesReceived
	s.BytesSent += o.BytesSent
	s.BytesReceived += o.BytesReceived
	s.Writes += o.Writes
	s.Requests += o.Requests
	s.Matched += o.Matched
	s.TimedOut += o.TimedOut
	s.Late += o.Late
	s.Unmatched += o.Unmatched
	s.Rejected += o.Rejected
	s.Duplicates += o.Duplicates
	s.Busy += o.Busy
	s.Lost += o.Lost
	s.Inbound += o.Inbound
	s.Malformed += o.Malformed
	s.Unhandled += o.Unhandled
	s.InFlight += o.InFlight
	s.Waiting += o.Waiting
	s.Queued += o.Queued
	s.Handling += o.Handling
}
