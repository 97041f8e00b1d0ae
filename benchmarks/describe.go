package main

import (
	"bytes"

	"github.com/moov-io/iso8583"

	"github.com/posline/posline/message"
)

// describeCases print a message for a person, masked: ours with offsets, sizes and the meaning of codes, moov's with
// its default filters. No floor: nobody writes tables by hand.
func describeCases() []Case {
	var list []Case
	for _, s := range samples {
		list = append(list, Case{Name: "describe/" + s.name, Prepare: func() (Variants, error) {
			b, err := s.prepare()
			if err != nil {
				return Variants{}, err
			}
			v := b.describe()
			v.PeerName = "moov"
			return v, nil
		}})
	}
	return list
}

func (b *bench) describe() Variants {
	ours := b.codec.New()
	must(ours.Unpack(b.wire))
	peer := b.unpackMoov()
	var out bytes.Buffer
	return Variants{
		Ours: func(n int) {
			for range n {
				b.buf = message.TextForm{}.AppendDescription(b.buf[:0], ours)
			}
		},
		Peer: func(n int) {
			for range n {
				out.Reset()
				must(iso8583.Describe(peer, &out))
			}
		},
	}
}
