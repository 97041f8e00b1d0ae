// Package crypto holds the keys of payment systems and says what they may be used for; the packages below it hold the
// algorithms.
//
// Begin with [Key] and [Attributes]. A key is made by [GenerateKey], by unwrapping a key block (crypto/keyblock), by
// derivation (crypto/dukpt), from a key store (crypto/keystore) or, where clear bytes cannot be avoided, by
// crypto/clearkey. It carries its X9.143 attributes — usage, algorithm, mode of use, exportability — and refuses what
// it is not for. The typed keys [PINKey], [MACKey], [DataKey], [KEK], [KBPK], [BDK], [InitialKey], [CVK], [PVK] and
// [IMK] let the compiler tell keys apart:
//
//	k, err := clearkey.Import(crypto.MustAttributes("P0TE00N"), bytes)	// usage, algorithm, mode, version, export
//	pinKey, err := crypto.NewPINKey(k)	// *UsageError if k is for something else
//	fmt.Println(k)	// Key(P0TE00N, KCV 08D7B4)
//	kcv, err := k.KCV(crypto.KCVLegacy, 3)	// or CheckKCV(method, want)
//	k.Destroy()	// later uses are ErrDestroyed
//
// A Key is a small value; pass it as such. It is safe for concurrent use, also while another goroutine destroys it.
// Options given when a key is made stay with it and go over to keys derived from it: [TableDES] chooses the faster form
// of DES, gm.SM4 of package crypto/gm gives the cipher of SM4 keys, [AllowWeak], [RequireParity] and [OddParity] set
// the rules for the bytes.
//
// [DataKey] encrypts data, [AppendWrapAES] and [AppendWrapVariant] move keys where key blocks are not spoken (and
// crypto/transport under RSA; crypto/tr34 signs and binds what comes so), [FF1] keeps the shape of what it encrypts. What an HSM
// may do instead of this process stands in interfaces: [MACer], [CardVerifier] and [KeyManager]; a [KeyRef] is what they call a
// key, and a Key is one.
//
// The package does not do TLS, certificates or password hashing, and it has no random source but crypto/rand.
//
// # For the packages of this module
//
// Key.Open with a token from internal/keymaterial checks the mode of use and gives the bytes and the expanded
// cipher.Block; Release must follow:
//
//	m, err := k.Open(keymaterial.Grant(), crypto.OpEncrypt)
//	if err != nil {
//		return err
//	}
//	defer m.Release()
//	m.Block().Encrypt(dst, src)	// m.Bytes() are the key's own: read only, not kept
//
// Key.Unguarded skips the mode, for check values; what leaves goes through Key.OpenToLeave. NewKey makes a key from bytes, Key.Derive one that inherits the parent's
// options.
//
// # Security
//
// A key leaves as its exportability says (X9.143 table 6): 'E' in a key block, under a key no weaker; 'S' in other forms
// too; 'N' not at all, but a key may be kept at a [Home]: in its key stores, and under its keepers. What arrives outside a key
// block is 'N'. Whoever may unwrap outside key blocks still chooses what for, within [CarriesOnly]: only key blocks bind that.
// What options say about a key, its rules, goes with it into key blocks and stores, and no call adds to it: keys that arrive
// have the rules they come with and those that the key they arrive under [Confers].
//
// Keys print their check value and nothing else, under every verb, in log/slog and in JSON; in an unexported field of a
// struct, where fmt cannot call methods, an address. PANs and tracks are [Hidden] and do the same. DES runs in constant time
// unless TableDES is asked for; AES, SHA and RSA are those of the standard library. [Key.Destroy] overwrites what it can reach,
// but Go may have left copies behind. What an attacker may probe answers with one error, [ErrVerify].
//
// Under GODEBUG=fips140=only, DES, Triple DES and SM4 keys are refused with [ErrFIPS], and with them everything built
// on them: TDES DUKPT, retail MAC, PIN blocks 0 to 3 under Triple DES, card verification values, UnionPay's
// algorithms. AES and HMAC keys, AES DUKPT, CMAC, HMAC, key blocks D and E and ISO PIN block 4 remain.
package crypto
