package keyblock

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/posline/posline/crypto"
)

// Check reports, as an ErrBlock, data that is not what X9.143 section 6.3.6 has for the identifier. Identifiers the
// standard does not know may hold any printable text.
func (b Block) Check() error {
	var err error
	switch b.ID {
	case "AL":
		_, err = b.Ephemeral()
	case "BI":
		_, _, err = b.BDKID()
	case "CT":
		_, err = b.Certificates()
	case "DA":
		_, err = b.Derivations()
	case "HM":
		_, err = b.Hash()
	case "IK":
		_, err = b.IKID()
	case "KC", "KP", "PK":
		_, _, err = b.KCV()
	case "KS":
		_, err = b.KSN()
	case "KV":
		err = b.expect("KV", len(b.Data) == 4)
	case "TC", "TS":
		_, err = b.Time()
	case "WP":
		_, err = b.Pedigree()
	}
	return err
}

// expect reports an ErrBlock unless the block has the identifier and its data is in order.
func (b Block) expect(ids string, ok bool) error {
	if !ok || len(b.ID) != 2 || !strings.Contains(ids, b.ID) {
		return fmt.Errorf("%w: optional block is no %s", ErrBlock, ids)
	}
	return nil
}

// hex returns data written in hexadecimal, of one of the lengths given in bytes.
func (b Block) hex(ids string, lengths ...int) ([]byte, error) {
	fits := false
	for _, n := range lengths {
		fits = fits || len(b.Data) == 2*n
	}
	if err := b.expect(ids, fits && notHex(b.Data) < 0); err != nil {
		return nil, err
	}
	return hex.DecodeString(b.Data)
}

// Ephemeral reads AL, the life of an asymmetric key: ephemeral or static.
func (b Block) Ephemeral() (bool, error) {
	return b.Data == "0100", b.expect("AL", b.Data == "0100" || b.Data == "0101")
}

// BDKID reads BI, the identifier of a DUKPT base derivation key: 5 bytes (KSI) for Triple DES, 4 for AES.
func (b Block) BDKID() (algorithm crypto.Algorithm, id []byte, err error) {
	data, err := b.hex("BI", 5, 6)
	switch {
	case err == nil && data[0] == 0 && len(data) == 6:
		return crypto.TDES, data[1:], nil
	case err == nil && data[0] == 1 && len(data) == 5:
		return crypto.AES, data[1:], nil
	}
	return 0, nil, b.expect("BI", false)
}

// A Certificate stands in a block CT. X9.143 section 6.3.6.
type Certificate struct {
	EMV  bool   // an EMV certificate instead of X.509
	Data []byte // DER for X.509
}

// Certificates reads CT: one certificate or a chain.
func (b Block) Certificates() ([]Certificate, error) {
	if err := b.expect("CT", len(b.Data) > 2); err != nil {
		return nil, err
	}
	if b.Data[:2] != "02" {
		c, err := b.certificate(b.Data[:2], b.Data[2:])
		return []Certificate{c}, err
	}
	var chain []Certificate
	for rest := b.Data[2:]; rest != ""; {
		if len(rest) < 6 {
			return nil, b.expect("CT", false)
		}
		n, ok := hexadecimal([]byte(rest[2:6]))
		if !ok || len(rest) < 6+n {
			return nil, b.expect("CT", false)
		}
		c, err := b.certificate(rest[:2], rest[6:6+n])
		if err != nil {
			return nil, err
		}
		chain, rest = append(chain, c), rest[6+n:]
	}
	return chain, nil
}

func (b Block) certificate(format, text string) (Certificate, error) {
	data, err := base64.StdEncoding.DecodeString(text)
	if err := b.expect("CT", err == nil && len(data) > 0 && (format == "00" || format == "01")); err != nil {
		return Certificate{}, err
	}
	return Certificate{format == "01", data}, nil
}

// Derivations reads DA: what keys may be derived from this one. The attributes have no key version.
func (b Block) Derivations() ([]crypto.Attributes, error) {
	const each = 5
	if err := b.expect("DA", len(b.Data) > 2 && strings.HasPrefix(b.Data, "01") && (len(b.Data)-2)%each == 0); err != nil {
		return nil, err
	}
	var all []crypto.Attributes
	for text := b.Data[2:]; text != ""; text = text[each:] {
		a, err := crypto.ParseAttributes(text[:4] + "00" + text[4:each])
		if err != nil {
			return nil, b.expect("DA", false)
		}
		all = append(all, a)
	}
	return all, nil
}

