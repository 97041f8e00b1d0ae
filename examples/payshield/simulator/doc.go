// Package simulator answers the host commands of payShield-like devices from keys in software, for tests and for work
// without a device. New makes a Simulator, whose Handle is a connection.Handler and whose Server serves it.
//
//	sim, err := simulator.New(simulator.Config{LMK: simulator.TestLMK()})
//	err = sim.Server().ListenAndServe("127.0.0.1:1500")
//
// It knows variant master keys only (see LMK), computes with the library's own packages, and refuses what it does not know
// with a code: an unknown command with 68, a field out of shape with 15.
//
// # Security
//
// It is no security module: keys and PINs are in its memory, PINs under the local master key are not even encrypted ("0"
// and the PIN, as the published cases have it), and it translates a PIN to whatever format it is asked for. It takes no key from a
// TR-31 block but a Sensitive one, because no other may leave a key block. Keep it off any line that real cards come near.
package simulator
