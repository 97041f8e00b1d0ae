//go:build amd64 || arm64

package moovspec_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/prefix"

	"github.com/posline/posline/message"
	"github.com/posline/posline/spec/moovspec"
)

// Damaged messages mean the same in both libraries, or a reason for the difference is known: see ourReason and
// theirReason.
func TestDamagedMessages(t *testing.T) {
	seen := map[string]int{}
	for i := range *messages / perSpec {
		g := generator{rand.New(rand.NewPCG(*seed, 1<<32+uint64(i)))}
		g.damageAll(t, seen)
	}
	for _, outcome := range slices.Sorted(maps.Keys(seen)) {
		t.Logf("%8d %s", seen[outcome], outcome)
	}
}

func (g generator) damageAll(t *testing.T, seen map[string]int) {
	ms, elements := g.message()
	s, _, err := moovspec.From(ms)
	if err != nil {
		t.Fatal(err)
	}
	codec := message.MustCompile(s)
	for range perSpec / 5 {
		p := pair{generator: g, theirs: iso8583.NewMessage(ms), ours: codec.New(), count: &tally{seen: map[string]bool{}}}
		if fault := p.compare(ms, elements); fault != "" {
			t.Fatal(fault)
		}
		sound, err := p.ours.Pack()
		if err != nil {
			continue
		}
		for range 5 {
			wire := g.damage(sound)
			outcome, known := p.damaged(ms, elements, wire)
			if seen[outcome]++; !known {
				t.Fatalf("-seed %d: %s: %X", *seed, outcome, wire)
			}
		}
	}
}

// damage changes a few bytes, cuts the end off or adds to it.
func (g generator) damage(wire []byte) []byte {
	wire = bytes.Clone(wire)
	switch g.IntN(10) {
	case 0:
		return wire[:g.IntN(len(wire))]
	case 1:
		return append(wire, g.octets(1+g.IntN(4), 256)...)
	}
	for range 1 + g.IntN(3) {
		i := g.IntN(len(wire))
		wire[i] = pick(g, byte(g.IntN(256)), wire[i]^1, wire[i]+1, wire[i]^0x80, '0', 'F', '+', '-', ' ', 0, 0xF0, 0x60, 0x4E)
	}
	return wire
}

// damaged reads wire with both and names what came of it.
func (p *pair) damaged(ms *iso8583.MessageSpec, elements []*element, wire []byte) (outcome string, known bool) {
	theirs, ours := iso8583.NewMessage(ms), p.ours.Codec().New()
	there := unpackGuarded(theirs, wire)
	here := ours.Unpack(wire)
	all := byPath(elements, "")
	switch {
	case here != nil && there != nil:
		return "both refuse", true
	case here != nil:
		var fault *message.Error
		if !errors.As(here, &fault) {
			return "no *message.Error: " + here.Error(), false
		}
		if reason := ourReason(fault, all[fault.Path]); reason != "" {
			return "only ours refuses: " + reason, true
		}
		return "only ours refuses: " + here.Error(), false
	case there != nil:
		if reason := theirReason(there.Error()); reason != "" {
			return "only moov refuses: " + reason, true
		}
		return "only moov refuses: " + there.Error(), false
	}
	for _, e := range elements {
		if fault := e.differs(theirs.GetFields()[number(e.key)], ours.Get(e.ours)); fault != "" {
			return "other values: " + fault, false
		}
	}
	if again, err := ours.Pack(); err != nil || !bytes.Equal(again, wire) {
		return "not lossless", false
	}
	return "same values", true
}

// byPath lists elements by their path here.
func byPath(elements []*element, path string) map[string]*element {
	all := map[string]*element{}
	for _, e := range elements {
		at := strings.TrimPrefix(path+"."+e.ours, ".")
		all[at] = e
		maps.Copy(all, byPath(e.parts, at))
	}
	return all
}

