//go:build amd64 || arm64

package moovspec_test

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/field"
	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message"
	"github.com/posline/posline/spec"
	"github.com/posline/posline/spec/moovspec"
)

var (
	messages = flag.Int("differential", 4000, "random messages to compare with moov")
	seed     = flag.Uint64("seed", 1, "of the random messages")
)

const perSpec = 20 // messages of each random spec

// Random messages of random specs have the same bytes and the same values in both libraries.
func TestSameBytesAndValuesAsMoov(t *testing.T) {
	count := tally{seen: map[string]bool{}}
	started := time.Now()
	for i := 0; count.messages < *messages; i++ {
		g := generator{rand.New(rand.NewPCG(*seed, uint64(i)))}
		if fault := g.compare(&count); fault != "" {
			t.Fatalf("-seed %d, spec %d: %s", *seed, i, fault)
		}
	}
	t.Logf("%v in %v", &count, time.Since(started).Round(time.Second))
	for _, feature := range everyFeature() {
		require.True(t, count.seen[feature], "no random spec had %s", feature)
	}
}

// everyFeature is all that moov's specs are made of, apart from what moov does not read back itself: binary lengths of
// five and six bytes.
func everyFeature() []string {
	all := []string{"String", "Numeric", "Binary", "Hex", "Track1", "Track2", "Track3", "Composite",
		"asciiEncoder", "bcdEncoder", "lBCDEncoder", "ebcdicEncoder", "ebcdic1047Encoder", "binaryEncoder", "hexToASCIIEncoder", "asciiToHexEncoder",
		"leftPadder", "rightPadder", "nonePadder", "prefix BerTLV", "prefix None.Fixed", "prefix Hex.Fixed",
		"positional", "bitmapped", "tagged by berTLVEncoderTag"}
	for _, enc := range []string{"asciiEncoder", "bcdEncoder", "lBCDEncoder", "ebcdicEncoder", "ebcdic1047Encoder", "binaryEncoder", "hexToASCIIEncoder", "asciiToHexEncoder"} {
		all = append(all, "tagged by "+enc)
	}
	for _, family := range []string{"ASCII", "BCD", "EBCDIC", "EBCDIC1047", "Binary", "Hex"} {
		for _, width := range []string{"Fixed", "L", "LL", "LLL", "LLLL"} {
			all = append(all, "prefix "+family+"."+width)
		}
		if family != "Binary" {
			all = append(all, "prefix "+family+".LLLLL", "prefix "+family+".LLLLLL")
		}
	}
	return all
}

// tally is what a comparison has seen.
type tally struct {
	specs, messages, leaves, bytes, refused int
	seen                                    map[string]bool
}

func (c *tally) String() string {
	return fmt.Sprintf("%d specs, %d messages (%d of them too long in both), %d values, %d bytes",
		c.specs, c.messages, c.refused, c.leaves, c.bytes)
}

// compare builds messages of a random spec with both libraries; it returns what differs.
func (g generator) compare(count *tally) string {
	ms, elements := g.message()
	s, _, err := moovspec.From(ms)
	if err != nil {
		return "the spec: " + err.Error()
	}
	codec, err := message.Compile(s)
	if err != nil {
		return "compile: " + err.Error()
	}
	count.specs++
	for _, e := range elements {
		for _, feature := range e.features() {
			count.seen[feature] = true
		}
	}
	for range perSpec {
		count.messages++
		p := pair{generator: g, theirs: iso8583.NewMessage(ms), ours: codec.New(), count: count}
		if fault := p.compare(ms, elements); fault != "" {
			return fault
		}
	}
	return ""
}

// pair is a message in both libraries.
type pair struct {
	generator
	theirs *iso8583.Message
	ours   *message.Message
	count  *tally
	leaves []leaf // that were set
}

type leaf struct {
	*element
	path  string // in our form
	value []byte
}

func (p *pair) compare(ms *iso8583.MessageSpec, elements []*element) string {
	p.theirs.MTI("0200")
	if err := p.ours.SetMTI("0200"); err != nil {
		return err.Error()
	}
	for _, e := range elements {
		if err := p.set(e, e.key, e.ours); err != nil && !errors.Is(err, message.ErrTooLong) {
			return "set: " + err.Error()
		}
	}
	want, err := p.theirs.Pack()
	if p.ours.Err() != nil && err != nil {
		p.count.refused++ // a composite that is longer than its maximum, in both
		return ""
	}
	if err != nil {
		return "moov does not pack: " + err.Error()
	}
	got, err := p.ours.Pack()
	if err != nil {
		return "ours does not pack: " + err.Error()
	}
	p.count.bytes += len(want)
	if !bytes.Equal(want, got) {
		return fmt.Sprintf("other bytes:\nmoov %X\nours %X", want, got)
	}
	return p.read(ms, want)
}

