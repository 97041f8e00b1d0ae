package message

import (
	"math"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/spec"
)

// structSpec has a field of every kind that a struct may hold.
func structSpec(t testing.TB) *Codec {
	s, err := spec.New(spec.Config{Name: "structs", Encoding: spec.ASCII, Fields: []spec.Field{
		{Number: 2, Format: "n..19", Mask: spec.MaskPAN},
		{Number: 3, Format: "n 6"},
		{Number: 4, Format: "n 12"},
		{Number: 7, Format: "n 10", Time: "MMDDhhmmss"},
		{Number: 8, Format: "ans 8"},
		{Number: 9, Format: "an 1"},
		{Number: 10, Format: "b 64"},
		{Number: 11, Format: "n 20"},
		{Number: 12, Format: "b..99"},
		{Number: 13, Format: "ans..40"},
		{Number: 14, Format: "x+n 8"},
		{Number: 15, Format: "n 1"},
		{Number: 40, Format: "ans...99", Layout: &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{
			{Number: 1, Format: "n 2"}, {Number: 2, Format: "n 3"}, {Number: 3, Format: "an 4"}, {Number: 4, Format: "ans..5"}}}},
		{Number: 41, Format: "ans...99", Layout: &spec.Layout{Kind: spec.Positional, Fill: true, Fields: []spec.Field{
			{Number: 1, Format: "n 2"}, {Number: 2, Format: "n 3"}, {Number: 3, Format: "an 4"}}}},
		{Number: 48, Format: "ans...999", Layout: &spec.Layout{Kind: spec.Tagged, Tag: spec.TagFormat{Digits: 2}, Fields: []spec.Field{
			{Tag: "A1", Format: "ans..20"}, {Tag: "A2", Format: "n..9"}, {Tag: "A3", Format: "ans..40", Layout: &spec.Layout{
				Kind: spec.Positional, Fields: []spec.Field{{Number: 1, Format: "n 2"}, {Number: 2, Format: "ans..20", ToEnd: true}}}},
		}, Unknown: &spec.Field{Format: "ans..99"}}},
		{Number: 55, Format: "b...255", Layout: &spec.Layout{Kind: spec.BERTLV, Fields: []spec.Field{
			{Tag: "9A", Format: "b 24", Time: "YYMMDD"}, {Tag: "82", Format: "b 16"}, {Tag: "9F02", Format: "b 48"}, {Tag: "9F26", Format: "b 64"}, {Tag: "71", Format: "b..99"}}}},
		{Number: 60, Format: "n..40", Encoding: spec.BCD, Layout: &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{
			{Number: 1, Format: "n 2"}, {Number: 2, Format: "n 6"}, {Number: 3, Format: "n 3"}}}},
		{Number: 61, Format: "ans...99", Layout: &spec.Layout{Kind: spec.Repeated, Fields: []spec.Field{
			{Number: 1, Format: "n 2"}, {Number: 2, Format: "an 3"}}}},
		{Number: 62, Format: "b...99", Layout: &spec.Layout{Kind: spec.Bitmapped, Bitmap: spec.Bitmap{Encoding: spec.Raw, Bytes: 1, Plain: true}, Fields: []spec.Field{
			{Number: 1, Format: "n 2"}, {Number: 3, Format: "b 16", Encoding: spec.Raw}, {Number: 8, Format: "ans..9"}}}},
		{Number: 63, Format: "ans...99", Cases: []spec.Case{
			{Path: "3", Values: []string{"000001"}, Layout: &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{{Number: 1, Format: "n 4"}}}},
			{Path: "3", Values: []string{"000002"}, Layout: &spec.Layout{Kind: spec.Tagged, Tag: spec.TagFormat{Digits: 2}, Fields: []spec.Field{{Tag: "B1", Format: "ans..9"}}}},
		}},
	}})
	require.NoError(t, err)
	return MustCompile(s)
}

type named string

