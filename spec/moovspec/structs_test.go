//go:build amd64 || arm64

package moovspec_test

import (
	"testing"
	"time"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/examples"
	"github.com/moov-io/iso8583/exp/emv"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/padding"
	"github.com/moov-io/iso8583/prefix"
	moovsort "github.com/moov-io/iso8583/sort"
	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message"
	"github.com/posline/posline/spec/moovspec"
)

// Structs written for moov, as its README and its examples have them.

type readmeAuthorization struct {
	MTI                  string          `iso8583:"0"`
	PrimaryAccountNumber string          `iso8583:"2"`
	ProcessingCode       string          `iso8583:"3"`
	Amount               int64           `iso8583:"4"`
	STAN                 string          `iso8583:"11"`
	LocalTime            string          `iso8583:"12"`
	LocalDate            string          `iso8583:"13"`
	MerchantType         string          `iso8583:"18"`
	AcceptorInfo         *readmeAcceptor `iso8583:"43"`
}

type readmeAcceptor struct {
	Name    string `iso8583:"1"`
	City    string `iso8583:"2"`
	Country string `iso8583:"3"`
}

type exampleAuthorization struct {
	MTI                  string           `iso8583:"0"`
	PrimaryAccountNumber string           `iso8583:"2"`
	ProcessingCode       string           `iso8583:"3"`
	Amount               int64            `iso8583:"4"`
	STAN                 string           `iso8583:"11"`
	ExpirationDate       string           `iso8583:"14"`
	AcceptorInformation  *exampleAcceptor `iso8583:"43"`
}

type exampleAcceptor struct {
	Name    string `index:"1"`
	City    string `index:"2"`
	Country string `index:"3"`
}

type legacyAuthorization struct {
	MTI       *field.String  `iso8583:"0"`
	PAN       *field.String  `iso8583:"2"`
	Amount    *field.Numeric `iso8583:"4"`
	LocalTime *field.String  `iso8583:"12"`
}

// codecOf imports a moov spec.
func codecOf(t *testing.T, ms *iso8583.MessageSpec) *message.Codec {
	s, _, err := moovspec.From(ms)
	require.NoError(t, err)
	return message.MustCompile(s)
}

// sameBytes marshals a struct with both, checks that the bytes are the same, and returns both messages as read from
// them.
func sameBytes(t *testing.T, ms *iso8583.MessageSpec, in any) (*iso8583.Message, *message.Message) {
	theirs, codec := iso8583.NewMessage(ms), codecOf(t, ms)
	require.NoError(t, theirs.Marshal(in))
	want, err := theirs.Pack()
	require.NoError(t, err)
	ours := codec.New()
	require.NoError(t, message.Marshal(ours, in))
	wire, err := ours.Pack()
	require.NoError(t, err)
	require.Equal(t, want, wire, "the same bytes")
	there, here := iso8583.NewMessage(ms), codec.New()
	require.NoError(t, there.Unpack(wire))
	require.NoError(t, here.Unpack(wire))
	return there, here
}

func TestExampleOfMoov(t *testing.T) {
	in := exampleAuthorization{MTI: "0100", PrimaryAccountNumber: "4242424242424242", ProcessingCode: "000000", Amount: 2599, ExpirationDate: "2201",
		AcceptorInformation: &exampleAcceptor{Name: "Merchant Name", City: "Denver", Country: "US"}}
	theirs, ours := sameBytes(t, examples.Spec, &in)
	var there, here exampleAuthorization
	require.NoError(t, theirs.Unmarshal(&there))
	require.NoError(t, message.Unmarshal(ours, &here))
	require.Equal(t, "0", there.ProcessingCode, "a Numeric loses its zeros in moov")
	require.Equal(t, "000000", here.ProcessingCode)
	require.Equal(t, "Merchant Name            ", here.AcceptorInformation.Name, "padding is kept here")
	there.ProcessingCode, here.ProcessingCode = "", ""
	there.AcceptorInformation, here.AcceptorInformation = nil, nil
	require.Equal(t, there, here)
	require.Equal(t, "Denver", ours.Get("43.2").Trimmed())
}

func TestReadmeOfMoov(t *testing.T) {
	theirs, ours := sameBytes(t, examples.Spec, &readmeAuthorization{MTI: "0100", PrimaryAccountNumber: "4242424242424242", ProcessingCode: "000000", Amount: 9999,
		STAN: "000123", LocalTime: "152059", LocalDate: "0205", MerchantType: "5411",
		AcceptorInfo: &readmeAcceptor{Name: "ACME Store", City: "New York", Country: "US"}})
	var there, here readmeAuthorization
	require.NoError(t, theirs.Unmarshal(&there))
	require.NoError(t, message.Unmarshal(ours, &here))
	require.Equal(t, there.Amount, here.Amount)
	require.Equal(t, there.PrimaryAccountNumber, here.PrimaryAccountNumber)
	require.Equal(t, "US", here.AcceptorInfo.Country)
	require.Equal(t, "000123", here.STAN)

	theirs, ours = sameBytes(t, examples.Spec, &legacyAuthorization{MTI: field.NewStringValue("0100"), PAN: field.NewStringValue("4242424242424242"),
		Amount: field.NewNumericValue(9999), LocalTime: field.NewStringValue("152059")})
	var oldThere, oldHere legacyAuthorization
	require.NoError(t, theirs.Unmarshal(&oldThere))
	require.NoError(t, message.Unmarshal(ours, &oldHere))
	require.Equal(t, oldThere, oldHere)
}

