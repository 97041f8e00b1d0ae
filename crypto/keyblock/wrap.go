package keyblock

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/keymaterial"
)

// Wrapping says how Wrap writes a block. The zero value is version D under an AES key and B under a Triple DES one,
// without optional blocks. X9.143 section 6.
type Wrapping struct {
	Version Version
	Context Context // 0 is ContextNone
	Blocks  []Block // optional blocks in order; PB is added where the header needs it

	// Export replaces the key's exportability in the header by a stricter one, so that the receiver may not pass the
	// key on: NonExportable for any key, Exportable for a Sensitive one. 0 keeps it.
	Export crypto.Exportability

	// ShowLength leaves out the padding that hides the key's length. X9.143 wants it; TR-31 of 2010 and some HSMs do
	// not.
	ShowLength bool

	// AllowLegacy admits versions A and C and a protection key weaker than the key, both for Sensitive keys only, and
	// optional blocks whose data is not what the standard has for them.
	AllowLegacy bool
}

// Wrap appends the key's block under the protection key to dst: upper-case letters and digits. The protection key has
// usage K1, or K4 for versions D and E, and its mode allows encryption. X9.143 sections 5 and 6.
//
// A NonExportable key is crypto.ErrExport, unless the context is ContextStorage and the protection key is NonExportable
// itself and a crypto.Home.Keeper of the home that the key is Storable at: then the block stays at home. In ContextStorage
// goes only what may be stored so, or is Sensitive: what is unwrapped from there may be stored. What options said about the
// key goes along in an optional block "70". ErrWeakKBPK is a protection key weaker than the key, or the key itself. The
// other errors are ErrWrapping for what cannot be written, ErrLegacy and those of package crypto.
func Wrap(dst []byte, kbpk crypto.KBPK, key crypto.Key, w Wrapping) ([]byte, error) {
	if err := kbpk.Require(crypto.OpEncrypt); err != nil {
		return dst, err
	}
	h, err := w.header(kbpk, key)
	if err != nil {
		return dst, err
	}
	m, err := w.open(h, kbpk, key)
	if err != nil {
		return dst, err
	}
	defer m.Release()
	payload, err := newPayload(h.Version, h.Attributes.Algorithm, m.Bytes(), w.ShowLength)
	if err != nil {
		return dst, err
	}
	defer clear(payload)
	return h.seal(dst, kbpk, payload)
}

// open opens the key the way it leaves, which its exportability must allow: a block that does not meet X9.24 is none of a
// key block's protection, so only Sensitive keys leave in it. A block of storage context makes the key that is unwrapped from
// it storable, so that no other key may go into one: it would come back with a way out that it did not have.
func (w *Wrapping) open(h *Header, kbpk crypto.KBPK, key crypto.Key) (*keymaterial.Material, error) {
	weak, err := strength(kbpk, key)
	exit := keymaterial.KeyBlock
	switch {
	case err != nil:
		return nil, err
	case h.Context == ContextStorage && !key.MayStay(kbpk.Keeps(keymaterial.Grant())):
		return nil, crypto.ErrExport
	case h.Version.legacy() && !w.AllowLegacy:
		return nil, ErrLegacy
	case weak && !w.AllowLegacy:
		return nil, ErrWeakKBPK
	case weak || h.Version.legacy():
		exit = keymaterial.WeakBlock
	case h.Context == ContextStorage && kbpk.Attributes().Export == crypto.NonExportable:
		return key.OpenToStay(keymaterial.Grant(), kbpk.Keeps(keymaterial.Grant()))
	}
	return key.OpenToLeave(keymaterial.Grant(), exit)
}

// strength reports whether the protection key is weaker than the key. A key under itself is an ErrWeakKBPK that nothing
// admits.
func strength(kbpk crypto.KBPK, key crypto.Key) (weak bool, err error) {
	same, err := key.SameBytes(keymaterial.Grant(), kbpk.Key())
	if err == nil && same {
		err = fmt.Errorf("%w: it is the key itself", ErrWeakKBPK)
	}
	return kbpk.Strength() < key.Strength(), err
}

// header checks the wrapping and makes the header of it.
func (w *Wrapping) header(kbpk crypto.KBPK, key crypto.Key) (*Header, error) {
	h := &Header{Version: w.Version, Attributes: key.Attributes(), Context: w.Context}
	if h.Version == 0 {
		h.Version = VersionB
		if kbpk.Attributes().Algorithm == crypto.AES {
			h.Version = VersionD
		}
	}
	if h.Context == 0 {
		h.Context = ContextNone
	}
	if !h.Version.known() || h.Context < ContextNone || h.Context > ContextExchange {
		return nil, ErrWrapping
	}
	switch {
	case w.Export == 0 || w.Export == crypto.NonExportable:
	case w.Export == crypto.Exportable && h.Attributes.Export != crypto.NonExportable:
	case w.Export == h.Attributes.Export:
	default:
		return nil, crypto.ErrExport
	}
	if w.Export != 0 {
		h.Attributes.Export = w.Export
	}
	return h, w.fill(h, kbpk, key)
}

