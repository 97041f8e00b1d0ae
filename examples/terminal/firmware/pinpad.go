package firmware

// PINPad is the secure part of the device. Keys and PINs go into it and never come out: work keys arrive under the master
// key that was injected into it, PINs are typed on its keys, and what leaves are PIN blocks and authentication codes.
type PINPad interface {
	// LoadWorkKeys takes field 62 of a sign-in answer: PIN key and MAC key under the master key, each with its check
	// value. After an error the keys of before are still the ones in use.
	LoadWorkKeys(block []byte) error

	// AppendPINBlock asks for the PIN and appends its ISO 9564-1 format 0 block, 8 bytes under the PIN key. pan is the
	// card's number in digits. While the customer types it sees to the device's watchdog itself. ErrCancelled means that the
	// customer has given up.
	AppendPINBlock(dst []byte, pan string) ([]byte, error)

	// AppendMAC appends the authentication code of field 64 for a message under the MAC key.
	AppendMAC(dst, message []byte) ([]byte, error)

	// VerifyMAC checks a code that the host made.
	VerifyMAC(message, code []byte) error
}
