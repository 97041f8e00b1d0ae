package emv

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// field55 is 147 bytes of a chip sale, the message the benchmarks use too.
const field55 = "5F2A0208405F340101820259008407A0000000031010950580000480009A032501319C01009F02060000000123459F0306000000000000" +
	"9F0902008C9F10120110A04003223000000000001126980002FF9F1A0208409F1E0831323334353637389F2608769577B5ABE9FE629F270180" +
	"9F3303E0F8C89F34031E03009F3501229F36020FFF9F370452BF45859F410400000123"

// twoApplications is a PPSE answer with the template 61 twice.
const twoApplications = "6F3B840E325041592E5359532E4444463031A529BF0C2661104F07A0000000421010500243428701016112" +
	"4F07A0000000031010500456495341870102"

func TestAllKeepsOrderDuplicatesAndPadding(t *testing.T) {
	d := TLV(unhex(t, "00009F360200010000DF01009F360200020000"))
	var tags []Tag
	for tag, v := range d.All() {
		tags = append(tags, tag)
		require.Equal(t, len(v), cap(v), "an append to a value must not run into its neighbour")
	}
	require.Equal(t, []Tag{0x9F36, 0xDF01, 0x9F36}, tags)

	var values []Value
	for v := range d.GetAll(0x9F36) {
		values = append(values, v)
	}
	require.Equal(t, []Value{{0, 1}, {0, 2}}, values)

	empty, ok := d.Get(0xDF01)
	require.True(t, ok, "an empty value is a value")
	require.Empty(t, empty)
	_, ok = d.Get(0xDF02)
	require.False(t, ok)
}

func TestAllStopsWhereTheBodyBreaks(t *testing.T) {
	d := TLV(unhex(t, twoApplications))
	steps := 0
	for range d.Walk() {
		steps++
		if steps == 3 {
			break
		}
	}
	require.Equal(t, 3, steps)
	for range TLV(unhex(t, field55)).All() {
		break
	}
	for range TLV(unhex(t, "9F360200019F36020002")).GetAll(0x9F36) {
		break
	}
}

func TestFindTriesEveryRepetition(t *testing.T) {
	d := TLV(unhex(t, twoApplications))
	v, ok := d.Find(0x6F, 0xA5, 0xBF0C, 0x61, 0x4F)
	require.True(t, ok)
	require.Equal(t, unhex(t, "A0000000421010"), []byte(v))

	onlyInTheSecond := TLV(unhex(t, "61035001416103870102"))
	v, ok = onlyInTheSecond.Find(0x61, 0x87)
	require.True(t, ok)
	require.Equal(t, Value{2}, v)

	_, ok = d.Find(0x6F, 0x84, 0x61)
	require.False(t, ok)
	_, ok = d.Find()
	require.False(t, ok)
	v, ok = d.Lookup(0x87)
	require.True(t, ok)
	require.Equal(t, Value{1}, v)
	_, ok = d.Lookup(0x9F38)
	require.False(t, ok)
}

func TestWalkGoesOnBehindATemplateThatHoldsNoObjects(t *testing.T) {
	d := TLV(unhex(t, "650AAACAADDEDFEDACADEEEE7003870101"))
	var paths []string
	for path := range d.Walk() {
		paths = append(paths, path.String())
	}
	require.Equal(t, []string{"65", "70", "70/87"}, paths)
	v, ok := d.Lookup(0x87)
	require.True(t, ok)
	require.Equal(t, Value{1}, v)
	_, ok = TLV(unhex(t, "65048201AA9F")).Lookup(0x82)
	require.False(t, ok, "what only looks like an object for a while is none")
}

func TestDepthIsLimited(t *testing.T) {
	nested := []byte{0x82, 0}
	for range 40 {
		nested = AppendTLV(nil, 0x70, nested)
	}
	err := TLV(nested).Validate(nil)
	require.ErrorIs(t, err, ErrTooDeep)
	_, err = Parse(nested, nil)
	require.ErrorIs(t, err, ErrTooDeep)
	require.NoError(t, TLV(nested).Validate(&ParseOptions{MaxDepth: 50}))
	steps := 0
	for path := range TLV(nested).Walk() {
		steps++
		require.LessOrEqual(t, len(path), 16)
	}
	require.Equal(t, 16, steps)
	_, ok := TLV(nested).Lookup(0x82)
	require.False(t, ok)
}

