package crypto

// The typed keys below say at compile time what a key is for. Each is a small value made by a constructor that checks
// the usage; a key whose usage does not fit is a *UsageError. The mode of use is checked by every operation. The zero
// value holds no key and is refused with ErrNoKey when it is used.

// key makes the embedded field below unexported, so that nobody builds a typed key around the check.
type key = Key

// view is what the typed keys share. The methods of Key are promoted from it.
type view struct{ key }

// Key returns the key itself.
func (v view) Key() Key { return v.key }

func newView(k Key, usages ...Usage) (view, error) {
	if k.reach == nil {
		return view{}, ErrNoKey
	}
	if !contains(usages, k.core().attributes.Usage) {
		return view{}, &UsageError{k.core().attributes, "usage " + list(usages)}
	}
	if k.core().attributes.Component() {
		return view{}, &UsageError{k.core().attributes, "use as a whole key"}
	}
	return view{k}, nil
}

// A PINKey encrypts and decrypts PIN blocks. ISO 9564-1.
type PINKey struct{ view }

// NewPINKey takes a key of usage P0. X9.143 section 6.2.
func NewPINKey(k Key) (PINKey, error) {
	v, err := newView(k, UsagePIN)
	return PINKey{v}, err
}

// A MACKey generates and verifies message authentication codes. ISO 9797-1.
type MACKey struct{ view }

// NewMACKey takes a key of usage M0 to M8. X9.143 section 6.2.
func NewMACKey(k Key) (MACKey, error) {
	v, err := newView(k, UsageMACISO16609, UsageMAC1, UsageMAC2, UsageMAC3, UsageMAC4, UsageMAC5Legacy, UsageCMAC,
		UsageHMAC, UsageMAC6)
	return MACKey{v}, err
}

// A DataKey encrypts and decrypts data. X9.143 section 6.2.
type DataKey struct{ view }

// NewDataKey takes a key of usage D0 or D3. X9.143 section 6.2.
func NewDataKey(k Key) (DataKey, error) {
	v, err := newView(k, UsageData, UsageSensitiveData)
	return DataKey{v}, err
}

// A KEK encrypts keys outside key blocks: a terminal master key, a zone master key. X9.24-1, X9.17.
type KEK struct{ view }

// NewKEK takes a key of usage K0.
func NewKEK(k Key) (KEK, error) {
	v, err := newView(k, UsageKEK)
	return KEK{v}, err
}

// A KBPK wraps and unwraps key blocks. X9.143 section 5.
type KBPK struct{ view }

// NewKBPK takes a key of usage K1, or K4 for ISO 20038 blocks.
func NewKBPK(k Key) (KBPK, error) {
	v, err := newView(k, UsageKBPK, UsageKBPK20038)
	return KBPK{v}, err
}

// A BDK is a DUKPT base derivation key. X9.24-1, X9.24-3.
type BDK struct{ view }

// NewBDK takes a key of usage B0. X9.143 section 6.2.
func NewBDK(k Key) (BDK, error) {
	v, err := newView(k, UsageBDK)
	return BDK{v}, err
}

// An InitialKey is the initial DUKPT key of one device: IPEK or IK. X9.24-1, X9.24-3.
type InitialKey struct{ view }

// NewInitialKey takes a key of usage B1. X9.143 section 6.2.
func NewInitialKey(k Key) (InitialKey, error) {
	v, err := newView(k, UsageInitialKey)
	return InitialKey{v}, err
}

// A CVK generates and verifies card verification values. X9.143 section 6.2.
type CVK struct{ view }

// NewCVK takes a key of usage C0. X9.143 section 6.2.
func NewCVK(k Key) (CVK, error) {
	v, err := newView(k, UsageCVK)
	return CVK{v}, err
}

// A PVK generates and verifies PIN verification data: IBM 3624 offsets (V1) or Visa PVVs (V2), never both: what one
// method shows under a key would help against the other.
type PVK struct{ view }

// NewPVK takes a key of usage V1 or V2.
func NewPVK(k Key) (PVK, error) {
	v, err := newView(k, UsagePVK3624, UsagePVKVisa)
	return PVK{v}, err
}

// An IMK is an EMV issuer master key; card keys are derived from it. EMV Book 2 A1.4.
type IMK struct{ view }

// NewIMK takes a key of usage E0 to E6. X9.143 section 6.2.
func NewIMK(k Key) (IMK, error) {
	v, err := newView(k, UsageEMVCryptogram, UsageEMVEncryption, UsageEMVIntegrity, UsageEMVDataCode, UsageEMVDynamic,
		UsageEMVPerso, UsageEMVOther)
	return IMK{v}, err
}
