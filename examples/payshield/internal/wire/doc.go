// Package wire is what the client and the simulator of payShield-like devices have in common on the line: characters in
// ASCII or EBCDIC, fields that are read strictly, command and reply codes, and the lengths of keys.
package wire
