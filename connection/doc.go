// Package connection carries messages between payment systems. It cuts byte streams into frames, matches answers with
// the requests they belong to, and says after a failure whether a request can have reached the peer.
//
// Start with Dial, which gives a Conn, and Conn.Exchange, which sends a request and returns its answer. Server
// accepts connections and answers through a Handler; both ends may start requests. Send does the same with messages
// instead of bytes, OneShot with a connection for a single request. FramingByName names the length headers in use.
//
// The package knows frames, never fields: a KeyFunc tells from the bytes which answer belongs to which request.
// What not every program wants to link is beside it: lines that heal in pool, the choice between peers in routing,
// store-and-forward in saf, TLS in tlsconn, logging in slogconn, compressed frames in gzipconn, a test kit in
// connectiontest.
//
// # What a failed call means
//
// Every failed call returns an *Error that says whether the request can have left: SentNo, SentMaybe or SentYes. Only
// with SentNo (SafeToRetry) may the same request be sent again, here or elsewhere. After the other two the peer may
// have acted on it: a payment is reversed, through store-and-forward (package saf).
//
// A call ends exactly once, by its answer, its deadline, its context or the end of the connection, and its deadline
// covers everything: waiting for its turn, writing, and the answer. An answer that comes too late is reported to
// Hooks.Late and can answer nothing else.
//
// Start sends a request without waiting for it: a relay with hundreds of requests in flight needs a goroutine for none
// of them.
//
// # Writing
//
// Requests that are sent together share a write. There is nothing to set: a lone request is written at once; while
// many are in flight, a frame waits until the answers of one read have been given out, and then for the other callers
// who got answers when its sender did, as long as they keep coming or have yet to get a processor. A frame that comes
// 200 µs after the first ends the waiting. What is queued is written before a hook runs; a key function or a completion
// that takes its time holds it up for two milliseconds at most.
//
// # Memory
//
// Frames given to a handler or a hook are valid during the call only. Exchange reads the request's memory until it
// returns and appends the answer to memory of the caller's. A plain connection that is idle holds no buffer. Memory
// that held frames is wiped before it is used again.
//
// # Security
//
// Everything that arrives is hostile: lengths are checked against limits before anything is allocated, memory follows
// the bytes that came and not those announced, digits are strict. A peer that sends half a frame, does not read, or
// floods, is disconnected with a reason or not read any further. Errors hold no frame content beyond
// the bytes of a length header; what hooks and RejectError carry does hold card data. Connections are plain unless
// their sockets come from package tlsconn.
package connection