// emv.Data holds the tags as Strings while its spec has them as Hex: moov itself refuses the two together.
func TestChipDataOfMoov(t *testing.T) {
	type chip struct {
		MTI string    `index:"0"`
		ICC *emv.Data `index:"55"`
	}
	in := chip{MTI: "0100", ICC: &emv.Data{ApplicationInterchangeProfile: field.NewStringValue("1980"), ApplicationCryptogram: field.NewStringValue("0102030405060708"),
		TransactionCurrencyCode: field.NewStringValue("0840")}}
	require.Error(t, iso8583.NewMessage(emv.MessageSpec).Marshal(&in))
	m := codecOf(t, emv.MessageSpec).New()
	require.NoError(t, message.Marshal(m, &in))
	wire, err := m.Pack()
	require.NoError(t, err)

	theirs := iso8583.NewMessage(emv.MessageSpec)
	theirs.MTI("0100")
	for tag, value := range map[string]string{"82": "1980", "9F26": "0102030405060708", "5F2A": "0840"} {
		require.NoError(t, theirs.MarshalPath("55."+tag, value))
	}
	want, err := theirs.Pack()
	require.NoError(t, err)
	require.Equal(t, want, wire)
	back := codecOf(t, emv.MessageSpec).New()
	require.NoError(t, back.Unpack(want))
	var out chip
	require.NoError(t, message.Unmarshal(back, &out))
	require.Equal(t, in, out)
}

// allTypes has the field types and the native types that moov takes, in every place.
type allTypes struct {
	embedded
	*Pointed
	Track1 *field.Track1 `index:"45"`
	Track2 *field.Track2 `index:"35"`
	Track3 *field.Track3 `index:"36"`
	F52    *field.Binary
	F53    []byte
	F54    *field.Hex
	F60    string `index:"60,keepzero"`
	Named  label  `index:"61"`
	F62    *string
	F63    *int64
	Sets   *dataSets `index:"48"`
	Fixed  *parts2   `index:"22"`
	Bits   *byBits   `index:"127"`
	Ignore string
}

type label string

type embedded struct {
	MTI *field.String `index:"0"`
	F4  int64
}

type Pointed struct {
	STAN int `iso8583:"11"`
}

// dataSets is the composite of moov's guide, data sets of tags, with keys that leave out what pads the tags.
type dataSets struct {
	Merchant *merchantSet  `index:"56"`
	Short    *field.String `index:"1"`
}

type merchantSet struct {
	ID    *field.String `index:"01"`
	Legal string        `index:"82"`
	Type  *field.Hex    `index:"9F04"`
}

// parts2 has keys from 0, with a gap.
type parts2 struct {
	F0 *field.String
	F1 string
	F3 *field.Numeric
}

type byBits struct {
	F2  *field.String
	F10 []byte `index:"10"`
}