type roomy struct { // every kind at the top level
	MTI      string     `iso8583:"0"`
	PAN      named      `iso8583:"2"`
	Code     *string    `iso8583:"3"`
	Amount   int64      `iso8583:"4"`
	Sent     time.Time  `iso8583:"7"`
	Address  netip.Addr `iso8583:"13"`
	Flag     bool       `iso8583:"9,keepzero"`
	Block    [8]byte    `iso8583:"10"`
	Counter  uint64     `iso8583:"11"`
	Raw      []byte     `iso8583:"12"`
	Net      int        `iso8583:"14"`
	F15      *uint8
	Parts    positional               `iso8583:"40"`
	Entries  *taggedParts             `iso8583:"48"`
	Chip     *chip                    `index:"55" iso8583:"56"`
	Private  struct{ F1, F2, F3 int } `iso8583:"60"`
	Records  []record                 `iso8583:"61"`
	Bits     bitmapped                `iso8583:"62"`
	Fee      string
	Ignored  chan int `iso8583:"-"`
	internal int
}

type positional struct {
	First  int    `iso8583:"1"`
	Second *int   `iso8583:"2"`
	Third  string `iso8583:"3"`
	Fourth string `iso8583:"4"`
}

type taggedParts struct {
	Texts []string `iso8583:"A1"`
	FA2   int32
	Inner []*struct {
		F1 int
		F2 string
	} `iso8583:"A3"`
	Other string `iso8583:"ZZ"`
}

type chip struct {
	Date       *time.Time `iso8583:"9A"`
	F82        []byte
	F9F02      string
	Scripts    [][]byte `iso8583:"71"`
	Unlisted   string   `iso8583:"9f34"`
	Cryptogram *[8]byte `iso8583:"9F26"`
}

type record struct {
	F1 int
	F2 string
}

type bitmapped struct {
	Eighth string  `iso8583:"8"`
	Third  [2]byte `iso8583:"3"`
	First  string  `iso8583:"1"`
}

func pointer[T any](v T) *T { return &v }

var roomyRef = time.Date(2026, 11, 23, 6, 30, 15, 0, time.UTC)

func fullRoomy() *roomy {
	r := &roomy{MTI: "0200", PAN: "4761739001010119", Code: pointer("000001"), Amount: 1999, Sent: roomyRef, Address: netip.MustParseAddr("192.0.2.7"),
		Flag: true, Block: [8]byte{1, 2, 3, 4, 5, 6, 7, 8}, Counter: math.MaxUint64, Raw: []byte{0xAB, 0}, Net: -42, F15: pointer(uint8(0)),
		Parts:   positional{First: 7, Second: pointer(8), Third: "abcd", Fourth: "xyz"},
		Entries: &taggedParts{Texts: []string{"one", "two"}, FA2: 77, Other: "other"},
		Chip: &chip{Date: pointer(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)), F82: []byte{0x5C, 0}, F9F02: "000000001999",
			Scripts: [][]byte{{1}, {2, 3}}, Unlisted: "1E0300", Cryptogram: &[8]byte{9}},
		Records: []record{{1, "abc"}, {2, "def"}},
		Bits:    bitmapped{Eighth: "last", Third: [2]byte{0xFF, 0xFE}, First: "05"},
	}
	r.Private.F1, r.Private.F2, r.Private.F3 = 22, 1, 3
	r.Entries.Inner = append(r.Entries.Inner, &struct {
		F1 int
		F2 string
	}{5, "five"})
	return r
}

func TestMarshalAndBack(t *testing.T) {
	c := structSpec(t)
	in := fullRoomy()
	m := c.New()
	require.NoError(t, Marshal(m, in))
	wire, err := m.Pack()
	require.NoError(t, err)

	for path, want := range map[string]string{
		"2": "4761739001010119", "3": "000001", "4": "000000001999", "7": "1123063015", "9": "1", "10": "0102030405060708", "11": "18446744073709551615",
		"12": "AB00", "13": "192.0.2.7", "14": "D00000042", "15": "0", "40.1": "07", "40.2": "008", "40.3": "abcd", "40.4": "xyz",
		"48.A1": "one", "48.A1[2]": "two", "48.A2": "77", "48.A3": "05five", "48.A3.2": "five", "48.ZZ": "other",
		"55.9A": "261123", "55.82": "5C00", "55.9F02": "000000001999", "55.71": "01", "55.71[2]": "0203", "55.9F34": "1E0300", "55.9F26": "0900000000000000",
		"60": "22000001003", "60.2": "000001", "61.2[2]": "def", "62": "A13035FFFE30346C617374", "62.3": "FFFE",
	} {
		require.Equal(t, want, m.Get(path).Text(), path)
	}

	back := c.New()
	require.NoError(t, back.Unpack(wire))
	var out roomy
	require.NoError(t, UnmarshalAt(back, &out, roomyRef))
	require.Equal(t, in, &out)

	byValue := c.New()
	require.NoError(t, Marshal(byValue, *in))
	again, err := byValue.Pack()
	require.NoError(t, err)
	require.Equal(t, wire, again)

	require.NoError(t, Marshal(back, &out)) // into the message it came from
	same, err := back.Pack()
	require.NoError(t, err)
	require.Equal(t, wire, same)
}

