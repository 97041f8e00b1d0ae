package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/prefix"

	"github.com/posline/posline/message"
	"github.com/posline/posline/spec"
)

// mixCases show the codec where neither branch prediction nor what it knows of the last message flatters it: "mix" is 64
// different messages of eight types in a random order, "hostile" messages of a peer that sends a new bitmap each time.
// An operation is one message.
func mixCases() []Case {
	var list []Case
	for _, c := range []struct {
		name     string
		messages func() []mixed
		sides    func(*mixBench) Variants
	}{
		{"unpack/mix", mixedMessages, (*mixBench).unpack},
		{"edit/mix", mixedMessages, (*mixBench).edit},
		{"unpack/hostile", hostileMessages, (*mixBench).unpack},
	} {
		list = append(list, Case{Name: c.name, Prepare: func() (Variants, error) {
			b, err := prepareMix(c.messages())
			if err != nil {
				return Variants{}, err
			}
			v := c.sides(b)
			v.PeerName = "moov"
			return v, nil
		}})
	}
	return list
}

// mixed is a message of the mix.
type mixed struct {
	mti    string
	fields []element
}

// mixBench are messages made ready.
type mixBench struct {
	codec *message.Codec
	moov  *iso8583.MessageSpec
	wires [][]byte
	buf   []byte
	next  int
}

func prepareMix(messages []mixed) (*mixBench, error) {
	b := &mixBench{moov: moovMix(), buf: make([]byte, 0, 1024)}
	var err error
	if b.codec, err = message.Compile(spec.ISO8583v1987ASCII()); err != nil {
		return nil, err
	}
	f := new(floor)
	for _, one := range messages {
		m := b.codec.New()
		m.SetMTI(one.mti)
		for _, e := range one.fields {
			m.Set(e.number, e.value)
		}
		wire, err := m.Pack()
		if err == nil {
			err = unpackMix(f, wire)
		}
		if err == nil && string(packMix(f, nil)) != string(wire) {
			err = fmt.Errorf("benchmarks: the floor packs %s otherwise", one.mti)
		}
		if err != nil {
			return nil, err
		}
		b.wires = append(b.wires, wire)
	}
	return b, nil
}

// wire is the next message.
func (b *mixBench) wire() []byte {
	if b.next++; b.next >= len(b.wires) {
		b.next = 0
	}
	return b.wires[b.next]
}

func (b *mixBench) unpack() Variants {
	m, f := b.codec.New(), new(floor)
	return Variants{
		Ours: func(n int) {
			for range n {
				must(m.Unpack(b.wire()))
			}
		},
		Peer: func(n int) {
			for range n {
				m := iso8583.NewMessage(b.moov)
				must(m.Unpack(b.wire()))
				sink = m
			}
		},
		Floor: func(n int) {
			for range n {
				must(unpackMix(f, b.wire()))
			}
		},
	}
}

func (b *mixBench) edit() Variants {
	m, f := b.codec.New(), new(floor)
	stan, terminal := []byte(editedSTAN), []byte(editedTerminal)
	return Variants{
		Ours: func(n int) {
			for range n {
				must(m.Unpack(b.wire()))
				m.SetBytes(11, stan)
				m.SetBytes(41, terminal)
				var err error
				b.buf, err = m.AppendPack(b.buf[:0])
				must(err)
			}
		},
		Peer: func(n int) {
			for range n {
				m := iso8583.NewMessage(b.moov)
				must(m.Unpack(b.wire()))
				must(m.BinaryField(11, stan))
				must(m.BinaryField(41, terminal))
				packed, err := m.Pack()
				must(err)
				sink = packed
			}
		},
		Floor: func(n int) {
			for range n {
				must(unpackMix(f, b.wire()))
				must(floorASCII0200.set(f, stan, terminal))
				b.buf = packMix(f, b.buf[:0])
			}
		},
	}
}

// moovMix is moov's spec of the mix: that of ascii-0200 with two fields more.
func moovMix() *iso8583.MessageSpec {
	s := moovASCII0200()
	s.Fields[38], s.Fields[39] = moovText(6, prefix.ASCII.Fixed), moovText(2, prefix.ASCII.Fixed)
	return s
}

// mixTypes are the eight types of message and the fields of each.
var mixTypes = []struct {
	mti    string
	fields []int
}{
	{"0100", []int{2, 3, 4, 7, 11, 12, 13, 14, 18, 22, 25, 32, 35, 37, 41, 42, 43, 49}},
	{"0110", []int{2, 3, 4, 7, 11, 32, 37, 38, 39, 41, 42, 49}},
	{"0200", []int{2, 3, 4, 7, 11, 12, 13, 18, 22, 25, 32, 35, 37, 41, 42, 43, 49}},
	{"0210", []int{2, 3, 4, 7, 11, 12, 13, 32, 37, 38, 39, 41, 42, 49}},
	{"0220", []int{2, 3, 4, 7, 11, 12, 13, 22, 25, 32, 37, 38, 41, 42, 49}},
	{"0230", []int{2, 3, 4, 7, 11, 32, 37, 39, 41, 49}},
	{"0420", []int{2, 3, 4, 7, 11, 12, 13, 22, 25, 32, 37, 38, 39, 41, 42, 49}},
	{"0800", []int{7, 11, 41}},
}

// mixedMessages are 64 messages, eight of each type, in an order that no predictor knows.
func mixedMessages() []mixed {
	rng := rand.New(rand.NewPCG(64, 8))
	var all []mixed
	for i := range 64 {
		kind := mixTypes[i%len(mixTypes)]
		m := mixed{mti: kind.mti}
		for _, number := range kind.fields {
			m.fields = append(m.fields, element{number, mixValue(rng, number)})
		}
		all = append(all, m)
	}
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// hostileMessages are so many messages, each with another bitmap, that no bitmap is ever seen again before thousands of
// others were.
func hostileMessages() []mixed {
	rng := rand.New(rand.NewPCG(4096, 1))
	numbers := []int{2, 3, 4, 7, 12, 13, 14, 18, 22, 25, 32, 35, 37, 38, 39, 42, 43, 49}
	seen := map[int]bool{}
	var all []mixed
	for len(all) < 4096 {
		bits := rng.IntN(1 << len(numbers))
		if seen[bits] {
			continue
		}
		seen[bits] = true
		m := mixed{mti: "0200"}
		for i, number := range numbers {
			if bits>>i&1 == 1 {
				m.fields = append(m.fields, element{number, mixValue(rng, number)})
			}
		}
		all = append(all, m)
	}
	return all
}

// mixValue is some value of a field.
func mixValue(rng *rand.Rand, number int) string {
	digits := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = '0' + byte(rng.IntN(10))
		}
		return string(b)
	}
	switch number {
	case 2:
		return digits(13 + rng.IntN(7))
	case 32:
		return digits(6 + rng.IntN(6))
	case 35:
		return digits(16) + "D" + digits(4+rng.IntN(16))
	case 38:
		return digits(6)
	case 39:
		return "0" + digits(1)
	case 41:
		return "TERM" + digits(4)
	case 42:
		return "MERCHANT" + digits(7)
	case 43:
		return fmt.Sprintf("%-40s", "SHOP "+digits(10)+" SHANGHAI")
	case 49:
		return "156"
	case 37:
		return digits(12)
	default:
		return digits(moovDigits1987[number])
	}
}
