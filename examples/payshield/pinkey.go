package payshield

import (
	"fmt"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/dukpt"
)

// pinKey is a PIN key, or a base derivation key with the number of one of its transactions.
type pinKey struct {
	Key
	ksn dukpt.KSN
}

// pinKeyOf takes a Key for PINs, or a dukpt.Reference for PINs whose Base is a Key.
func pinKeyOf(ref crypto.KeyRef, op crypto.Operation) (pinKey, error) {
	r, ok := ref.(dukpt.Reference)
	if !ok {
		k, err := keyOf(ref, op, crypto.UsagePIN)
		return pinKey{Key: k}, err
	}
	base, err := keyOf(r.Base, crypto.OpDerive, crypto.UsageBDK)
	switch {
	case err != nil:
		return pinKey{}, err
	case r.Attributes().Usage != crypto.UsagePIN:
		return pinKey{}, &crypto.UsageError{Key: r.Attributes(), Want: op.String() + " with usage P0"}
	case r.KSN.IsAES():
		return pinKey{}, fmt.Errorf("%w: AES DUKPT on the device", crypto.ErrUnsupported)
	}
	return pinKey{base, r.KSN}, r.KSN.Valid()
}

// derived reports whether the key is one of a transaction.
func (k pinKey) derived() bool { return k.ksn != dukpt.KSN{} }

// mark is what the device wants before the base key that a PIN goes to: a key block says itself what it is.
func (k pinKey) mark() string {
	if k.derived() && k.kind != KeyBlock {
		return "*"
	}
	return ""
}

// writeKSN writes the key serial number, 10 bytes, of a key that has one, with the descriptor that goes with it: a key set of ten
// hexadecimal digits, no sub-key, a device of five, and a counter that is not counted.
func (k pinKey) writeKSN(w *request) {
	if k.derived() {
		w.Text("A05")
		w.Hex(k.ksn.Append(nil))
	}
}
