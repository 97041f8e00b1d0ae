// Package connection carries messages between payment systems: it cuts byte streams into frames, matches answers
// with the requests they belong to, and says after a failure whether a request can have reached the peer.
package connection
