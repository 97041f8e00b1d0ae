package main

import (
	"github.com/moov-io/iso8583"

	"github.com/posline/posline/message"
)

// codecCases are the codec's operations on three messages. "unpack" and "pack" stand alone; "pack" packs a message that
// was built field by field, "build+pack" builds it too. "edit" is a switch's work: unpack, set two
// fields, pack. "scan" reads three fields from the bytes, without unpacking.
//
// Ours reuses its message and its buffer, and so does the floor. moov's users make a message for every use and get a
// new slice from every Pack: its API has nothing to reuse.
func codecCases() []Case {
	var list []Case
	for _, op := range []struct {
		name  string
		sides func(*bench) Variants
	}{
		{"unpack", (*bench).unpack},
		{"pack", (*bench).pack},
		{"build+pack", (*bench).buildPack},
		{"unpack+read", (*bench).unpackRead},
		{"edit", (*bench).edit},
		{"scan", (*bench).scan},
		{"marshal", (*bench).marshal},
		{"unmarshal", (*bench).unmarshal},
		{"describe", (*bench).describe},
	} {
		for _, s := range samples {
			list = append(list, Case{Name: op.name + "/" + s.name, Prepare: func() (Variants, error) {
				b, err := s.prepare()
				if err != nil {
					return Variants{}, err
				}
				v := op.sides(b)
				v.PeerName = "moov"
				return v, nil
			}})
		}
	}
	return list
}

// subject is a sample with the code of the peer and of the floor for it.
type subject struct {
	name   string
	sample func() *sample
	moov   func() *iso8583.MessageSpec
	floor  byHand
}

var samples = []subject{
	{"ascii-0200", ascii0200, moovASCII0200, floorASCII0200},
	{"binary-0200", binary0200, moovBinary0200, floorBinary0200},
	{"unionpay-chip", unionPayChip, moovUnionPay, floorUnionPayChip},
}

// bench is a subject made ready.
type bench struct {
	*sample
	codec  *message.Codec
	moov   *iso8583.MessageSpec
	floor  byHand
	values [65][]byte
	wire   []byte
	buf    []byte // what packing appends to
}

func (s subject) prepare() (*bench, error) {
	b := &bench{sample: s.sample(), moov: s.moov(), floor: s.floor, buf: make([]byte, 0, 1024)}
	b.values = b.sample.values()
	var err error
	if b.codec, err = message.Compile(b.spec); err != nil {
		return nil, err
	}
	m := b.codec.New()
	b.fill(m)
	b.wire, err = m.Pack()
	return b, err
}

// sink keeps what the peer makes.
var sink any

// must panics on an error: the sides work on data that is valid, and a side that fails measures nothing.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

func (b *bench) unpack() Variants {
	m, f := b.codec.New(), new(floor)
	return Variants{
		Ours: func(n int) {
			for range n {
				must(m.Unpack(b.wire))
			}
		},
		Peer: func(n int) {
			for range n {
				sink = b.unpackMoov()
			}
		},
		Floor: func(n int) {
			for range n {
				must(b.floor.unpack(f, b.wire))
			}
		},
	}
}

// unpackMoov unpacks as a user of moov does, who takes the header off himself.
func (b *bench) unpackMoov() *iso8583.Message {
	m := iso8583.NewMessage(b.moov)
	must(m.Unpack(b.wire[len(b.header):]))
	return m
}

func (b *bench) pack() Variants {
	ours := b.codec.New()
	b.fill(ours)
	peer, f := b.fillMoov(), new(floor)
	must(b.floor.unpack(f, b.wire))
	return Variants{
		Ours: func(n int) {
			for range n {
				b.packOurs(ours)
			}
		},
		Peer: func(n int) {
			for range n {
				sink = b.packMoov(peer)
			}
		},
		Floor: func(n int) {
			for range n {
				b.buf = b.floor.pack(f, b.buf[:0])
			}
		},
	}
}

func (b *bench) packOurs(m *message.Message) {
	var err error
	b.buf, err = m.AppendPack(b.buf[:0])
	must(err)
}

