// Package pool keeps lines to one peer and spreads requests over them: sockets that it dials, always or on demand, and
// those that the peer opens. Start with New; a Pool is used as a connection.Conn is, by Exchange or Start, and is a route
// of package saf and a Peer of package routing.
//
// # A line
//
// A line carries requests when its sign-on (connection.Config.SignOn) has succeeded and until it is suspect, retired,
// drained or lost: never otherwise. Requests that have run out of time one after another make it suspect; an echo tells
// whether it is taken back or dialled anew. An echo also goes over a line on which nothing arrives. A line that is lost
// is dialled again for ever: the first time at once, then after pauses with full jitter.
//
// # A request
//
// It takes a line with room in its window, and waits for one in order of arrival, within its deadline, where there is
// none. It may take another line only if certainly no byte of it left (connection.SafeToRetry); everything else has an
// unknown outcome and is told at once. While lines work a request costs no allocation and no lock of the pool. What the
// caller sees of each fault is listed in faults.md, beside this file.
//
// # Hosts that answer on any line
//
// With Config.SharedKeys keys are unique over all lines, an answer finds its request whatever line it comes on, also one
// that was dialled later, and the key of a request that was not answered is not used again for
// connection.Config.LateWindow. Of more than some four times what the windows hold, or 4096 if that is more, the oldest are
// forgotten earlier.
package pool
