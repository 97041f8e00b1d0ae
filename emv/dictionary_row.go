package emv

import "math/bits"

// row is an entry of the built-in dictionary, laid out so that the table needs no code to be made.
type row struct {
	tag         Tag
	schemes     schemes
	source      Source
	kind        kind
	min, max    uint16
	templates   templates
	sensitivity Sensitivity
	en, zh      string
}

// schemes are the schemes that share a meaning, a bit each; none for everybody.
type schemes uint8

const (
	everyone   schemes = 0
	mastercard         = 1 << Mastercard
	visa               = 1 << Visa
	amex               = 1 << Amex
	jcb                = 1 << JCB
	discover           = 1 << Discover
	unionPay           = 1 << UnionPay
)

// include reports whether the meaning is the scheme's; everybody's meaning is that of no scheme.
func (s schemes) include(scheme Scheme) bool {
	if s == everyone {
		return scheme == AnyScheme
	}
	return s&(1<<scheme) != 0
}

// kind is a format together with how its value is shown.
type kind uint8

const (
	raw kind = iota
	numeric
	compressed
	alpha
	alphanumeric
	special
	date
	timeOfDay
	amount
	dol
	tagList
)

func (k kind) format() Format {
	switch k {
	case date, timeOfDay, amount:
		return FormatN
	case dol, tagList:
		return FormatB
	}
	return Format(k)
}

func kindOf(f Format) kind { return kind(f) }

// templates name the templates a data element stands in.
type templates uint8

const (
	nowhere templates = iota
	inApplication
	inApplicationOrFCI
	inApplicationOrIssuer
	inFCI
	inIssuerData
	inRecord
	inRecordOrResponse
	inResponse
	inScript
	inSelect
)

var templateTags = [...][]Tag{
	inApplication:         {0x61},
	inApplicationOrFCI:    {0x61, 0xA5},
	inApplicationOrIssuer: {0x61, 0x73, 0xBF0C},
	inFCI:                 {0xA5},
	inIssuerData:          {0xBF0C, 0x73},
	inRecord:              {0x70},
	inRecordOrResponse:    {0x70, 0x77},
	inResponse:            {0x77, 0x80},
	inScript:              {0x71, 0x72},
	inSelect:              {0x6F},
}

// entry returns the row as seen by a scheme; by none, as its first scheme has it.
func (r row) entry(scheme Scheme) entry {
	if scheme == AnyScheme && r.schemes != everyone {
		scheme = Scheme(bits.TrailingZeros8(uint8(r.schemes)))
	}
	return entry{Info{
		Tag: r.tag, Name: r.en, NameChinese: r.zh, Source: r.source, Format: r.kind.format(), Min: int(r.min), Max: int(r.max),
		Templates: templateTags[r.templates], Scheme: scheme, Sensitivity: r.sensitivity,
	}, r.kind}
}

// fits reports whether a value of the length can be the row's; any can when the length is anyLength.
func (r row) fits(length int) bool {
	return length == anyLength || length >= int(r.min) && (r.max == 0 || length <= int(r.max))
}