// packMoov packs as a user of moov does, who puts the header in front himself.
func (b *bench) packMoov(m *iso8583.Message) []byte {
	packed, err := m.Pack()
	must(err)
	if b.header == "" {
		return packed
	}
	b.buf = append(append(b.buf[:0], b.header...), packed...)
	return b.buf
}

// fill sets every field of ours. The first error is kept until packing.
func (b *bench) fill(m *message.Message) {
	if b.header != "" {
		m.SetHeader([]byte(b.header))
	}
	m.SetMTI(b.mti)
	for i := range b.fields {
		number := b.fields[i].number
		m.SetBytes(number, b.values[number])
	}
}

// fillMoov sets every field of moov's, without the copy that its Field makes of a string.
func (b *bench) fillMoov() *iso8583.Message {
	m := iso8583.NewMessage(b.moov)
	m.MTI(b.mti)
	for i := range b.fields {
		number := b.fields[i].number
		must(m.BinaryField(number, b.values[number]))
	}
	return m
}

func (b *bench) buildPack() Variants {
	m := b.codec.New()
	return Variants{
		Ours: func(n int) {
			for range n {
				m.Reset()
				b.fill(m)
				b.packOurs(m)
			}
		},
		Peer: func(n int) {
			for range n {
				sink = b.packMoov(b.fillMoov())
			}
		},
		Floor: func(n int) {
			for range n {
				var err error
				b.buf, err = b.floor.build(b.buf[:0], &b.values)
				must(err)
			}
		},
	}
}

func (b *bench) unpackRead() Variants {
	m, f := b.codec.New(), new(floor)
	return Variants{
		Ours: func(n int) {
			for range n {
				must(m.Unpack(b.wire))
				b.readOurs(m)
			}
		},
		Peer: func(n int) {
			for range n {
				b.readMoov(b.unpackMoov())
			}
		},
		Floor: func(n int) {
			for range n {
				must(b.floor.unpack(f, b.wire))
				b.buf = b.floor.read(f, b.buf[:0])
			}
		},
	}
}

func (b *bench) readOurs(m *message.Message) {
	b.buf = b.buf[:0]
	for _, number := range read {
		b.buf = m.Field(number).AppendText(b.buf)
	}
}

func (b *bench) readMoov(m *iso8583.Message) {
	b.buf = b.buf[:0]
	for _, number := range read {
		text, err := m.GetString(number)
		must(err)
		b.buf = append(b.buf, text...)
	}
}

func (b *bench) edit() Variants {
	m, f := b.codec.New(), new(floor)
	stan, terminal := []byte(editedSTAN), []byte(editedTerminal)
	return Variants{
		Ours: func(n int) {
			for range n {
				must(m.Unpack(b.wire))
				m.SetBytes(11, stan)
				m.SetBytes(41, terminal)
				b.packOurs(m)
			}
		},
		Peer: func(n int) {
			for range n {
				m := b.unpackMoov()
				must(m.BinaryField(11, stan))
				must(m.BinaryField(41, terminal))
				sink = b.packMoov(m)
			}
		},
		Floor: func(n int) {
			for range n {
				must(b.floor.unpack(f, b.wire))
				must(b.floor.set(f, stan, terminal))
				b.buf = b.floor.pack(f, b.buf[:0])
			}
		},
	}
}

func (b *bench) scan() Variants {
	s := b.codec.Scanner()
	return Variants{
		Ours: func(n int) {
			for range n {
				must(s.Reset(b.wire))
				b.buf = b.buf[:0]
				for _, number := range scanned {
					v, err := s.Field(number)
					must(err)
					b.buf = v.AppendText(b.buf)
				}
			}
		},
		Peer: func(n int) {
			for range n {
				s := iso8583.NewMessageScanner(b.moov, b.wire[len(b.header):])
				b.buf = b.buf[:0]
				for _, number := range scanned {
					f, err := s.ScanField(number)
					must(err)
					text, err := f.String()
					must(err)
					b.buf = append(b.buf, text...)
				}
			}
		},
		Floor: func(n int) {
			for range n {
				var err error
				b.buf, err = b.floor.scan(b.buf[:0], b.wire)
				must(err)
			}
		},
	}
}