// ourReason is why ours refuses what moov reads; "" for no known reason.
func ourReason(fault *message.Error, e *element) string {
	_, isNumber := numeric(e)
	notContent := fault.Kind == message.ErrDigit || fault.Kind == message.ErrCharacter
	switch {
	case fault.Kind == message.ErrTrailing && fault.Path == "":
		return "moov ignores bytes after the last field"
	case fault.Path == "0" && notContent:
		return "moov takes any characters for a message type"
	case fault.Path == "1" && fault.Kind == message.ErrUnknown:
		return "moov ignores the first bit of a fixed bitmap"
	case e == nil:
		return ""
	case fault.Kind == message.ErrTag:
		return "moov skips unknown tags of control characters, and BER tags of more than four bytes"
	case fault.Kind == message.ErrUnknown && e.moov.Spec().Tag != nil && e.moov.Spec().Tag.Enc == encoding.BytesToASCIIHex:
		return "moov reads tags in hexadecimal in lower case too"
	case isNumber && notContent:
		return "moov takes a sign for a digit"
	case isTrack(e) && notContent:
		return "moov takes any characters at the end of a track"
	case isPacked(e) && notContent:
		return "moov reads nibble F at the end of digits as a zero byte"
	case fault.Kind == message.ErrLength && e.moov.Spec().Pref == prefix.BerTLV:
		return "moov takes a length of BER-TLV that is indefinite or longer than four bytes"
	case fault.Kind == message.ErrLength:
		return "moov takes a sign in a length, and any nibble beside an odd number of digits"
	}
	return ""
}

func numeric(e *element) (*field.Numeric, bool) {
	if e == nil {
		return nil, false
	}
	f, ok := e.moov.(*field.Numeric)
	return f, ok
}

func isTrack(e *element) bool {
	switch e.moov.(type) {
	case *field.Track1, *field.Track2, *field.Track3:
		return true
	}
	return false
}

func isPacked(e *element) bool {
	enc := e.moov.Spec().Enc
	return enc == encoding.BCD || enc == encoding.LBCD
}

// theirReason is why moov refuses what ours reads; "" for no known reason.
func theirReason(text string) string {
	for _, known := range []struct{ in, reason string }{
		{"failed to perform ASCII decoding", "binary data in ASCII has the eighth bit"},
		{"failed to perform BCD decoding", "the nibble beside an odd number of digits is no digit"},
		{"failed to convert into number", "a padded number is text here"},
		{"invalid track data", "tracks are not taken apart here"},
		{"invalid expired time", "tracks are not taken apart here"},
		{"field is not defined in the spec", "BER-TLV takes every tag here"},
		{"panic: ", "moov panics"},
		{"not enough data", "parts at the end of a composite without a length may be missing"},
		{"subfield Tag: failed to perform hex decoding", "tags in hexadecimal are text here"},
		{"exceeds the data size 0", "a composite without a length may have no parts"},
		{"failed to decode TLV length: EOF", "parts at the end of a composite without a length may be missing"},
		{"failed to read byte", "parts at the end of a composite without a length may be missing"},
	} {
		if strings.Contains(text, known.in) {
			return known.reason
		}
	}
	return ""
}

func number(key string) (n int) {
	fmt.Sscan(key, &n)
	return n
}

// differs compares a value, and all parts of it, in both.
func (e *element) differs(theirs field.Field, ours message.Value) string {
	switch {
	case theirs == nil && !ours.Present():
		return ""
	case !ours.Present() && e.rest && isEmpty(theirs):
		return "" // nothing is left for a part that takes what is left: there in moov, absent here
	case theirs == nil || !ours.Present():
		return fmt.Sprintf("%s is there in one only, ours: %v", e.ours, ours.Present())
	case len(e.parts) == 0:
		value, err := theirs.Bytes()
		want, got := string(value), unpadded(e, ours.Bytes())
		if isTrack(e) {
			want, got = withoutBlanks(want), withoutBlanks(got) // which moov takes off each part of a track
		}
		if err != nil || got != want {
			return fmt.Sprintf("%s is %q in moov, %q here, %v", e.ours, want, got, err)
		}
		return ""
	}
	parts := theirs.(*field.Composite).GetSubfields()
	for _, part := range e.parts {
		if fault := part.differs(parts[part.key], last(ours, part.ours)); fault != "" {
			return fault
		}
	}
	return ""
}

func withoutBlanks(text string) string { return strings.Join(strings.Fields(text), "") }

func isEmpty(f field.Field) bool {
	value, err := f.Bytes()
	_, isNumber := f.(*field.Numeric)
	return err == nil && (len(value) == 0 || isNumber && string(value) == "0")
}

// last is the last of several equal parts, which is the one that moov keeps.
func last(v message.Value, key string) (out message.Value) {
	for k, part := range v.Parts() {
		if k == key {
			out = part
		}
	}
	return out
}

func unpackGuarded(m *iso8583.Message, wire []byte) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return m.Unpack(wire)
}
