package message_test

import (
	"fmt"
	"time"

	"github.com/posline/posline/message"
	"github.com/posline/posline/spec"
)

// Sale is what a program wants to know of a sale.
type Sale struct {
	MTI    string    `iso8583:"0"`
	Amount int64     `iso8583:"4"` // minor units
	Sent   time.Time `iso8583:"7"`
	STAN   int       `iso8583:"11"`
	Name   *string   `iso8583:"43"`
}

func ExampleMarshal() {
	codec := message.MustCompile(spec.ISO8583v1987ASCII())
	m := codec.New()
	sale := Sale{MTI: "0200", Amount: 1999, Sent: time.Date(2026, 11, 23, 6, 30, 15, 0, time.UTC), STAN: 123}
	if err := message.Marshal(m, &sale); err != nil {
		fmt.Println(err)
	}
	wire, err := m.Pack()
	fmt.Printf("%s %v\n", wire, err)

	type Mistake struct {
		Rate float64 `iso8583:"9"`
	}
	fmt.Println(message.Marshal(codec.New(), &Mistake{}))
	// Output:
	// 020012200000000000000000000019991123063015000123 <nil>
	// field 9: wrong type: Mistake.Rate: a Go float64 cannot hold a field
}

func ExampleUnmarshalAt() {
	codec := message.MustCompile(spec.ISO8583v1987ASCII())
	m := codec.New()
	fmt.Println(m.Unpack([]byte("02001220000000000000" + "000000001999" + "1231235959" + "000123")))

	var sale Sale
	newYear := time.Date(2027, 1, 1, 0, 0, 5, 0, time.UTC)
	err := message.UnmarshalAt(m, &sale, newYear)
	fmt.Println(sale.Amount, sale.STAN, sale.Sent.Format(time.DateTime), sale.Name == nil, err)
	// Output:
	// <nil>
	// 1999 123 2026-12-31 23:59:59 true <nil>
}

func ExampleValue_Time() {
	codec := message.MustCompile(spec.ISO8583v1987ASCII())
	m := codec.New()
	fmt.Println(m.SetTime(7, time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC)))
	sent, err := m.Field(7).Time(time.Date(2027, 1, 1, 0, 0, 5, 0, time.UTC))
	fmt.Println(sent, err)
	// Output:
	// <nil>
	// 2026-12-31 23:59:59 +0000 UTC <nil>
}

func ExampleScanner() {
	codec := message.MustCompile(spec.ISO8583v1987ASCII())
	s := codec.Scanner()
	if err := s.Reset([]byte("02001220000000000000" + "000000001999" + "1231235959" + "000123")); err != nil {
		fmt.Println(err)
	}
	stan, err := s.Field(11)
	fmt.Println(s.MTI(), stan.Text(), err)
	terminal, err := s.Field(41)
	fmt.Println(terminal.Present(), err)
	// Output:
	// 0200 000123 <nil>
	// false <nil>
}

func ExampleKeyFunc() {
	codec := message.MustCompile(spec.ISO8583v1987ASCII())
	key := message.KeyFunc(codec, 11, 41)
	request, kind, _ := key([]byte("0200" + "0020000000000000" + "000123"))
	fmt.Println(kind == message.KeyRequest)
	response, kind, _ := key([]byte("0210" + "0020000002000000" + "000123" + "00"))
	fmt.Println(kind == message.KeyResponse, request == response)
	advice, _, _ := key([]byte("0430" + "0020000000000000" + "000123"))
	fmt.Println(request == advice)
	// Output:
	// true
	// true true
	// false
}
