// Package payshield speaks to hardware security modules with the host commands of Thales payShield devices: keys stay in
// the device or, encrypted under its local master key, in the hands of the caller, and the device computes.
//
// Begin with Options, which say how the device is set up, Options.Connection for the line, and New over anything that
// exchanges messages, a connection.Conn or a pool.Pool:
//
//	conn, err := connection.Dial(ctx, "tcp", "hsm.bank.example:1500", options.Connection())
//	client, err := payshield.New(conn, options)
//	zone, err := payshield.NewKey(payshield.ZPK, crypto.MustAttributes("P0TB00N"), "U1EF8…")
//
// A Client is what the library's own packages ask for: crypto.MACer, crypto.CardVerifier, crypto.KeyManager,
// pinblock.Translator, Verifier and Issuer, cryptogram.Issuer, as far as the device has it. What it has not, or what is not
// known well enough of the device, is crypto.ErrUnsupported, and nothing is sent. A Key is what it calls a key; a
// dukpt.Reference with a Key as its Base is the key of a PIN that is translated.
//
// Package simulator, beside this one, answers the same commands from keys in software; the program in folder cmd serves
// it.
//
// The package is an example: written from what open source shows of these devices, never tried on one.
//
// # Errors
//
// A device that refuses is an *Error with the command, the code and its Class, and matches the library's own errors:
// crypto.ErrVerify for a value that is not right, pinblock.ErrBlock for a PIN block that does not decode. Failover tells
// which errors another device may not have. A line that fails is a *connection.Error, an answer that is not one ErrReply.
// Nothing is decided by what did not come whole: only "00" is a yes and only "01" a no.
//
// # Security
//
// Bodies of messages hold keys under the local master key, PIN blocks and PANs. They stand in no error and no log; Keys print
// their attributes only. A device with the published test keys is refused unless Options.AllowTestLMK is set. The lines
// are plain unless the connection's Dialer comes from connection/tlsconn.
package payshield
