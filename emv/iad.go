package emv

import "slices"

// RID is the first five octets of an AID, registered by whoever defines the application. The zero value is none.
type RID [5]byte

// The registered identifiers of the payment systems this package knows.
var (
	RIDVisa       = RID{0xA0, 0x00, 0x00, 0x00, 0x03}
	RIDMastercard = RID{0xA0, 0x00, 0x00, 0x00, 0x04}
	RIDAmex       = RID{0xA0, 0x00, 0x00, 0x00, 0x25}
	RIDJCB        = RID{0xA0, 0x00, 0x00, 0x00, 0x65}
	RIDDiscover   = RID{0xA0, 0x00, 0x00, 0x01, 0x52}
	RIDInterac    = RID{0xA0, 0x00, 0x00, 0x02, 0x77}
	RIDUnionPay   = RID{0xA0, 0x00, 0x00, 0x03, 0x33}
)

// RIDOf returns the RID of an AID, zero when the AID has not even five octets.
func RIDOf(aid []byte) RID {
	if len(aid) < 5 {
		return RID{}
	}
	return RID(aid[:5])
}

// IADFormat is how issuer application data is laid out.
type IADFormat uint8

// The layouts of issuer application data. IADUnknown is what no rule here explains.
const (
	IADUnknown      IADFormat = iota
	IADVisa                   // Visa formats 0, 1 and 3
	IADVisa2                  // Visa formats 2 and 4
	IADAmex                   // as IADVisa; only the RID tells
	IADMChip4                 // M/Chip 4, 18 octets
	IADMChipAdvance           // M/Chip Advance, 20, 26 or 28 octets
	IADCCD                    // EMV common core definitions
	IADJCB
	IADUnionPay // UnionPay and PBOC
	IADInterac
)

var iadNames = [...]text{
	IADVisa: {"Visa 0/1/3", "Visa 0/1/3"}, IADVisa2: {"Visa 2/4", "Visa 2/4"},
	IADAmex: {"American Express", "美国运通"}, IADMChip4: {"M/Chip 4", "M/Chip 4"},
	IADMChipAdvance: {"M/Chip Advance", "M/Chip Advance"}, IADCCD: {"common core definitions", "CCD"},
	IADJCB: {"JCB", "JCB"}, IADUnionPay: {"UnionPay", "银联"}, IADInterac: {"Interac", "Interac"},
}

// String returns the name of the layout.
func (f IADFormat) String() string {
	if f == IADUnknown || int(f) >= len(iadNames) {
		return "unknown"
	}
	return iadNames[f].en
}

// IAD is the Issuer Application Data, tag 9F10, taken apart. What a layout does not have is zero. Slices share the
// memory of Raw.
type IAD struct {
	Format IADFormat
	DKI    byte // derivation key index
	CVN    byte // cryptogram version number; of a CCD card its common core identifier

	// CVR is the card verification results. In the layouts of Visa, American Express, JCB and UnionPay its first octet
	// is its length, which takes part in the cryptogram; in the others it has none.
	CVR []byte

	DAC       []byte // M/Chip: data authentication code or ICC dynamic number, 2 octets
	Counters  []byte // M/Chip, CCD: counters, 8 octets
	Extra     []byte // M/Chip Advance: what follows the counters
	Algorithm byte   // UnionPay: 01 3DES, 04 SM4
	IDDOption byte   // Visa 2/4: which data the issuer put behind
	IDD       []byte // issuer discretionary data, without its length

	Raw []byte
}

// ParseIAD takes issuer application data apart. Its octets mean different things in each scheme, so give the RID of the
// AID (tag 84, 4F or 9F06); with the zero RID the shape alone decides. What is of no known layout is no error: the
// Format is IADUnknown and Raw holds it. The error is ErrLength for what cannot be IAD at all. The layouts are those of
// VIS, M/Chip, EMV Book 3 Annex C7 (CCD), PBOC 3.0 and the schemes' terminal guides.
func ParseIAD(rid RID, b []byte) (IAD, error) {
	if len(b) == 0 || len(b) > 32 {
		return IAD{}, &ValueError{Tag: 0x9F10, Err: ErrLength}
	}
	b = slices.Clip(b)
	for _, layout := range iadLayouts {
		if rid == (RID{}) && layout.byShape || rid == layout.rid || layout.rid == (RID{}) {
			if iad, ok := layout.read(b); ok {
				iad.Format, iad.Raw = layout.format, b
				return iad, nil
			}
		}
	}
	return IAD{Raw: b}, nil
}