// read unpacks the bytes with both and compares what they see with what was set.
func (p *pair) read(ms *iso8583.MessageSpec, wire []byte) string {
	theirs, ours := iso8583.NewMessage(ms), p.ours.Codec().New()
	if err := theirs.Unpack(wire); err != nil {
		return "moov does not read: " + err.Error()
	}
	if err := ours.Unpack(wire); err != nil {
		return fmt.Sprintf("ours does not read %X: %v", wire, err)
	}
	for _, l := range p.leaves {
		p.count.leaves++
		v := ours.Get(l.path)
		if !v.Present() {
			return l.path + " is missing"
		}
		there, err := at(theirs, l)
		if err != nil {
			return err.Error()
		}
		want, err := there.Bytes()
		if err != nil {
			return l.path + ": " + err.Error()
		}
		if got := unpadded(l.element, v.Bytes()); got != string(want) {
			return fmt.Sprintf("%s is %q in moov and %q here", l.path, want, got)
		}
	}
	if again, err := ours.Pack(); err != nil || !bytes.Equal(again, wire) {
		return fmt.Sprintf("repacked: %X, %v", again, err)
	}
	return ""
}

// at returns moov's field of a leaf.
func at(m *iso8583.Message, l leaf) (field.Field, error) {
	keys := l.moovKeys()
	var number int
	if _, err := fmt.Sscan(keys[0], &number); err != nil {
		return nil, err
	}
	f := m.GetField(number)
	for _, key := range keys[1:] {
		composite, ok := f.(*field.Composite)
		if !ok {
			return nil, fmt.Errorf("%s is no composite in moov", l.path)
		}
		f = composite.GetSubfields()[key]
	}
	if f == nil {
		return nil, fmt.Errorf("%s is missing in moov", l.path)
	}
	return f, nil
}

func (l leaf) moovKeys() []string { return strings.Split(l.element.key, ".") }

// set gives a field, or the parts of one, random values in both.
func (p *pair) set(e *element, theirs, ours string) error {
	if len(e.parts) == 0 {
		value := p.value(e)
		p.leaves = append(p.leaves, leaf{element: &element{moov: e.moov, key: theirs, hex: e.hex, rest: e.rest}, path: ours, value: value})
		if err := p.theirs.MarshalPath(theirs, valueOf(e, value)); err != nil {
			return fmt.Errorf("moov: %s: %w", theirs, err)
		}
		return p.setOurs(e, ours, value)
	}
	chosen := e.parts
	if !e.all {
		chosen = nil
		upTo := 1 + p.IntN(len(e.parts))
		for i, part := range e.parts {
			_, tagged := e.moov.(*field.Composite)
			positional := tagged && e.moov.Spec().Tag != nil && e.moov.Spec().Tag.Enc == nil
			if positional && i < upTo || !positional && (p.chance(70) || i == upTo-1) {
				chosen = append(chosen, part)
			}
		}
	}
	if e.whole {
		return p.setWhole(e, theirs, ours)
	}
	for _, part := range chosen {
		if err := p.set(part, theirs+"."+part.key, ours+"."+part.ours); err != nil {
			return err
		}
	}
	return nil
}

// setWhole sets the parts of a composite of fixed length, which ours takes in one piece only.
func (p *pair) setWhole(e *element, theirs, ours string) error {
	whole := field.NewInstanceOf(e.moov).(*field.Composite)
	for _, part := range e.parts {
		value := p.value(part)
		p.leaves = append(p.leaves, leaf{element: &element{moov: part.moov, key: theirs + "." + part.key}, path: ours + "." + part.ours, value: value})
		for _, err := range []error{p.theirs.MarshalPath(theirs+"."+part.key, valueOf(part, value)), whole.MarshalPath(part.key, valueOf(part, value))} {
			if err != nil {
				return err
			}
		}
	}
	inside, err := whole.Bytes()
	if err != nil {
		return err
	}
	if p.isText(ours) {
		return p.ours.SetPath(ours, string(inside))
	}
	return p.ours.SetPath(ours, fmt.Sprintf("%X", inside))
}

// isText tells whether a composite was imported as text.
func (p *pair) isText(path string) bool {
	fields := p.ours.Codec().Spec().Config().Fields
	for {
		key, rest, nested := strings.Cut(path, ".")
		i := slices.IndexFunc(fields, func(f spec.Field) bool { return cmp.Or(f.Tag, strconv.Itoa(f.Number)) == key })
		if !nested {
			return !strings.HasPrefix(fields[i].Format, "b")
		}
		path, fields = rest, fields[i].Layout.Fields
	}
}

func (p *pair) setOurs(e *element, path string, value []byte) error {
	binary := e.hex
	text := string(value)
	switch e.moov.(type) {
	case *field.Binary, *field.Hex:
		binary, text = true, fmt.Sprintf("%X", value)
	}
	if !strings.Contains(path, ".") && !binary {
		var number int
		if _, err := fmt.Sscan(path, &number); err != nil {
			return err
		}
		return p.ours.SetBytes(number, value)
	}
	return p.ours.SetPath(path, text)
}

// valueOf returns a value in moov's type for the field.
func valueOf(e *element, value []byte) field.Field {
	out := field.NewInstanceOf(e.moov)
	if err := out.SetBytes(value); err != nil {
		panic(err) // the generator makes values that moov takes
	}
	return out
}