func TestUnmarshalLeavesNothingStale(t *testing.T) {
	c := structSpec(t)
	m := c.New()
	require.NoError(t, m.SetMTI("0200"))
	out := fullRoomy()
	out.Fee, out.internal = "kept", 7
	require.NoError(t, Unmarshal(m, out))
	require.Equal(t, &roomy{MTI: "0200", Fee: "kept", internal: 7}, out)

	out = fullRoomy()
	require.NoError(t, m.SetPath("48.A2", "5"))
	require.NoError(t, m.SetPath("55.82", "5C00"))
	require.NoError(t, m.Set(61, "01abc"))
	require.NoError(t, Unmarshal(m, out))
	require.Equal(t, &roomy{MTI: "0200", Entries: &taggedParts{FA2: 5}, Chip: &chip{F82: []byte{0x5C, 0}}, Records: []record{{1, "abc"}}}, out)
}

func TestUnmarshalReplacesSlices(t *testing.T) {
	c := structSpec(t)
	m := c.New()
	require.NoError(t, Marshal(m, fullRoomy()))
	out := fullRoomy()
	out.Entries.Texts, out.Records = []string{"a", "b", "c"}, make([]record, 5)
	out.Chip.Scripts = append(out.Chip.Scripts, []byte{9})
	require.NoError(t, UnmarshalAt(m, out, roomyRef))
	require.Equal(t, fullRoomy(), out)
}

func TestSmallestNumber(t *testing.T) {
	s, err := spec.New(spec.Config{Name: "signed", Fields: []spec.Field{{Number: 4, Format: "x+n 20"}}})
	require.NoError(t, err)
	type signed struct{ F4 int64 }
	m := MustCompile(s).New()
	require.NoError(t, Marshal(m, &signed{math.MinInt64}))
	require.Equal(t, "D09223372036854775808", m.Field(4).Text())
	var out signed
	require.NoError(t, Unmarshal(m, &out))
	require.Equal(t, int64(math.MinInt64), out.F4)
	require.ErrorIs(t, Unmarshal(m, &struct{ F4 int32 }{}), ErrTooLong)
}

func TestMarshalSkipsZeroValues(t *testing.T) {
	c := structSpec(t)
	type zeros struct {
		F2  string
		F3  int    `index:"3,keepzero"`
		F4  *int64 // not nil
		F8  string `iso8583:",keepzero"`
		F9  *bool  `iso8583:"9,keepzero"` // nil
		F12 []byte
		F13 string     `iso8583:"13,keepzero"`
		F40 positional `iso8583:"40"`
		F41 *struct{ F1 int }
		F61 []record
	}
	m := c.New()
	require.NoError(t, m.Set(2, "1"))
	require.NoError(t, Marshal(m, &zeros{F4: new(int64)}))
	got := map[int]string{}
	for number := range m.Numbers() {
		got[number] = m.Field(number).Text()
	}
	require.Equal(t, map[int]string{2: "1", 3: "000000", 4: "000000000000", 8: "        ", 9: "0", 13: ""}, got)
}

type base struct {
	MTI  string `iso8583:"0"`
	STAN int    `iso8583:"3"`
}

type Terminal struct {
	ID string `iso8583:"8"`
}

type hidden struct{ F4 int }