func TestFaultSaysWhere(t *testing.T) {
	var fault *SyntaxError
	err := TLV(unhex(t, "8201006F0AA5089F3802A101A10200")).Validate(nil)
	require.ErrorAs(t, err, &fault)
	require.Equal(t, SyntaxError{Offset: 14, Part: "value", Tag: 0xA1, Path: Path{0x6F, 0xA5}, Err: ErrTruncated}, *fault)
	require.EqualError(t, err, "emv: truncated: value at offset 14 of tag A1 in 6F/A5")

	for length, masked := range map[byte]bool{0xA1: true, 0xC1: true, 0xE3: true, 0xA0: false, 0xA4: false, 0x84: false} {
		err = TLV{0x57, length, 0x13, 0x54}.Validate(nil)
		require.Equal(t, masked, errors.Is(err, ErrMaskedLength))
		require.ErrorIs(t, err, ErrLengthOfLength)
	}
}

func TestNext(t *testing.T) {
	b := unhex(t, "009C01019F0200")
	tag, v, rest, err := Next(b)
	require.NoError(t, err)
	require.Equal(t, Tag(0x9C), tag)
	require.Equal(t, Value{1}, v)
	tag, v, rest, err = Next(rest)
	require.NoError(t, err)
	require.Equal(t, Tag(0x9F02), tag)
	require.Empty(t, v)
	tag, _, rest, err = Next(rest)
	require.NoError(t, err)
	require.Zero(t, tag)
	require.Empty(t, rest)

	_, _, rest, err = Next([]byte{0, 0x9C, 0x05, 1})
	var fault *SyntaxError
	require.ErrorAs(t, err, &fault)
	require.Equal(t, 3, fault.Offset)
	require.Len(t, rest, 4)
}

func TestDecoder(t *testing.T) {
	d := NewDecoder(unhex(t, "009C01019F02020304005702"), nil)
	require.True(t, d.Next())
	require.Equal(t, Tag(0x9C), d.Tag())
	require.Equal(t, 3, d.Offset())
	require.True(t, d.Next())
	require.Equal(t, Value{3, 4}, d.Value())
	require.False(t, d.Next())
	require.False(t, d.Next())
	require.ErrorIs(t, d.Err(), ErrTruncated)

	var zero Decoder
	require.False(t, zero.Next())
	require.NoError(t, zero.Err())
	require.Empty(t, zero.Value())
}

func TestSkipFF(t *testing.T) {
	o := &ParseOptions{SkipFF: true}
	for name, c := range map[string]struct {
		hex  string
		tags []Tag
	}{
		"run before an object":         {"FFFFFF9C0101", []Tag{0x9C}},
		"single before an object":      {"FF9C0101", []Tag{0x9C}},
		"to the end":                   {"9C0101FFFF", []Tag{0x9C}},
		"single at the end":            {"9C0101FF", []Tag{0x9C}},
		"kernel 2 template":            {"FF81060ADF811506000000000000", []Tag{0xFF8106}},
		"template behind a value FF":   {"9C01FFFF81060ADF811506000000000000", []Tag{0x9C, 0xFF8106}},
		"empty template of our own":    {"FF0100", []Tag{0xFF01}},
		"run before what reads as tag": {"FFFF8101028200", []Tag{0x81, 0x82}},
		"no template by its inside":    {"FF8103018201", []Tag{0x81}},
		"mixed with zeros at the end":  {"9C0101FF00FFFF00", []Tag{0x9C}},
	} {
		t.Run(name, func(t *testing.T) {
			d := NewDecoder(unhex(t, c.hex), o)
			var tags []Tag
			for d.Next() {
				tags = append(tags, d.Tag())
			}
			require.NoError(t, d.Err())
			require.Equal(t, c.tags, tags)
			tree, err := Parse(unhex(t, c.hex), o)
			require.NoError(t, err)
			require.Equal(t, unhex(t, c.hex), tree.Append(nil))
		})
	}
}

