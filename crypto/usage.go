package crypto

// Usage is the X9.143 key usage: its two characters, the first in the upper byte. The zero value is no usage.
// Usages "10" to "99" are proprietary and allow every mode.
type Usage uint16

// The usages of X9.143-2022 table 3.
const (
	UsageBDK            Usage = 'B'<<8 | '0' // base derivation key (X9.24)
	UsageInitialKey     Usage = 'B'<<8 | '1' // initial DUKPT key of a device
	UsageBaseVariant    Usage = 'B'<<8 | '2' // base key variant, deprecated
	UsageDerivation     Usage = 'B'<<8 | '3' // key derivation other than X9.24
	UsageCVK            Usage = 'C'<<8 | '0' // card verification key
	UsageData           Usage = 'D'<<8 | '0' // symmetric data encryption
	UsageAsymmetricData Usage = 'D'<<8 | '1' // asymmetric data encryption
	UsageDecimalization Usage = 'D'<<8 | '2' // protects a decimalization table
	UsageSensitiveData  Usage = 'D'<<8 | '3' // data encryption of sensitive data
	UsageEMVCryptogram  Usage = 'E'<<8 | '0' // EMV issuer master key: application cryptograms
	UsageEMVEncryption  Usage = 'E'<<8 | '1' // EMV issuer master key: secure messaging, confidentiality
	UsageEMVIntegrity   Usage = 'E'<<8 | '2' // EMV issuer master key: secure messaging, integrity
	UsageEMVDataCode    Usage = 'E'<<8 | '3' // EMV issuer master key: data authentication code
	UsageEMVDynamic     Usage = 'E'<<8 | '4' // EMV issuer master key: dynamic numbers (CVC3, dCVV)
	UsageEMVPerso       Usage = 'E'<<8 | '5' // EMV issuer master key: card personalization
	UsageEMVOther       Usage = 'E'<<8 | '6' // EMV issuer master key: other
	UsageEMVKeyPair     Usage = 'E'<<8 | '7' // EMV asymmetric key pair for PIN or session establishment
	UsageIV             Usage = 'I'<<8 | '0' // initialization vector
	UsageKEK            Usage = 'K'<<8 | '0' // key encryption or wrapping
	UsageKBPK           Usage = 'K'<<8 | '1' // key block protection key
	UsageTR34           Usage = 'K'<<8 | '2' // TR-34 asymmetric key
	UsageKeyAgreement   Usage = 'K'<<8 | '3' // asymmetric key agreement or wrapping
	UsageKBPK20038      Usage = 'K'<<8 | '4' // key block protection key, ISO 20038
	UsageMACISO16609    Usage = 'M'<<8 | '0' // ISO 16609 MAC algorithm 1, by TDEA
	UsageMAC1           Usage = 'M'<<8 | '1' // ISO 9797-1 MAC algorithm 1 (CBC-MAC, X9.9)
	UsageMAC2           Usage = 'M'<<8 | '2' // ISO 9797-1 MAC algorithm 2 (EMAC)
	UsageMAC3           Usage = 'M'<<8 | '3' // ISO 9797-1 MAC algorithm 3 (retail MAC, X9.19)
	UsageMAC4           Usage = 'M'<<8 | '4' // ISO 9797-1 MAC algorithm 4 (MacDES)
	UsageMAC5Legacy     Usage = 'M'<<8 | '5' // ISO 9797-1:1999 MAC algorithm 5
	UsageCMAC           Usage = 'M'<<8 | '6' // ISO 9797-1:2011 MAC algorithm 5 (CMAC)
	UsageHMAC           Usage = 'M'<<8 | '7' // HMAC
	UsageMAC6           Usage = 'M'<<8 | '8' // ISO 9797-1:2011 MAC algorithm 6 (LMAC)
	UsagePIN            Usage = 'P'<<8 | '0' // PIN encryption
	UsagePINGeneration  Usage = 'P'<<8 | '1' // PIN generation
	UsageSignature      Usage = 'S'<<8 | '0' // asymmetric key pair for signatures
	UsageCA             Usage = 'S'<<8 | '1' // asymmetric key pair of a certification authority
	UsageAsymmetric     Usage = 'S'<<8 | '2' // asymmetric key pair outside X9.24
	UsagePVKOther       Usage = 'V'<<8 | '0' // PIN verification, other algorithm
	UsagePVK3624        Usage = 'V'<<8 | '1' // PIN verification, IBM 3624
	UsagePVKVisa        Usage = 'V'<<8 | '2' // PIN verification, Visa PVV
	UsagePVKX9132A1     Usage = 'V'<<8 | '3' // PIN verification, X9.132 algorithm 1
	UsagePVKX9132A2     Usage = 'V'<<8 | '4' // PIN verification, X9.132 algorithm 2
	UsagePVKX9132A3     Usage = 'V'<<8 | '5' // PIN verification, X9.132 algorithm 3
)