func TestEmbeddedStructs(t *testing.T) {
	c := structSpec(t)
	type middle struct {
		base
		*Terminal
	}
	type chipBase struct{ F9F26 string }
	type sale struct {
		middle
		hidden
		F2   string
		Chip struct {
			chipBase
			F82 string
		} `iso8583:"55"`
	}
	in := sale{F2: "1"}
	in.MTI, in.STAN, in.F4 = "0200", 5, 6
	m := c.New()
	require.NoError(t, Marshal(m, &in))
	require.False(t, m.Has(8))
	in.Terminal = &Terminal{ID: "TERM0001"}
	in.Chip.F9F26, in.Chip.F82 = "0102030405060708", "5C00"
	require.NoError(t, Marshal(m, &in))
	var out sale
	require.NoError(t, Unmarshal(m, &out))
	require.Equal(t, in, out)
	m.Unset(8)
	var without sale
	require.NoError(t, Unmarshal(m, &without))
	require.Nil(t, without.Terminal)
	require.NoError(t, Unmarshal(m, &out))
	require.Equal(t, &Terminal{}, out.Terminal)
}

func TestMarshalKeepsTheOtherParts(t *testing.T) {
	c := structSpec(t)
	m := c.New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.Set(55, "9F3401119F028106000000000001DF0101AA71010171010200"))
	type part struct {
		F9F02 string
		F82   string
		F71   [][]byte
	}
	type chipped struct {
		F55 part
	}
	require.NoError(t, Marshal(m, &chipped{part{F9F02: "000000000001"}}))
	require.Equal(t, "9F3401119F028106000000000001DF0101AA71010171010200", m.Field(55).Text(), "nothing changes")
	require.NoError(t, Marshal(m, &chipped{part{F9F02: "000000000002", F82: "5C00", F71: [][]byte{{7}}}}))
	require.Equal(t, "9F3401119F0206000000000002DF0101AA7101070082025C00", m.Field(55).Text())

	require.NoError(t, m.Set(62, "A13035FFFE30346C617374"))
	require.NoError(t, Marshal(m, &struct{ F62 struct{ F3 string } }{struct{ F3 string }{"0102"}}))
	require.Equal(t, "A13035010230346C617374", m.Field(62).Text())
	require.NoError(t, m.Set(40, "01002abcd"))
	require.NoError(t, Marshal(m, &struct{ F40 struct{ F2 int } }{struct{ F2 int }{9}}))
	require.Equal(t, "01009abcd", m.Field(40).Text())
}

func TestPositionalGaps(t *testing.T) {
	c := structSpec(t)
	m := c.New()
	require.NoError(t, Marshal(m, &struct{ F40 positional }{positional{Second: pointer(2)}}))
	require.Equal(t, "00002", m.Field(40).Text(), "a zero before a part that is set is written")

	err := Marshal(c.New(), &struct{ F40 positional }{positional{Third: "abcd"}})
	require.ErrorIs(t, err, ErrMissing)
	require.ErrorContains(t, err, "40.2")

	m = c.New()
	require.NoError(t, Marshal(m, &struct{ F41 struct{ F3 string } }{struct{ F3 string }{"abcd"}}))
	require.Equal(t, "00000abcd", m.Field(41).Text(), "the layout fills gaps")
}

func TestPartsThatDependOnAnotherField(t *testing.T) {
	c := structSpec(t)
	type either struct {
		F63 struct {
			F1  int
			FB1 string
		}
		F3 string
	}
	for code, want := range map[string]string{"000001": "0005", "000002": "B103abc"} {
		in := either{F3: code}
		if code == "000001" {
			in.F63.F1 = 5
		} else {
			in.F63.FB1 = "abc"
		}
		m := c.New()
		require.NoError(t, Marshal(m, &in))
		require.Equal(t, want, m.Field(63).Text())
		var out either
		require.NoError(t, Unmarshal(m, &out))
		require.Equal(t, in, out)
	}
	in := either{F3: "000003"}
	in.F63.F1 = 5
	require.ErrorIs(t, Marshal(c.New(), &in), ErrType)
	in.F3 = "000002"
	require.ErrorIs(t, Marshal(c.New(), &in), ErrTag)
	m := c.New()
	require.NoError(t, m.Set(3, "000003"))
	require.NoError(t, m.Set(63, "0005"))
	require.ErrorIs(t, Unmarshal(m, &in), ErrType)
}