func TestReadingDoesNotAllocate(t *testing.T) {
	d := TLV(unhex(t, field55))
	ppse := TLV(unhex(t, twoApplications))
	var sum int
	for name, read := range map[string]func(){
		"All": func() {
			for tag, v := range d.All() {
				sum += int(tag) + len(v)
			}
		},
		"Get":      func() { v, _ := d.Get(0x9F41); sum += len(v) },
		"Find":     func() { v, _ := ppse.Find(0x6F, 0xA5, 0xBF0C, 0x61, 0x50); sum += len(v) },
		"Lookup":   func() { v, _ := ppse.Lookup(0x87); sum += len(v) },
		"Validate": func() { sum += len(d); _ = d.Validate(nil) },
		"Decoder": func() {
			for dec := NewDecoder(d, nil); dec.Next(); {
				sum += len(dec.Value())
			}
		},
	} {
		require.Zero(t, testing.AllocsPerRun(100, read), name)
	}
}

func TestBuildingDoesNotAllocate(t *testing.T) {
	buf, value := make([]byte, 0, 512), make([]byte, 130)
	n := 0
	for name, build := range map[string]func(){
		"AppendTLV":  func() { n += len(AppendTLV(AppendTLV(buf, 0x9F26, value[:8]), 0x70, value)) },
		"AppendN":    func() { b, _ := AppendN(buf, 0x9F02, 1999, 6); n += len(b) },
		"AppendCN":   func() { b, _ := AppendCN(buf, 0x5A, "6226220010071367"); n += len(b) },
		"AppendDate": func() { b, _ := AppendDate(buf, 0x9A, Date{2026, 7, 31}); n += len(b) },
		"AppendTemplate": func() {
			n += len(AppendTemplate(buf, 0x70, func(dst []byte) []byte { return AppendTLV(dst, 0x5A, value) }))
		},
	} {
		require.Zero(t, testing.AllocsPerRun(100, build), name)
	}
}

func TestAppendTemplate(t *testing.T) {
	for _, n := range []int{0, 1, 127, 128, 255, 256, 65535, 65536} {
		v := bytes.Repeat([]byte{0x5A}, n)
		got := AppendTemplate([]byte{1}, 0x70, func(dst []byte) []byte { return append(dst, v...) })
		require.Equal(t, AppendTLV([]byte{1}, 0x70, v), got, "%d bytes", n)
		tag, back, rest, err := Next(got[1:])
		require.NoError(t, err)
		require.Equal(t, Tag(0x70), tag)
		require.Equal(t, v, []byte(back))
		require.Empty(t, rest)
	}
}

func TestAppendDigits(t *testing.T) {
	b, err := AppendN(nil, 0x9F02, 1999, 6)
	require.NoError(t, err)
	require.Equal(t, unhex(t, "9F0206000000001999"), b)
	b, err = AppendN(b[:0], 0x9F02, 999999999999, 6)
	require.NoError(t, err)
	require.Equal(t, unhex(t, "9F0206999999999999"), b)
	b, err = AppendN([]byte{7}, 0x9F02, 1000000000000, 6)
	require.ErrorIs(t, err, ErrDigits)
	require.Equal(t, []byte{7}, b)
	_, err = AppendN(nil, 0x9F02, 1<<64-1, 10)
	require.NoError(t, err)
	_, err = AppendN(nil, 0x9F02, 0, -1)
	require.ErrorIs(t, err, ErrDigits)

	b, err = AppendCN(nil, 0x5A, "123456789")
	require.NoError(t, err)
	require.Equal(t, unhex(t, "5A05123456789F"), b)
	_, err = AppendCN(nil, 0x5A, "12345678A")
	require.ErrorIs(t, err, ErrDigits)
	require.NotContains(t, err.Error(), "1234")
}

