// Package terminal is the engine of a point-of-sale terminal: it signs in, takes cards and pay codes, voids, and undoes
// by itself what it does not know the outcome of.
//
// Before a sale leaves, its reversal is recorded on disk, sealed (connection/saf, Queue.Hold). An answer that can be
// trusted withdraws it; no answer, a wrong code or a power cut releases it, and no other sale is taken before it has
// been answered. Unlike a terminal that gives up after a number of tries and asks its operator to telephone, this one
// goes on trying.
//
// Install loads the master key from a key card, Open starts the engine.
package terminal
