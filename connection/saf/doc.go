// Package saf stores messages that must arrive, reversals and advices above all, and forwards them until they have.
// A message is on disk before it is sent; what was not answered before a crash is sent again after it, in order for
// each destination, unless Config.Window lets messages overtake. Start with OpenFile for the store and New for the Queue that forwards from it. Counters, beside
// it, keeps STAN, batch and the like from repeating over crashes.
//
// Delivery is at least once: after a crash a message that the host has seen may be sent again, as a repeat. The
// package does not know messages: how a frame becomes its repeat (0420 to 0421, with a new MAC), and which answers
// count as delivered, are functions of the program.
//
// # Security
//
// Advices hold card numbers. A file is sealed with the cipher.AEAD it is opened with (AES-GCM, SM4-GCM,
// XChaCha20-Poly1305), and opening one without needs an option that says so. Sealing hides the messages, not their
// number, sizes and times; it shows a record that was changed or moved, not a file that was cut or put back. Damaged
// bytes that are kept aside are as sealed as the file. Errors and alerts never hold a message.
package saf
