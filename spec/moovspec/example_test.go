//go:build amd64 || arm64

package moovspec_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/examples"

	"github.com/posline/posline/message"
	"github.com/posline/posline/spec/moovspec"
)

// Authorization is a struct of a program written for moov.
type Authorization struct {
	MTI      string    `iso8583:"0"`
	PAN      string    `iso8583:"2"`
	Amount   int64     `iso8583:"4"`
	STAN     string    `iso8583:"11"`
	Acceptor *Acceptor `iso8583:"43"`
}

type Acceptor struct {
	Name    string `iso8583:"1"`
	City    string `iso8583:"2"`
	Country string `iso8583:"3"`
}

var sale = &Authorization{MTI: "0100", PAN: "4242424242424242", Amount: 9999, STAN: "000123",
	Acceptor: &Acceptor{Name: "ACME Store", City: "New York", Country: "US"}}

// withMoov is the program as it was.
func withMoov(sale *Authorization) ([]byte, *Authorization, error) {
	msg := iso8583.NewMessage(examples.Spec)
	if err := msg.Marshal(sale); err != nil {
		return nil, nil, err
	}
	wire, err := msg.Pack()
	if err != nil {
		return nil, nil, err
	}
	received := iso8583.NewMessage(examples.Spec)
	if err := received.Unpack(wire); err != nil {
		return nil, nil, err
	}
	var auth Authorization
	return wire, &auth, received.Unmarshal(&auth)
}

// withPosline is the program as it is now; the codec is made once.
func withPosline(codec *message.Codec, sale *Authorization) ([]byte, *Authorization, error) {
	msg := codec.New()
	if err := message.Marshal(msg, sale); err != nil {
		return nil, nil, err
	}
	wire, err := msg.Pack()
	if err != nil {
		return nil, nil, err
	}
	received := codec.New()
	if err := received.Unpack(wire); err != nil {
		return nil, nil, err
	}
	var auth Authorization
	return wire, &auth, message.Unmarshal(received, &auth)
}

// The same program with both libraries, from the same spec.
func Example() {
	imported, warnings, err := moovspec.From(examples.Spec)
	if err != nil {
		log.Fatal(err)
	}
	for _, w := range warnings {
		if strings.HasPrefix(w.Path, "43") {
			fmt.Println(w)
		}
	}
	codec := message.MustCompile(imported)

	before, then, err := withMoov(sale)
	if err != nil {
		log.Fatal(err)
	}
	after, now, err := withPosline(codec, sale)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(before) == string(after))
	fmt.Println(then.Amount == now.Amount, then.STAN, now.STAN)
	fmt.Printf("%q %q\n", then.Acceptor.City, now.Acceptor.City)

	// Output:
	// 43.1: moov strips padding when it reads, here it stays
	// 43.2: moov strips padding when it reads, here it stays
	// true
	// true 000123 000123
	// "New York" "New York     "
}

// A spec file of moov's, made a file of ours.
func ExampleParseJSON() {
	file := `{"name": "short", "fields": {
		"0": {"type": "String", "length": 4, "enc": "ASCII", "prefix": "ASCII.Fixed"},
		"1": {"type": "Bitmap", "length": 8, "enc": "Binary", "prefix": "Hex.Fixed"},
		"4": {"type": "Numeric", "length": 12, "lenght": 12, "enc": "BCD", "prefix": "BCD.Fixed", "padding": {"type": "Left", "pad": "0"}}}}`
	s, warnings, err := moovspec.ParseJSON(strings.NewReader(file))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(warnings)
	for _, f := range s.Config().Fields {
		fmt.Println(f.Number, f.Format, f.Encoding)
	}
	// Output:
	// [4: moov does not know the key "lenght" and passes it over]
	// 0 n 4 ascii
	// 4 n 12 bcd
}
