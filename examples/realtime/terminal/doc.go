// Package terminal drives the engine of a point-of-sale terminal (terminal/engine): it signs in, takes cards and pay codes,
// voids, refunds, and undoes by itself what it does not know the outcome of.
//
// Before a transaction leaves it is on the disk, sealed, and so is its result before anybody sees it. No answer, a wrong
// code or a power cut make the terminal reverse it, and no other transaction is taken before the reversal is through.
// Unlike a terminal that gives up after a number of tries and asks its operator to telephone, this one goes on trying.
//
// Install loads the master key from a key card, Open starts the terminal. Wire makes and reads the messages, without I/O.
package terminal
