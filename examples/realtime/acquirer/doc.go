// Package acquirer is the switch around package payment: terminals' frames come in, their codes are checked, PINs move
// under the bank's key, and each request becomes a flight, whose commands the switch carries out on the ledger and on the
// channels. What is left behind by a process that is gone is taken up (Tend).
//
// New makes a Switch; Handle or Take is what a server calls with each frame.
package acquirer