// fill writes the optional blocks, check values and padding included.
func (w *Wrapping) fill(h *Header, kbpk crypto.KBPK, key crypto.Key) error {
	blocks, length := w.Blocks, 0
	if rules := key.Rules(h.home(kbpk)); rules != "" {
		blocks = append(slices.Clip(blocks), Block{rulesID, rulesPrefix + rules})
	}
	for i, b := range blocks {
		if b.ID == padding || b.isRules() && i < len(w.Blocks) { // those of another key, or of the caller's
			continue
		}
		var err error
		switch {
		case b.ID == "KC" && b.Data == "":
			b.Data, err = checkValue(key)
		case b.ID == "KP" && b.Data == "":
			b.Data, err = checkValue(kbpk.Key())
		}
		if err != nil {
			return err
		}
		if _, twice := h.Optional(b.ID); twice || !b.writable(w.AllowLegacy) {
			return fmt.Errorf("%w: optional block %q", ErrWrapping, b.ID)
		}
		h.Blocks = append(h.Blocks, b)
		length += b.length()
	}
	if unit := h.Version.blockSize(); length%unit != 0 {
		missing := unit - length%unit
		if missing < shortBlock {
			missing += unit
		}
		h.Blocks = append(h.Blocks, Block{padding, randomText(missing - shortBlock)})
	}
	if len(h.Blocks) > maximumBlocks {
		return fmt.Errorf("%w: too many optional blocks", ErrWrapping)
	}
	return nil
}

// home is the one at which a block of this context is kept.
func (h *Header) home(kbpk crypto.KBPK) crypto.Home {
	if h.Context == ContextStorage {
		return kbpk.Keeps(keymaterial.Grant())
	}
	return crypto.Home{}
}

// checkValue is the data of KC and KP.
func checkValue(k crypto.Key) (string, error) {
	method, kcv, err := k.UsualKCV()
	code := "00"
	if method == crypto.KCVCMAC {
		code = "01"
	}
	return fmt.Sprintf("%s%X", code, kcv), err
}

// randomText returns n random letters and digits.
func randomText(n int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	text := make([]byte, n)
	rand.Read(text)
	for i, b := range text {
		text[i] = letters[b%byte(len(letters))]
	}
	return string(text)
}

// newPayload is the length in bits, the key and random padding.
func newPayload(v Version, a crypto.Algorithm, key []byte, showLength bool) ([]byte, error) {
	if 8*len(key) > 0xffff {
		return nil, fmt.Errorf("%w: key too long", ErrWrapping)
	}
	length := len(key)
	if !showLength {
		length = hiddenLength(a, length)
	}
	unit := v.payloadUnit()
	size := (lengthField + length + unit - 1) / unit * unit
	payload := make([]byte, size)
	rand.Read(payload[lengthField+len(key):])
	binary.BigEndian.PutUint16(payload, uint16(8*len(key)))
	copy(payload[lengthField:], key)
	return payload, nil
}

// hiddenLength is the length the key is padded to: that of the algorithm's longest key (X9.143 section 6.1), for HMAC
// the next multiple of 64 bytes.
func hiddenLength(a crypto.Algorithm, n int) int {
	switch a {
	case crypto.DES, crypto.TDES:
		return 24
	case crypto.AES, crypto.SM4:
		return 32
	case crypto.HMAC:
		return (n + 63) / 64 * 64
	}
	return n
}

// seal appends the finished block to dst and uses up the payload.
func (h *Header) seal(dst []byte, kbpk crypto.KBPK, payload []byte) ([]byte, error) {
	length := fixedHeader + 2*len(payload) + 2*h.Version.macSize()
	for _, b := range h.Blocks {
		length += b.length()
	}
	if length > maximumLength {
		return dst, fmt.Errorf("%w: %d characters", ErrWrapping, length)
	}
	header := h.appendHeader(make([]byte, 0, length), length)
	var mac []byte
	err := withBinding(h.Version, kbpk, crypto.OpEncrypt, func(b *binding) error {
		mac = b.seal(header, payload)
		return nil
	})
	if err != nil {
		return dst, err
	}
	dst = append(slices.Grow(dst, length), header...)
	return appendHex(appendHex(dst, payload), mac), nil
}

func appendHex(dst, bytes []byte) []byte {
	from := len(dst)
	dst = hex.AppendEncode(dst, bytes)
	for i, c := range dst[from:] {
		if 'a' <= c && c <= 'f' {
			dst[from+i] = c - 'a' + 'A'
		}
	}
	return dst
}