// ParseUsage reads the two characters of a key usage.
func ParseUsage(text string) (Usage, error) {
	if len(text) != 2 {
		return 0, ErrAttributes
	}
	u := Usage(text[0])<<8 | Usage(text[1])
	if _, known := u.rule(); !known {
		return 0, ErrAttributes
	}
	return u, nil
}

// String returns the two characters, "??" for the zero value.
func (u Usage) String() string { return printable(byte(u>>8)) + printable(byte(u)) }

// modes of use that go together, besides 'N' which goes with everything.
const (
	deriving  = "XY"
	ciphering = "BDE"
	checking  = "CGV"
	anything  = "BCDEGSTVXY"
)

// rule returns the modes of use a usage goes with.
func (u Usage) rule() (modes string, known bool) {
	switch u {
	case UsageBDK, UsageInitialKey, UsageBaseVariant, UsageDerivation:
		return deriving, true
	case UsageCVK, UsagePINGeneration,
		UsageMACISO16609, UsageMAC1, UsageMAC2, UsageMAC3, UsageMAC4, UsageMAC5Legacy, UsageCMAC, UsageHMAC, UsageMAC6,
		UsagePVKOther, UsagePVK3624, UsagePVKVisa, UsagePVKX9132A1, UsagePVKX9132A2, UsagePVKX9132A3:
		return checking, true
	case UsageData, UsageAsymmetricData, UsageDecimalization, UsageSensitiveData,
		UsageKEK, UsageKBPK, UsageTR34, UsageKBPK20038, UsagePIN:
		return ciphering, true
	case UsageKeyAgreement:
		return deriving + ciphering, true
	case UsageEMVCryptogram, UsageEMVIntegrity, UsageEMVDataCode, UsageEMVDynamic:
		return deriving + checking, true // a card's or a session's own key computes; the issuer's derives
	case UsageEMVEncryption, UsageEMVPerso:
		return deriving + ciphering, true
	case UsageEMVOther, UsageEMVKeyPair, UsageAsymmetric:
		return anything, true
	case UsageSignature, UsageCA:
		return "SV", true
	case UsageIV:
		return "", true
	}
	if tens, units := byte(u>>8), byte(u); '1' <= tens && tens <= '9' && digit(units) {
		return anything, true
	}
	return "", false
}

// Algorithm is the X9.143 algorithm a key is for.
type Algorithm byte

// The algorithms of X9.143. It has no letter for SM4 and leaves the digits to private agreement; '4' is this
// library's choice.
const (
	AES  Algorithm = 'A' // 16, 24 or 32 bytes
	DES  Algorithm = 'D' // 8 bytes: single DES, for what still needs it
	EC   Algorithm = 'E' // a DER structure
	HMAC Algorithm = 'H' // 1 to 1024 bytes
	RSA  Algorithm = 'R' // a DER structure
	DSA  Algorithm = 'S' // a DER structure
	TDES Algorithm = 'T' // 16 or 24 bytes; 8 only with AllowWeak
	SM4  Algorithm = '4' // 16 bytes; needs gm.SM4
)

