package connection

// Hooks tell a program what happens on its connections. They run on the connection's own goroutines, which wait for
// them: a hook must be quick and must not call Close, Shutdown or Exchange of the same connection. Frames given to
// a hook hold card data, are valid during the call only and must not be changed.
type Hooks struct {
	Connected func(c *Conn)            // the connection is ready
	Closed    func(c *Conn, err error) // it ended; err says why, ErrClosed for our own Close

	// Late gets the answer to a request that timed out or was cancelled.
	Late func(c *Conn, key [32]byte, frame []byte)

	// Unmatched gets an answer that no request waits for.
	Unmatched func(c *Conn, u Unmatched)

	// Malformed gets a frame whose key could not be read.
	Malformed func(c *Conn, frame []byte, err error)

	// HandlerError gets what a Handler returned, or ErrHandlerPanic.
	HandlerError func(c *Conn, err error)
}

// Unmatched is what is known about an answer that no request waits for: usually a key field that the peer does not
// echo, or echoes changed. Comparing Key with Waiting shows which.
type Unmatched struct {
	Key     [32]byte
	Frame   []byte
	Waiting [][32]byte // up to 8 of the keys that requests are waiting with
}

const maxWaitingShown = 8