func TestTag(t *testing.T) {
	for text, want := range map[string]Tag{"82": 0x82, "9f02": 0x9F02, "DF8129": 0xDF8129, "9F816E": 0x9F816E, "9F818101": 0x9F818101} {
		got, err := ParseTag(text)
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.True(t, got.Valid())
		var back Tag
		encoded, err := got.MarshalText()
		require.NoError(t, err)
		require.NoError(t, back.UnmarshalText(encoded))
		require.Equal(t, want, back)
	}
	for _, text := range []string{"", "0", "00", "9F", "8201", "9F8A", "9F020", "xx", "9F81818101", "008A"} {
		_, err := ParseTag(text)
		require.Error(t, err, text)
	}
	require.Equal(t, ClassPrivate, Tag(0xDF8129).Class())
	require.Equal(t, "context-specific", Tag(0x9F02).Class().String())
	require.True(t, Tag(0xBF0C).Constructed())
	require.False(t, Tag(0x9F02).Constructed())
	require.Equal(t, "00", Tag(0).String())
}

// TestTagForms holds tags of every number of octets: which are one whole tag, their octets, their class.
func TestTagForms(t *testing.T) {
	for tag, c := range map[Tag]struct {
		valid       bool
		text        string
		class       string
		constructed bool
	}{
		0x00:       {false, "00", "universal", false},
		0x04:       {true, "04", "universal", false},
		0x30:       {true, "30", "universal", true},
		0x5A:       {true, "5A", "application", false},
		0x82:       {true, "82", "context-specific", false},
		0xE1:       {true, "E1", "private", true},
		0x1F:       {false, "1F", "universal", false}, // more octets should follow
		0x9F02:     {true, "9F02", "context-specific", false},
		0x5A01:     {false, "5A01", "application", false}, // none should
		0x9F81:     {false, "9F81", "context-specific", false},
		0xDF8129:   {true, "DF8129", "private", false},
		0xDF2901:   {false, "DF2901", "private", false},
		0xDF8181:   {false, "DF8181", "private", false},
		0x9F816E:   {true, "9F816E", "context-specific", false},
		0xDF818201: {true, "DF818201", "private", false},
		0xBF818201: {true, "BF818201", "context-specific", true},
		0xDF810201: {false, "DF810201", "private", false},
		0xDF018201: {false, "DF018201", "private", false},
		0xDF818281: {false, "DF818281", "private", false},
	} {
		require.Equal(t, c.valid, tag.Valid(), c.text)
		require.Equal(t, c.text, tag.String())
		require.Equal(t, append([]byte{9}, unhex(t, c.text)...), tag.Append([]byte{9}))
		require.Equal(t, len(c.text)/2, tag.Len())
		require.Equal(t, c.class, tag.Class().String(), c.text)
		require.Equal(t, c.constructed, tag.Constructed(), c.text)
		parsed, err := ParseTag(c.text)
		require.Equal(t, c.valid, err == nil, c.text)
		if c.valid {
			require.Equal(t, tag, parsed)
		}
	}
	require.Equal(t, "class 9", Class(9).String())
	for _, s := range []string{"", "9", "9F0", "9F0G", "DF81828301"} {
		_, err := ParseTag(s)
		require.Error(t, err, s)
	}
}

