// Package payment is the life of one payment: of a sale, a pre-authorisation, its completion, a void, a refund, and of
// the reversal that takes one of them back.
//
// Step is a pure function: a flight and an event give the flight as it is now and the commands that follow. It does no
// I/O, reads no clock, starts no goroutine and draws nothing at random; time and numbers arrive in events. The same code
// runs in the switch (package acquirer), in the simulation and in the explorer.
//
// What outlives a crash is the Row and nothing else. A Flight is the work on one row at one node, and it is gone with
// the process. Every command that changes a row goes through a Store as an Op; what follows from it waits for its Result.
// Apply is what an Op does, for every store alike.
//
// Two nodes, or two flights at one, may work on the same row. A row has a revision, each change names the revision that
// it was made from, and of two only one is Done: the other is Stale, gets the row as it is now, and thinks again.
package payment
