package keymaterial

// An Exit is a form in which a key may leave, as far as its exportability allows (X9.143 table 6).
type Exit uint8

// The exits.
const (
	KeyBlock  Exit = iota + 1 // bound to its attributes, under a key block protection key
	WeakBlock                 // a key block that does not meet X9.24: of version A or C, or under a weaker key
	Bare                      // every other form: AES key wrap, X9.17, RSA, clear bytes
)

// A Permission widens what may be done with a key. It is given by an option when the key is made and stays with it.
type Permission uint8

// The permissions.
const (
	InitialExports Permission = 1 << iota // of a base derivation key: the initial keys under it may leave in key blocks
	LegacyData                            // of a base derivation key: the PIN key may be had as a data key
	SingleDES                             // of a base derivation key: single-DES DUKPT may be derived
	CAVV                                  // of a card verification key: it makes CAVVs and nothing else; not inherited
)