// Hash reads HM, the hash function of an HMAC key, as in "SHA-256".
func (b Block) Hash() (string, error) {
	name := map[string]string{
		"10": "SHA-1", "20": "SHA-224", "21": "SHA-256", "22": "SHA-384", "23": "SHA-512", "24": "SHA-512/224",
		"25": "SHA-512/256", "30": "SHA3-224", "31": "SHA3-256", "32": "SHA3-384", "33": "SHA3-512", "40": "SHAKE128",
		"41": "SHAKE256",
	}[b.Data]
	return name, b.expect("HM", name != "")
}

// IKID reads IK, the 8-byte identifier of an initial AES DUKPT key.
func (b Block) IKID() ([]byte, error) { return b.hex("IK", 8) }

// KSN reads KS, the initial key serial number of Triple DES DUKPT: 10 bytes.
func (b Block) KSN() ([]byte, error) { return b.hex("KS", 10) }

// KCV reads a check value: of the wrapped key (KC), of the protection key (KP), of the protection key the block was
// exported under (PK). A legacy value has 1 to 3 bytes, a CMAC one 1 to 5.
func (b Block) KCV() (crypto.KCVMethod, []byte, error) {
	data, err := b.hex("KC KP PK", 2, 3, 4, 5, 6)
	switch {
	case err == nil && data[0] == 0 && len(data) <= 4:
		return crypto.KCVLegacy, data[1:], nil
	case err == nil && data[0] == 1:
		return crypto.KCVCMAC, data[1:], nil
	}
	return 0, nil, b.expect("KC KP PK", false)
}

// timeLayouts are the forms of X9.143 tables 21 and 22, the precise ones first.
var timeLayouts = map[int]string{
	15: "20060102150405Z", 17: "20060102150405Z", 20: "2006-01-02T15:04:05Z", 23: "2006-01-02T15:04:05.00Z",
}

// Time reads the time of creation (TC) or the time stamp (TS), in UTC.
func (b Block) Time() (time.Time, error) {
	text := b.Data
	if len(text) == 17 { // hundredths of a second without a point, which the time package cannot read
		text = text[:14] + "." + text[14:]
	}
	t, err := time.Parse(timeLayouts[len(b.Data)], text)
	return t, b.expect("TC TS", err == nil && len(b.Data) >= 15)
}

// Pedigree reads WP, how the key was wrapped before: 0 always at least as strong as itself, 1 once weaker, 2 under
// an asymmetric key, 3 both.
func (b Block) Pedigree() (int, error) {
	if err := b.expect("WP", len(b.Data) == 3 && b.Data[:2] == "00" && '0' <= b.Data[2] && b.Data[2] <= '3'); err != nil {
		return 0, err
	}
	return int(b.Data[2] - '0'), nil
}

// Label returns a block LB. Text that is not printable ASCII is refused by Wrap. X9.143 section 6.3.6.
func Label(text string) Block { return Block{"LB", text} }

// InitialKSN returns a block KS for the 10-byte initial key serial number of a Triple DES DUKPT key. X9.143 section
// 6.3.6.
func InitialKSN(ksn []byte) Block { return Block{"KS", strings.ToUpper(hex.EncodeToString(ksn))} }

// InitialKeyID returns a block IK for the 8-byte identifier of an initial AES DUKPT key. X9.143 section 6.3.6.
func InitialKeyID(id []byte) Block { return Block{"IK", strings.ToUpper(hex.EncodeToString(id))} }

// Created returns a block TC. X9.143 section 6.3.6.
func Created(t time.Time) Block { return Block{"TC", t.UTC().Format("2006-01-02T15:04:05Z")} }

// CheckValue returns a block KC, CheckValueOfKBPK a block KP, for Wrap to fill in: CMAC and 5 bytes for AES keys (3 for one
// that only verifies), legacy and 3 bytes for others. X9.143 section 6.3.6.
func CheckValue() Block { return Block{ID: "KC"} }

// CheckValueOfKBPK returns a block KP for Wrap to fill in. X9.143 section 6.3.6.
func CheckValueOfKBPK() Block { return Block{ID: "KP"} }