// TestIteratorsStop holds that whoever has seen enough is told no more.
func TestIteratorsStop(t *testing.T) {
	d := TLV(unhex(t, "71099F1804000000018600"+"7205860186860187"+"9F3602000A"))
	first := func(seq func(yield func() bool)) int {
		n := 0
		seq(func() bool { n++; return false })
		return n
	}
	list, err := DOL(unhex(t, "9F37049F0206")).Split(make([]byte, 10))
	require.NoError(t, err)
	for name, seq := range map[string]func(yield func() bool){
		"All":  func(yield func() bool) { d.All()(func(Tag, Value) bool { return yield() }) },
		"Walk": func(yield func() bool) { d.Walk()(func(Path, Value) bool { return yield() }) },
		"GetAll": func(yield func() bool) {
			TLV(unhex(t, "860186860187")).GetAll(0x86)(func(Value) bool { return yield() })
		},
		"Scripts":  func(yield func() bool) { Scripts(d)(func(Script) bool { return yield() }) },
		"Commands": func(yield func() bool) { Script{Data: d[13:]}.Commands()(func(ScriptCommand) bool { return yield() }) },
		"Split":    func(yield func() bool) { list(func(Tag, Value) bool { return yield() }) },
		"Entries": func(yield func() bool) {
			DOL(unhex(t, "9F37049F0206")).Entries()(func(Tag, int) bool { return yield() })
		},
		"Records": func(yield func() bool) {
			(AFL{0x08, 1, 2, 0, 0x10, 1, 1, 0}).Records()(func(RecordRef) bool { return yield() })
		},
		"Rules": func(yield func() bool) {
			CVMList(unhex(t, "0000000000000000420344031F00")).Rules()(func(int, CVRule) bool { return yield() })
		},
		"Bits": func(yield func() bool) { (TVR{0xFF}).Bits()(func(TVRBit) bool { return yield() }) },
		"Tags": func(yield func() bool) { Tags()(func(Info) bool { return yield() }) },
	} {
		require.Equal(t, 1, first(seq), name)
	}
	for name, fault := range map[string]struct {
		list string
		data int
		want error
	}{
		"list cut":  {"9F37", 0, ErrTruncated},
		"too short": {"9F3704", 3, ErrLength},
		"too long":  {"9F3704", 5, ErrLength},
	} {
		_, err := DOL(unhex(t, fault.list)).Split(make([]byte, fault.data))
		require.ErrorIs(t, err, fault.want, name)
	}
	require.Equal(t, "emv: wrong length at offset 0", (&ValueError{Err: ErrLength}).Error())
	require.Equal(t, "emv: tag 9F02: wrong length at offset 3", (&ValueError{Tag: 0x9F02, Offset: 3, Err: ErrLength}).Error())
}

func TestTreeEdits(t *testing.T) {
	wire := unhex(t, "0070810D5F2A8102015600009F3602000A0000")
	tree, err := Parse(wire, nil)
	require.NoError(t, err)
	require.Equal(t, wire, tree.Append(nil))

	clear(wire)
	tree.Find(0x70, 0x5F2A).Value = []byte{0x08, 0x40}
	require.Equal(t, unhex(t, "0070810D5F2A8102084000009F3602000A0000"), tree.Append(nil), "the tree owns its memory")

	record := &tree.Find(0x70).Children
	require.Equal(t, 1, record.Delete(0x9F36))
	require.Equal(t, 0, record.Delete(0x9F36))
	record.Set(0x5F2A, bytes.Repeat([]byte{1}, 130))
	record.Set(0x9F35, []byte{0x22})
	want := slices.Concat(unhex(t, "0070818C5F2A8182"), bytes.Repeat([]byte{1}, 130), unhex(t, "00009F3501220000"))
	require.Equal(t, want, tree.Append(nil))
	record.Set(0x5F2A, make([]byte, 300))
	require.Equal(t, unhex(t, "00708201375F2A82012C00"), tree.Append(nil)[:11], "a form too small gives way")
	require.Nil(t, tree.Find(0x70, 0x9F36))
	require.Nil(t, tree.Find())
}

func TestTwoByteTags(t *testing.T) {
	o := &ParseOptions{TwoByte9F8: true}
	for tag, valid := range map[string]bool{"9F80": true, "9F8F": true, "9F90": false, "DF80": false} {
		err := TLV(unhex(t, tag+"0101")).Validate(o)
		require.Equal(t, valid, err == nil, tag)
		if valid {
			tree, err := Parse(unhex(t, tag+"0101"), o)
			require.NoError(t, err)
			require.Equal(t, tag, tree[0].Tag.String())
		}
	}
}

func TestLiteralLengthIsWrittenAsRead(t *testing.T) {
	wire := append([]byte{0x57, 0x91}, bytes.Repeat([]byte{1}, 0x91)...)
	tree, err := Parse(wire, &ParseOptions{LiteralLength: true})
	require.NoError(t, err)
	require.Equal(t, wire, tree.Append(nil))
	tree[0].Value = make([]byte, 300)
	require.Equal(t, AppendTLV(nil, 0x57, make([]byte, 300)), tree.Append(nil))
}