func TestNumbersOfEverySize(t *testing.T) {
	c := structSpec(t)
	type sizes struct {
		F3  int8
		F4  int32
		F11 uint64
		F14 int16
		F2  uint32
		F8  int64
	}
	in := sizes{math.MaxInt8, math.MaxInt32, 0, math.MinInt16, math.MaxUint32, 99}
	m := c.New()
	require.NoError(t, Marshal(m, &in))
	require.Equal(t, "99      ", m.Field(8).Text())
	var out sizes
	require.NoError(t, Unmarshal(m, &out))
	require.Equal(t, in, out)
}

func TestStructsOfPublishedFrames(t *testing.T) {
	type signIn struct {
		MTI     string `iso8583:"0"`
		STAN    int    `iso8583:"11"`
		Private *struct {
			Kind  int `iso8583:"1"`
			Batch int `iso8583:"2"`
		} `iso8583:"60"`
		Chip *struct {
			ARQC [8]byte `iso8583:"9F26"`
			Rest []byte  `iso8583:"9F10"`
		} `iso8583:"55"`
	}
	read := 0
	for _, f := range unionPayFrames(t) {
		m := unpacked(t, f)
		var v signIn
		if err := Unmarshal(m, &v); err != nil {
			require.ErrorIs(t, err, ErrType, f.name)
			continue
		}
		read++
		require.NoError(t, Marshal(m, &v), f.name)
		wire, err := m.Pack()
		require.NoError(t, err, f.name)
		require.Equal(t, f.wire, wire, "what was read changes nothing: %s", f.name)
	}
	require.Greater(t, read, 20)
}

func TestOnePlanInManyGoroutines(t *testing.T) {
	c := structSpec(t)
	m := c.New()
	in := fullRoomy()
	require.NoError(t, Marshal(m, in))
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				var out roomy
				if err := UnmarshalAt(m, &out, roomyRef); err != nil || out.Parts.Third != "abcd" {
					t.Error(err)
				}
				if err := Marshal(c.New(), &out); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}

type flat struct {
	MTI    string    `iso8583:"0"`
	PAN    string    `iso8583:"2"`
	Code   string    `iso8583:"3"`
	Amount int64     `iso8583:"4"`
	Sent   time.Time `iso8583:"7"`
	Name   string    `iso8583:"8"`
	Block  [8]byte   `iso8583:"10"`
	Count  *uint64   `iso8583:"11"`
	Raw    []byte    `iso8583:"12"`
	Net    int       `iso8583:"14"`
}

func TestStructAllocations(t *testing.T) {
	c := structSpec(t)
	in := &flat{"0200", "4761739001010119", "000000", 1999, roomyRef, "TERM0001", [8]byte{1}, pointer(uint64(7)), []byte{1, 2}, -3}
	m := c.New()
	require.NoError(t, Marshal(m, in))
	require.Zero(t, testing.AllocsPerRun(100, func() {
		m.Reset()
		if Marshal(m, in) != nil {
			t.Fatal(m.Err())
		}
	}), "Marshal")
	var out flat
	require.NoError(t, UnmarshalAt(m, &out, roomyRef))
	require.Equal(t, *in, out)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if err := UnmarshalAt(m, &out, roomyRef); err != nil {
			t.Fatal(err)
		}
	}), "Unmarshal of the same strings")
	out.PAN = ""
	require.EqualValues(t, 1, testing.AllocsPerRun(100, func() {
		out.PAN = ""
		if err := UnmarshalAt(m, &out, roomyRef); err != nil {
			t.Fatal(err)
		}
	}), "one new string")

	full := fullRoomy()
	full.Address = netip.Addr{} // its UnmarshalText allocates
	nested := c.New()
	require.NoError(t, Marshal(nested, full))
	var back roomy
	require.NoError(t, UnmarshalAt(nested, &back, roomyRef))
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if err := UnmarshalAt(nested, &back, roomyRef); err != nil {
			t.Fatal(err)
		}
	}), "nested structs, slices and pointers")
}