// iadLayouts are tried in order. The common core layout belongs to every scheme.
var iadLayouts = [...]struct {
	format  IADFormat
	rid     RID
	byShape bool
	read    func(b []byte) (IAD, bool)
}{
	{IADCCD, RID{}, true, readCCD},
	{IADVisa2, RIDVisa, true, readVisa2},
	{IADInterac, RIDInterac, true, readInterac},
	{IADUnionPay, RIDUnionPay, true, readUnionPayIAD},
	{IADJCB, RIDJCB, true, readJCB},
	{IADVisa, RIDVisa, true, readVisa},
	{IADAmex, RIDAmex, false, readVisa},
	{IADMChip4, RIDMastercard, true, readMChip4},
	{IADMChipAdvance, RIDMastercard, true, readMChipAdvance},
}

// readCCD reads 0F | CCI | DKI | CVR 5 | counters 8 | 0F | discretionary data 15.
func readCCD(b []byte) (IAD, bool) {
	if len(b) != 32 || b[0] != 0x0F || b[16] != 0x0F || b[1]>>4 != 0xA {
		return IAD{}, false
	}
	return IAD{CVN: b[1], DKI: b[2], CVR: b[3:8:8], Counters: b[8:16:16], IDD: b[17:]}, true
}

// readVisa2 reads 1F | CVN | DKI | CVR 5 | option | discretionary data.
func readVisa2(b []byte) (IAD, bool) {
	if len(b) != 32 || b[0] != 0x1F || b[1]>>4 != 2 && b[1]>>4 != 4 {
		return IAD{}, false
	}
	return IAD{CVN: b[1], DKI: b[2], CVR: b[3:8:8], IDDOption: b[8], IDD: b[9:]}, true
}

// readInterac reads 15 | DKI | 85 | 04 | CVR 4 | discretionary data.
func readInterac(b []byte) (IAD, bool) {
	if len(b) != 22 || b[0] != 0x15 || b[2] != 0x85 || b[3] != 4 {
		return IAD{}, false
	}
	return IAD{DKI: b[1], CVN: b[2], CVR: b[4:8:8], IDD: b[8:]}, true
}

// readUnionPayIAD reads 07 | DKI | CVN | 03 | CVR 3 | algorithm, then a length and discretionary data.
func readUnionPayIAD(b []byte) (IAD, bool) {
	if len(b) < 8 || b[0] != 7 || b[3] != 3 {
		return IAD{}, false
	}
	idd, ok := lengthPrefixed(b[8:])
	return IAD{DKI: b[1], CVN: b[2], CVR: b[3:7:7], Algorithm: b[7], IDD: idd}, ok
}

// readJCB reads 07 | DKI | CVN | 04 | CVR 4, then a length and discretionary data.
func readJCB(b []byte) (IAD, bool) {
	if len(b) < 8 || b[0] != 7 || b[3] != 4 {
		return IAD{}, false
	}
	idd, ok := lengthPrefixed(b[8:])
	return IAD{DKI: b[1], CVN: b[2], CVR: b[3:8:8], IDD: idd}, ok
}

// readVisa reads 06 | DKI | CVN | 03 | CVR 3, then a length and discretionary data.
func readVisa(b []byte) (IAD, bool) {
	if len(b) < 7 || b[0] != 6 || b[3] != 3 {
		return IAD{}, false
	}
	idd, ok := lengthPrefixed(b[7:])
	return IAD{DKI: b[1], CVN: b[2], CVR: b[3:7:7], IDD: idd}, ok
}

// lengthPrefixed reads a length octet and exactly as much behind it; nothing at all is fine too.
func lengthPrefixed(b []byte) ([]byte, bool) {
	if len(b) == 0 {
		return nil, true
	}
	return b[1:], int(b[0]) == len(b)-1
}

// readMChip4 reads DKI | CVN | CVR 6 | DAC 2 | counters 8.
func readMChip4(b []byte) (IAD, bool) {
	if len(b) != 18 || b[1]>>4 != 1 {
		return IAD{}, false
	}
	return IAD{DKI: b[0], CVN: b[1], CVR: b[2:8:8], DAC: b[8:10:10], Counters: b[10:18:18]}, true
}

// readMChipAdvance reads the same with more behind it.
func readMChipAdvance(b []byte) (IAD, bool) {
	if len(b) != 20 && len(b) != 26 && len(b) != 28 || b[1]>>4 != 1 {
		return IAD{}, false
	}
	iad, _ := readMChip4(b[:18])
	iad.Extra = b[18:]
	return iad, true
}
