package message

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func allFrames(t testing.TB) []frame { return append(unionPayFrames(t), isoFrames(t)...) }

func unpacked(t testing.TB, f frame) *Message {
	m := codecFor(t, f.spec).New()
	require.NoError(t, m.Unpack(f.wire), f.name)
	return m
}

func packed(t testing.TB, m *Message) []byte {
	wire, err := m.Pack()
	require.NoError(t, err)
	return wire
}

func TestUntouchedPacksEqual(t *testing.T) {
	for _, f := range allFrames(t) {
		m := unpacked(t, f)
		require.Equal(t, f.wire, packed(t, m), f.name)
		m.touched = true // the long way, field by field
		require.Equal(t, f.wire, packed(t, m), f.name)
	}
}

// Setting a field to the value it shows changes nothing when the field is written as Set writes it, and nothing
// outside the field in any case.
func TestSettingTheShownValueChangesNothing(t *testing.T) {
	fields, canonical := 0, 0
	for _, f := range allFrames(t) {
		for number := range unpacked(t, f).Numbers() {
			m := unpacked(t, f)
			before := slices.Clone(m.Field(number).Wire())
			start, end := m.spans[number].Start, m.spans[number].End
			require.NoError(t, m.Set(number, m.Field(number).Text()), "%s %d", f.name, number)
			after := m.Field(number).Wire()
			fields++
			if bytes.Equal(before, after) {
				canonical++
			}
			require.Equal(t, slices.Concat(f.wire[:start], after, f.wire[end:]), packed(t, m), "%s %d", f.name, number)
		}
	}
	require.Greater(t, canonical, fields*98/100, "published fields are nearly all written the way Set writes them")
	t.Logf("%d fields, %d canonical", fields, canonical)
}

// Setting a part to the value it shows changes nothing outside the part's field; see above.
func TestSettingTheShownPartChangesNothing(t *testing.T) {
	parts, canonical := 0, 0
	for _, f := range allFrames(t) {
		for _, path := range leafPaths(unpacked(t, f)) {
			m := unpacked(t, f)
			require.NoError(t, m.SetPath(path, m.Get(path).Text()), "%s %s", f.name, path)
			parts++
			if bytes.Equal(f.wire, packed(t, m)) {
				canonical++
			}
		}
	}
	require.Greater(t, parts, 500)
	require.Greater(t, canonical, parts*98/100)
	t.Logf("%d parts, %d canonical", parts, canonical)
}

func leafPaths(m *Message) (paths []string) {
	var visit func(path string, v Value)
	visit = func(path string, v Value) {
		seen := map[string]bool{}
		for key, part := range v.Parts() {
			if seen[key] {
				continue
			}
			seen[key] = true
			if part.HasParts() {
				visit(path+"."+key, part)
			} else {
				paths = append(paths, path+"."+key)
			}
		}
	}
	for number := range m.Numbers() {
		visit(m.Field(number).Key(), m.Field(number))
	}
	return paths
}

// A changed value changes the bytes of its field alone.
func TestEditChangesOnlyItsField(t *testing.T) {
	for _, f := range allFrames(t) {
		for number := range unpacked(t, f).Numbers() {
			m := unpacked(t, f)
			text := []byte(m.Field(number).Text())
			if len(text) == 0 || m.Field(number).HasParts() || m.Field(number).Attribute().Sign {
				continue
			}
			text[len(text)-1] = map[bool]byte{true: '1', false: '0'}[text[len(text)-1] == '0']
			s := m.spans[number]
			require.NoError(t, m.Set(number, string(text)), "%s %d", f.name, number)
			wire := packed(t, m)
			require.Equal(t, f.wire[:s.Start], wire[:s.Start], f.name)
			require.Equal(t, f.wire[s.End:], wire[len(wire)-len(f.wire[s.End:]):], f.name)
			back := codecFor(t, f.spec).New()
			require.NoError(t, back.Unpack(wire))
			require.Equal(t, string(text), back.Field(number).Text())
		}
	}
}

// Removing a field removes its bytes and its bit; setting it again as it was brings the message back.
func TestUnsetAndSetBack(t *testing.T) {
	for _, f := range allFrames(t) {
		for number := range unpacked(t, f).Numbers() {
			m := unpacked(t, f)
			wire, text := slices.Clone(m.Field(number).Wire()), m.Field(number).Text()
			m.Unset(number)
			shorter := packed(t, m)
			require.LessOrEqual(t, len(shorter), len(f.wire)-len(wire), f.name)
			require.NoError(t, m.Set(number, text))
			if bytes.Equal(wire, m.Field(number).Wire()) {
				require.Equal(t, f.wire, packed(t, m), "%s %d", f.name, number)
			}
		}
	}
}

// Every change of one byte of a real message is refused, or shows in a value or the header, or makes a field's wire
// form differ from what its value packs to.
func TestOneByteMutationsAreVisible(t *testing.T) {
	random := rand.New(rand.NewPCG(8583, 1987))
	frames := slices.DeleteFunc(allFrames(t), func(f frame) bool { return f.fields["0"] != "0200" && !bytes.Contains(f.wire[:14], []byte{2, 0}) })
	require.NotEmpty(t, frames)
	refused, shown, inForm := 0, 0, 0
	for range 20000 {
		f := frames[random.IntN(len(frames))]
		original := unpacked(t, f)
		mutant := slices.Clone(f.wire)
		at := random.IntN(len(mutant))
		mutant[at] ^= byte(1 + random.IntN(255))
		m := codecFor(t, f.spec).New()
		switch {
		case m.Unpack(mutant) != nil:
			refused++
		case !slices.Equal(values(original), values(m)):
			shown++
		default:
			require.NotEqual(t, mutant, rebuilt(t, m), "%s: byte %d of %d changed unseen", f.name, at, len(mutant))
			inForm++
		}
		require.True(t, m.Err() != nil || bytes.Equal(mutant, packed(t, m)))
	}
	t.Logf("refused %d, shown in a value %d, in the form of a field %d", refused, shown, inForm)
}

// values lists everything that is read from a message: header, type and every value and part with its path.
func values(m *Message) []string {
	list := []string{string(m.Header()), m.MTI()}
	var visit func(path string, v Value)
	visit = func(path string, v Value) {
		list = append(list, path+"="+v.Text())
		for key, part := range v.Parts() {
			visit(path+"."+key, part)
		}
	}
	for number := range m.Numbers() {
		visit(m.Field(number).Key(), m.Field(number))
	}
	return list
}

// rebuilt packs a new message with the values of m.
func rebuilt(t *testing.T, m *Message) []byte {
	again := m.codec.New()
	require.NoError(t, again.SetMTI(m.MTI()))
	require.NoError(t, again.SetHeader(m.Header()))
	for number := range m.Numbers() {
		require.NoError(t, again.Set(number, m.Field(number).Text()))
	}
	return packed(t, again)
}