func allTypesSpec() *iso8583.MessageSpec {
	ascii := func(length int) *field.Spec {
		return &field.Spec{Length: length, Enc: encoding.ASCII, Pref: prefix.ASCII.LL}
	}
	fixed := func(length int, pad padding.Padder) *field.Spec {
		return &field.Spec{Length: length, Enc: encoding.ASCII, Pref: prefix.ASCII.Fixed, Pad: pad}
	}
	raw := func(length int, p prefix.Prefixer) *field.Spec {
		return &field.Spec{Length: length, Enc: encoding.Binary, Pref: p}
	}
	ebcdic := func(length int) field.Field {
		return field.NewString(&field.Spec{Length: length, Enc: encoding.EBCDIC, Pref: prefix.BerTLV})
	}
	merchant := field.NewComposite(&field.Spec{Length: 1535, Pref: prefix.Binary.LL, Tag: &field.TagSpec{Enc: encoding.BerTLVTag, Sort: moovsort.StringsByHex, SkipUnknownTLVTags: true},
		Subfields: map[string]field.Field{"01": ebcdic(11), "82": ebcdic(25), "9F04": field.NewHex(raw(0, prefix.BerTLV))}})
	return &iso8583.MessageSpec{Name: "all types", Fields: map[int]field.Field{
		0:  field.NewString(fixed(4, nil)),
		1:  field.NewBitmap(&field.Spec{Enc: encoding.Binary, Pref: prefix.Hex.Fixed}),
		4:  field.NewNumeric(fixed(12, padding.Left('0'))),
		11: field.NewString(fixed(6, padding.Left('0'))),
		22: field.NewComposite(&field.Spec{Length: 8, Pref: prefix.ASCII.Fixed, Tag: &field.TagSpec{Sort: moovsort.StringsByInt}, Subfields: map[string]field.Field{
			"0": field.NewString(fixed(2, nil)), "1": field.NewString(fixed(3, nil)), "3": field.NewNumeric(fixed(3, padding.Left('0')))}}),
		35: field.NewTrack2(ascii(37)), 36: field.NewTrack3(&field.Spec{Length: 104, Enc: encoding.ASCII, Pref: prefix.ASCII.LLL}), 45: field.NewTrack1(ascii(76)),
		48: field.NewComposite(&field.Spec{Length: 999, Pref: prefix.EBCDIC.LLL, Tag: &field.TagSpec{Length: 3, Enc: encoding.EBCDIC, Pad: padding.Left('0'), Sort: moovsort.StringsByInt},
			Subfields: map[string]field.Field{"56": merchant, "1": field.NewString(&field.Spec{Length: 9, Enc: encoding.EBCDIC1047, Pref: prefix.EBCDIC1047.LL})}}),
		52: field.NewBinary(raw(8, prefix.Binary.Fixed)), 53: field.NewBinary(raw(9, prefix.Hex.L)),
		54: field.NewHex(&field.Spec{Length: 9, Enc: encoding.BytesToASCIIHex, Pref: prefix.BCD.LLL}),
		60: field.NewString(ascii(9)), 61: field.NewString(ascii(9)), 62: field.NewString(ascii(9)), 63: field.NewNumeric(ascii(9)),
		127: field.NewComposite(&field.Spec{Length: 99, Pref: prefix.Binary.L, Bitmap: field.NewBitmap(&field.Spec{Length: 2, Enc: encoding.Binary, Pref: prefix.Binary.Fixed, DisableAutoExpand: true}),
			Subfields: map[string]field.Field{"2": field.NewString(ascii(9)), "10": field.NewBinary(raw(9, prefix.Binary.L))}}),
	}}
}

func allTypesValue() *allTypes {
	expiry := time.Date(2028, 12, 1, 0, 0, 0, 0, time.UTC)
	text, amount := "", int64(0)
	track3 := field.NewTrack3(nil)
	track3.FormatCode, track3.PrimaryAccountNumber, track3.DiscretionaryData = "01", "4761739001010119", "724724"
	return &allTypes{
		embedded: embedded{MTI: field.NewStringValue("0200"), F4: 1999}, Pointed: &Pointed{STAN: 42},
		Track1: field.NewTrack1Value("4761739001010119", "CARD/HOLDER", &expiry, "201", "1234", "B", true),
		Track2: field.NewTrack2Value("4761739001010119", &expiry, "201", "1234567890", "D"), Track3: track3,
		F52: field.NewBinaryValue([]byte{1, 2, 3, 4, 5, 6, 7, 8}), F53: []byte{9}, F54: field.NewHexValue("AB00"),
		Named: "label", F62: &text, F63: &amount,
		Sets:  &dataSets{Merchant: &merchantSet{ID: field.NewStringValue("M1"), Legal: "Legal [1]", Type: field.NewHexValue("22")}, Short: field.NewStringValue("short")},
		Fixed: &parts2{F0: field.NewStringValue("AA"), F1: "BBB", F3: field.NewNumericValue(7)},
		Bits:  &byBits{F2: field.NewStringValue("two"), F10: []byte{0xFF}},
	}
}

func TestAllTypesOfMoov(t *testing.T) {
	theirs, ours := sameBytes(t, allTypesSpec(), allTypesValue())
	there, here := allTypes{Pointed: &Pointed{}}, allTypes{}
	require.NoError(t, theirs.Unmarshal(&there))
	require.NoError(t, message.Unmarshal(ours, &here))
	require.Equal(t, there, here)
	require.Equal(t, 42, here.STAN)
	require.Equal(t, "AB00", here.F54.Value())
	require.Equal(t, int64(7), here.Fixed.F3.Value())

	here.Track1.FixedLength = true // moov takes the name's padding off and does not say that there was any
	again := ours.Codec().New()
	require.NoError(t, message.Marshal(again, &here))
	first, err := ours.Pack()
	require.NoError(t, err)
	second, err := again.Pack()
	require.NoError(t, err)
	require.Equal(t, first, second)
}

// Keys count from 0 and leave numbers out; a path means the same part in both.
func TestKeysOfPositionalParts(t *testing.T) {
	m := codecOf(t, allTypesSpec()).New()
	require.NoError(t, m.Unpack([]byte("0200"+"\x00\x00\x04\x00\x00\x00\x00\x00"+"AABBB007")))
	require.Equal(t, "AA", m.Get("22.0").Text())
	require.Equal(t, "BBB", m.Get("22.1").Text())
	require.Equal(t, "007", m.Get("22.3").Text())
}
