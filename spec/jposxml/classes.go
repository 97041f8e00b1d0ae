package jposxml

import "github.com/posline/posline/spec"

// Short names for the table below.
const (
	ascii  = spec.ASCII
	ebcdic = spec.EBCDIC1047 // the table of Java's IBM1047, which jPOS uses
	bcd    = spec.BCD
	raw    = spec.Raw
	hexed  = spec.HexASCII
	number = spec.Binary
)

// classes are the field packager classes of jPOS by their name without org.jpos.iso. Variable numeric ones are text here
// as they are in jPOS, and track data (z) where they are packed: files use them for tracks, and jPOS packs the separator.
var classes = map[string]class{
	// Bitmaps.
	"IFA_BITMAP":               {kind: kindBitmap, coding: hexed},
	"IFB_BITMAP":               {kind: kindBitmap, coding: raw},
	"IFE_BITMAP":               {kind: kindBitmap, coding: spec.HexEBCDIC},
	"X92_BITMAP":               {kind: kindBitmap, coding: hexed, limit: 8},
	"packager.Base1_BITMAP126": {kind: kindBitmap, coding: raw, limit: 8},

	// Text.
	"IF_CHAR":            fixed("ans", ascii),
	"IF_ECHAR":           fixed("ans", ebcdic),
	"IFE_CHAR":           fixed("ans", ebcdic),
	"IFA_LCHAR":          variable("ans", ascii, ascii, 1),
	"IFA_LLCHAR":         variable("ans", ascii, ascii, 2),
	"IFA_LLLCHAR":        variable("ans", ascii, ascii, 3),
	"IFA_LLLLCHAR":       variable("ans", ascii, ascii, 4),
	"IFA_LLLLLCHAR":      variable("ans", ascii, ascii, 5),
	"IFA_LLLLLLCHAR":     variable("ans", ascii, ascii, 6),
	"IFA_FLLCHAR":        variable("ans", ascii, ascii, 2).reserved(),
	"IFA_FLLNUM":         variable("ans", ascii, ascii, 2).reserved(),
	"IFB_LLCHAR":         variable("ans", ascii, bcd, 2),
	"IFB_LLLCHAR":        variable("ans", ascii, bcd, 3),
	"IFB_LLLLCHAR":       variable("ans", ascii, bcd, 4),
	"IFB_LLLLLLCHAR":     variable("ans", ascii, bcd, 6),
	"IFB_LLHCHAR":        variable("ans", ascii, number, 1),
	"IFB_LLLHCHAR":       variable("ans", ascii, number, 2),
	"IFB_LLHECHAR":       variable("ans", ebcdic, number, 1),
	"IFB_LLLHECHAR":      variable("ans", ebcdic, number, 2),
	"IFE_LCHAR":          variable("ans", ebcdic, ebcdic, 1),
	"IFE_LLCHAR":         variable("ans", ebcdic, ebcdic, 2),
	"IFE_LLLCHAR":        variable("ans", ebcdic, ebcdic, 3),
	"IFE_LLLLCHAR":       variable("ans", ebcdic, ebcdic, 4),
	"IFEA_LLCHAR":        variable("ans", ascii, ebcdic, 2),
	"IFAE_LLCHAR":        variable("ans", ebcdic, ascii, 2),
	"IF_TCHAR":           tail(kindMarked, "ans", ascii, ""),
	"IFMC_TCC":           {kind: kindInitial, content: "ans", coding: ascii},
	"IFEMC_TCC":          {kind: kindInitial, content: "ans", coding: ebcdic},
	"IF_NOP":             {kind: kindNothing, coding: ascii},
	"IF_UNUSED":          {kind: kindUnused},
	"IFE_LLLEBINARY":     variable("b", ebcdic, ebcdic, 3),
	"IFA_AMOUNT":         fixed("x+n", ascii),
	"IFB_AMOUNT":         fixed("x+n", bcd),
	"IFE_AMOUNT":         fixed("x+n", ebcdic),
	"IFA_AMOUNT2003":     fixed("n", ascii),
	"IFB_AMOUNT2003":     fixed("n", bcd),
	"IFA_NUMERIC":        fixed("n", ascii),
	"IFB_NUMERIC":        fixed("n", bcd),
	"IFB_FNUMERIC":       fixed("n", bcd).fillF(),
	"IFB_HEX":            fixed("h", bcd).fillF(),
	"IFE_NUMERIC":        fixed("n", ebcdic),
	"IFA_LLNUM":          variable("ans", ascii, ascii, 2),
	"IFA_LLLNUM":         variable("ans", ascii, ascii, 3),
	"IFA_LLBNUM":         variable("z", bcd, ascii, 2).counting(spec.Nibbles, 98),
	"IFB_LLNUM":          variable("z", bcd, bcd, 2),
	"IFB_LLLNUM":         variable("z", bcd, bcd, 3),
	"IFB_FLLNUM":         variable("z", bcd, bcd, 2).fillF(),
	"IFB_FLLLNUM":        variable("z", bcd, bcd, 3).fillF(),
	"IFB_LLHNUM":         variable("z", bcd, number, 1),
	"IFB_LLLHNUM":        variable("z", bcd, number, 2),
	"IFE_LNUM":           variable("ans", ebcdic, ebcdic, 1),
	"IFE_LLNUM":          variable("ans", ebcdic, ebcdic, 2),
	"IFE_LLLNUM":         variable("ans", ebcdic, ebcdic, 3),
	"IFEB_LLNUM":         variable("z", bcd, ebcdic, 2).fillF().counting(spec.Bytes, 99),
	"IFEB_LLLNUM":        variable("z", bcd, ebcdic, 3).fillF().counting(spec.Bytes, 99),
	"IFE_SIGNED_NUMERIC": fixed("n", spec.ZonedEBCDIC),

	// Binary data.
	"IFA_BINARY":       fixed("b", hexed),
	"IFB_BINARY":       fixed("b", raw),
	"IFE_BINARY":       fixed("b", spec.HexEBCDIC),
	"IFA_LBINARY":      variable("b", raw, ascii, 1),
	"IFA_LLBINARY":     variable("b", raw, ascii, 2),
	"IFA_LLLBINARY":    variable("b", raw, ascii, 3),
	"IFA_LLLLBINARY":   variable("b", raw, ascii, 4),
	"IFA_LLLLLBINARY":  variable("b", raw, ascii, 5),
	"IFA_LLLLLLBINARY": variable("b", raw, ascii, 6),
	"IFA_LLABINARY":    variable("b", hexed, ascii, 2),
	"IFA_LLLABINARY":   variable("b", hexed, ascii, 3),
	"IFB_LLBINARY":     variable("b", raw, bcd, 2),
	"IFB_LLLBINARY":    variable("b", raw, bcd, 3),
	"IFB_LLLLBINARY":   variable("b", raw, bcd, 4),
	"IFB_LLHBINARY":    variable("b", raw, number, 1),
	"IFB_LLLHBINARY":   variable("b", raw, number, 2),
	"IFB_LLHFBINARY":   variable("b", raw, number, 1).reserved(),
	"IFB_LLHEX":        variable("b", raw, bcd, 2).counting(spec.Nibbles, 49),
	"IFB_LLLHEX":       variable("b", raw, bcd, 3).counting(spec.Nibbles, 499),
	"IFE_LBINARY":      variable("b", raw, ebcdic, 1),
	"IFE_LLBINARY":     variable("b", raw, ebcdic, 2),
	"IFE_LLLBINARY":    variable("b", raw, ebcdic, 3),
	"IFE_LLLLBINARY":   variable("b", raw, ebcdic, 4),

	// Entries of tagged composites.
	"IFA_TTLCHAR":      variable("ans", ascii, ascii, 1).tagged(ascii, 2),
	"IFA_TTLLCHAR":     variable("ans", ascii, ascii, 2).tagged(ascii, 2),
	"IFA_TTLLLCHAR":    variable("ans", ascii, ascii, 3).tagged(ascii, 2),
	"IFA_TTLLLLCHAR":   variable("ans", ascii, ascii, 4).tagged(ascii, 2),
	"IFA_TTTLLLCHAR":   variable("ans", ascii, ascii, 3).tagged(ascii, 3),
	"IFA_TTLBINARY":    variable("b", raw, ascii, 1).tagged(ascii, 2),
	"IFA_TTLLBINARY":   variable("b", raw, ascii, 2).tagged(ascii, 2),
	"IFA_TTLLLBINARY":  variable("b", raw, ascii, 3).tagged(ascii, 2),
	"IFA_TTLLLLBINARY": variable("b", raw, ascii, 4).tagged(ascii, 2),
	"IFMC_LLCHAR":      variable("ans", ascii, ascii, 2).tagged(ascii, 2),
	"IFMC_LLLCHAR":     variable("ans", ascii, ascii, 3).tagged(ascii, 2),
	"IFMC_LLBINARY":    variable("b", raw, ascii, 2).tagged(ascii, 2),
	"IFMC_LLLBINARY":   variable("b", raw, ascii, 3).tagged(ascii, 2),
	"IFEMC_LLCHAR":     variable("ans", ebcdic, ebcdic, 2).tagged(ascii, 2),
	"IFEMC_LLLCHAR":    variable("ans", ebcdic, ebcdic, 3).tagged(ebcdic, 4),
	"IFEPE_LLCHAR":     variable("ans", ebcdic, ebcdic, 2).tagged(ebcdic, 2),
	"IFEPE_LLLCHAR":    variable("ans", ebcdic, ebcdic, 3).tagged(ebcdic, 3),
	"IFEPE_LLBINARY":   variable("b", raw, ebcdic, 2).tagged(ebcdic, 2),
	"IFIPM_LLLCHAR":    variable("ans", ascii, ascii, 3).tagged(ascii, 4),
	"IFEP_LLCHAR":      variable("ans", ascii, ascii, 2).tagged(ascii, 2).lengthBefore(),
	"IFEP_LLLCHAR":     variable("ans", ascii, ebcdic, 3).tagged(ebcdic, 2).lengthBefore(),
	"IFEP_LLLBINARY":   variable("b", raw, ebcdic, 3).tagged(ebcdic, 2).lengthBefore(),
	"IFELPE_LLLCHAR":   variable("ans", ebcdic, ebcdic, 3).tagged(ebcdic, 2).lengthBefore(),

	// The classes of org.jpos.tlv, whose entries have their token for a tag.
	"tlv.packager.IFB_LHBINARY":   variable("b", raw, number, 1),
	"tlv.packager.IF_FBINARY":     tail(kindRest, "b", raw, ""),
	"tlv.packager.IF_FCHAR":       tail(kindRest, "ans", ascii, ""),
	"tlv.packager.IF_FSTBINARY":   tail(kindMarked, "b", raw, "FF"),
	"tlv.packager.IF_FSTCHAR":     tail(kindMarked, "ans", ascii, `\`),
	"tlv.packager.IFTA_LLBINARY":  variable("b", raw, ascii, 2).tokenTagged(),
	"tlv.packager.IFTA_LLLBINARY": variable("b", raw, ascii, 3).tokenTagged(),
	"tlv.packager.IFTA_LLCHAR":    variable("ans", ascii, ascii, 2).tokenTagged(),
	"tlv.packager.IFTA_LLLCHAR":   variable("ans", ascii, ascii, 3).tokenTagged(),
	"tlv.packager.IFTA_LLNUM":     variable("ans", ascii, ascii, 2).tokenTagged(),
	"tlv.packager.IFTA_LLLNUM":    variable("ans", ascii, ascii, 3).tokenTagged(),
	"tlv.packager.IFTB_LLBINARY":  variable("b", raw, bcd, 2).tokenTagged(),
}

// misnamed are classes that files name and jPOS does not have, with what is meant.
var misnamed = map[string]string{
	"IFA_LLHBINARY": "IFB_LLHBINARY", // vapvip.xml: a binary length of one byte, as in the fields around it
}
