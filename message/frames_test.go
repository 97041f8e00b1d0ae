package message

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/spec"
)

// frame is a published or constructed message, without its two-byte length.
type frame struct {
	name   string
	spec   string // the shipped spec, with its variants, that reads it
	wire   []byte
	fields map[string]string // flat fields as published; nil when nothing is known
}

// variantsTried are the forms of the UnionPay message in the order in which a frame is tried with them.
var variantsTried = []string{"", "+vendor-fields", "+field59-opaque", "+field59-opaque+field64-binary+vendor-fields", "+field60-ascii", "+field59-opaque+vendor-fields"}

// unionPayFrames returns every frame of the collection with the first variant that reads it.
func unionPayFrames(t testing.TB) []frame {
	text, err := os.ReadFile("testdata/cup-messages.json")
	require.NoError(t, err)
	var list []struct {
		Name, Framing, Hex string
		Decoded            struct {
			Fields map[string]struct{ Value string }
		}
	}
	require.NoError(t, json.Unmarshal(text, &list))
	require.NotEmpty(t, list)
	var frames []frame
	for _, one := range list {
		wire, err := hex.DecodeString(one.Hex)
		require.NoError(t, err)
		base := "unionpay-pos"
		switch {
		case strings.HasPrefix(one.Framing, "2-byte length"):
			wire = wire[2:]
		case strings.HasPrefix(one.Framing, "ISO 8583 from MTI"):
			base += "+no-header"
		}
		f := frame{name: one.Name, wire: wire, fields: map[string]string{}}
		for number, field := range one.Decoded.Fields {
			f.fields[number] = field.Value
		}
		var last error
		for _, variant := range variantsTried {
			if last = codecFor(t, base+variant).New().Unpack(wire); last == nil {
				f.spec = base + variant
				break
			}
		}
		require.NotEmpty(t, f.spec, "%s: %v", one.Name, last)
		frames = append(frames, f)
	}
	return frames
}

// isoFrames returns the ISO 8583:1987 messages of the collection.
func isoFrames(t testing.TB) []frame {
	var frames []frame
	for file, name := range map[string]string{"iso87ascii": "iso8583-1987-ascii", "iso87binary": "iso8583-1987-binary", "golden": ""} {
		text, err := os.ReadFile("testdata/jpos-" + file + ".jsonl")
		require.NoError(t, err)
		for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
			var one struct {
				Packager, Hex string
				Fields        map[string]json.RawMessage
			}
			require.NoError(t, json.Unmarshal(lines.Bytes(), &one))
			if name == "" && !strings.HasPrefix(one.Packager, "iso87") {
				continue
			}
			wire, err := hex.DecodeString(one.Hex)
			require.NoError(t, err)
			f := frame{name: file + " " + one.Hex[:16], spec: name, wire: wire, fields: map[string]string{}}
			if name == "" {
				f.spec = "iso8583-1987-" + strings.TrimPrefix(one.Packager, "iso87")
			}
			for number, raw := range one.Fields {
				var text string
				var binary struct{ Hex string }
				if json.Unmarshal(raw, &text) != nil {
					require.NoError(t, json.Unmarshal(raw, &binary))
					text = binary.Hex
				}
				f.fields[number] = text
			}
			frames = append(frames, f)
		}
	}
	require.NotEmpty(t, frames)
	return frames
}

var codecs = map[string]*Codec{}

func codecFor(t testing.TB, name string) *Codec {
	if codecs[name] == nil {
		s, err := spec.BuiltIn(name)
		require.NoError(t, err)
		codecs[name] = MustCompile(s)
	}
	return codecs[name]
}

func TestFramesReadAsPublished(t *testing.T) {
	used := map[string]int{}
	for _, f := range append(unionPayFrames(t), isoFrames(t)...) {
		m := codecFor(t, f.spec).New()
		require.NoError(t, m.Unpack(f.wire), f.name)
		used[f.spec]++
		for number, want := range f.fields {
			got := m.Get(number).Text()
			if number == "0" {
				got = m.MTI()
			}
			if !samePublished(got, want) {
				t.Errorf("%s field %s: %d characters, published %d", f.name, number, len(got), len(want))
			}
		}
	}
	t.Log(used)
}

// samePublished compares a value with the published one, which may be the hexadecimal form of text, and which in jPOS
// has = for the separator nibble of a track.
func samePublished(got, want string) bool {
	return got == want || strings.ToUpper(hex.EncodeToString([]byte(got))) == want ||
		strings.ReplaceAll(got, "D", "=") == want
}

// specOf compiles a spec of some fields.
func specOf(fields ...spec.Field) *Codec {
	return MustCompile(spec.MustNew(spec.Config{Name: "test", Fields: fields}))
}
