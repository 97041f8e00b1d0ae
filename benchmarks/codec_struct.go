package main

import (
	"io"

	"github.com/moov-io/iso8583"

	"github.com/posline/posline/message"
)

// "marshal" goes from a Go struct to the bytes of a message and "unmarshal" all the way back: ours encodes and checks
// a field when it is set and moov when it packs, so only the whole way compares. Both sides use the same struct.

// sale is the struct for ascii-0200 and binary-0200.
type sale struct {
	MTI          string `iso8583:"0"`
	PAN          string `iso8583:"2"`
	Processing   string `iso8583:"3"`
	Amount       string `iso8583:"4"`
	Sent         string `iso8583:"7"`
	STAN         string `iso8583:"11"`
	Time         string `iso8583:"12"`
	Date         string `iso8583:"13"`
	Expiry       string `iso8583:"14"`
	MerchantType string `iso8583:"18"`
	EntryMode    string `iso8583:"22"`
	Condition    string `iso8583:"25"`
	Acquirer     string `iso8583:"32"`
	Track2       string `iso8583:"35"`
	RRN          string `iso8583:"37"`
	Terminal     string `iso8583:"41"`
	Merchant     string `iso8583:"42"`
	Name         string `iso8583:"43"`
	Currency     string `iso8583:"49"`
}

// chipSale is the struct for unionpay-chip.
type chipSale struct {
	MTI        string `iso8583:"0"`
	PAN        string `iso8583:"2"`
	Processing string `iso8583:"3"`
	Amount     string `iso8583:"4"`
	STAN       string `iso8583:"11"`
	Expiry     string `iso8583:"14"`
	EntryMode  string `iso8583:"22"`
	Sequence   string `iso8583:"23"`
	Condition  string `iso8583:"25"`
	PINCapture string `iso8583:"26"`
	Terminal   string `iso8583:"41"`
	Merchant   string `iso8583:"42"`
	Currency   string `iso8583:"49"`
	PINBlock   []byte `iso8583:"52"`
	Security   string `iso8583:"53"`
	Chip       *chip  `iso8583:"55"`
	Private59  []byte `iso8583:"59"`
	Private60  string `iso8583:"60"`
	MAC        string `iso8583:"64"`
}

type chip struct {
	Cryptogram         []byte `iso8583:"9F26"`
	CryptogramInfo     []byte `iso8583:"9F27"`
	IssuerData         []byte `iso8583:"9F10"`
	Unpredictable      []byte `iso8583:"9F37"`
	Counter            []byte `iso8583:"9F36"`
	TVR                []byte `iso8583:"95"`
	Date               string `iso8583:"9A"`
	Type               string `iso8583:"9C"`
	Amount             string `iso8583:"9F02"`
	Currency           string `iso8583:"5F2A"`
	Interchange        []byte `iso8583:"82"`
	Country            string `iso8583:"9F1A"`
	AmountOther        string `iso8583:"9F03"`
	Capabilities       []byte `iso8583:"9F33"`
	CVM                []byte `iso8583:"9F34"`
	TerminalType       string `iso8583:"9F35"`
	Serial             []byte `iso8583:"9F1E"`
	DedicatedFile      []byte `iso8583:"84"`
	ApplicationVersion []byte `iso8583:"9F09"`
	TransactionCounter []byte `iso8583:"9F41"`
}

// newStruct returns an empty struct for the sample.
func (b *bench) newStruct() any {
	if b.header == "" {
		return new(sale)
	}
	return new(chipSale)
}

// filled returns the struct with the sample's values.
func (b *bench) filled() any {
	m, v := b.codec.New(), b.newStruct()
	must(m.Unpack(b.wire))
	must(message.Unmarshal(m, v))
	return v
}

func (b *bench) marshal() Variants {
	m, v := b.codec.New(), b.filled()
	return Variants{
		Ours: func(n int) {
			for range n {
				m.Reset()
				if b.header != "" {
					must(m.SetHeader([]byte(b.header)))
				}
				must(message.Marshal(m, v))
				b.packOurs(m)
			}
		},
		Peer: func(n int) {
			for range n {
				m := iso8583.NewMessage(b.moov)
				must(m.Marshal(v))
				sink = b.packMoov(m)
			}
		},
	}
}

func (b *bench) unmarshal() Variants {
	m := b.codec.New()
	return Variants{
		Ours: func(n int) {
			for range n {
				v := b.newStruct()
				must(m.Unpack(b.wire))
				must(message.Unmarshal(m, v))
				sink = v
			}
		},
		Peer: func(n int) {
			for range n {
				v := b.newStruct()
				must(b.unpackMoov().Unmarshal(v))
				sink = v
			}
		},
	}
}

// describe prints an unpacked message as a table with card data masked.
func (b *bench) describe() Variants {
	m, peer := b.codec.New(), b.unpackMoov()
	must(m.Unpack(b.wire))
	return Variants{
		Ours: func(n int) {
			for range n {
				must(m.Describe(io.Discard))
			}
		},
		Peer: func(n int) {
			for range n {
				must(iso8583.Describe(peer, io.Discard))
			}
		},
	}
}