// String returns the letter, "?" for the zero value.
func (a Algorithm) String() string { return printable(byte(a)) }

func (a Algorithm) known() bool {
	switch a {
	case AES, DES, EC, HMAC, RSA, DSA, TDES, SM4:
		return true
	}
	return false
}

// Symmetric reports whether keys of the algorithm are those of a block cipher.
func (a Algorithm) Symmetric() bool { return a == AES || a == DES || a == TDES || a == SM4 }

// Mode is the X9.143 mode of use: what may be done with a key. Digits are proprietary: such a key can be stored and
// exchanged, but not used here.
type Mode byte

// The modes of use of X9.143.
const (
	ModeEncryptDecrypt Mode = 'B' // encrypt and decrypt, wrap and unwrap
	ModeGenerateVerify Mode = 'C' // MAC, CVV and the like: generate and verify
	ModeDecrypt        Mode = 'D' // decrypt or unwrap only
	ModeEncrypt        Mode = 'E' // encrypt or wrap only
	ModeGenerate       Mode = 'G' // generate only
	ModeNoRestriction  Mode = 'N' // whatever the usage is for
	ModeSign           Mode = 'S' // sign only
	ModeSignDecrypt    Mode = 'T' // sign and decrypt
	ModeVerify         Mode = 'V' // verify only
	ModeDerive         Mode = 'X' // derive other keys
	ModeVariant        Mode = 'Y' // create key variants
)

// String returns the letter, "?" for the zero value.
func (m Mode) String() string { return printable(byte(m)) }

func (m Mode) proprietary() bool { return digit(byte(m)) }

func (m Mode) known() bool {
	switch m {
	case ModeEncryptDecrypt, ModeGenerateVerify, ModeDecrypt, ModeEncrypt, ModeGenerate, ModeNoRestriction,
		ModeSign, ModeSignDecrypt, ModeVerify, ModeDerive, ModeVariant:
		return true
	}
	return m.proprietary()
}

// Operation is one thing a program wants to do with a key. X9.143 section 6.2.
type Operation uint8

// The operations a mode of use allows or forbids.
const (
	OpEncrypt Operation = iota + 1 // or wrap
	OpDecrypt                      // or unwrap
	OpGenerate
	OpVerify
	OpDerive
	OpSign
)

// String returns the operation's name.
func (o Operation) String() string {
	names := [...]string{"no operation", "encrypt", "decrypt", "generate", "verify", "derive", "sign"}
	if int(o) >= len(names) {
		return "unknown operation"
	}
	return names[o]
}

// Allows reports whether a key of this mode may be used for the operation.
func (m Mode) Allows(op Operation) bool {
	switch m {
	case ModeNoRestriction:
		return true
	case ModeEncryptDecrypt:
		return op == OpEncrypt || op == OpDecrypt
	case ModeEncrypt:
		return op == OpEncrypt
	case ModeDecrypt:
		return op == OpDecrypt
	case ModeGenerateVerify:
		return op == OpGenerate || op == OpVerify
	case ModeGenerate:
		return op == OpGenerate
	case ModeVerify:
		return op == OpVerify
	case ModeDerive, ModeVariant:
		return op == OpDerive
	case ModeSign:
		return op == OpSign
	case ModeSignDecrypt:
		return op == OpSign || op == OpDecrypt
	}
	return false
}

// Exportability is the X9.143 exportability: whether and how a key may leave.
type Exportability byte

// The exportabilities of X9.143.
const (
	Exportable    Exportability = 'E' // under a key meeting X9.24, in a key block
	NonExportable Exportability = 'N' // not at all
	Sensitive     Exportability = 'S' // also in forms other than a key block
)

// String returns the letter, "?" for the zero value.
func (e Exportability) String() string { return printable(byte(e)) }
