package message_test

import (
	"errors"
	"fmt"

	"github.com/posline/posline/message"
	"github.com/posline/posline/spec"
)

// A terminal builds a sale; a host reads it and answers.
func Example() {
	codec := message.MustCompile(spec.ISO8583v1987ASCII()) // once, then shared

	sale := codec.New()
	sale.SetMTI("0200")
	sale.Set(2, "4761739001010119")
	sale.Set(3, "000000")
	sale.SetInt(4, 1999) // 19.99, in minor units
	sale.SetInt(11, 7)
	sale.Set(41, "TERM0001")
	wire, err := sale.AppendPack(nil) // the first error of the Sets above comes here too
	if err != nil {
		fmt.Println(err)
		return
	}

	request := codec.New()
	if err := request.Unpack(wire); err != nil {
		fmt.Println(err)
		return
	}
	amount, _ := request.Field(4).Int64()
	fmt.Println(request.MTI(), amount, request.Field(4).Text(), request.Field(2))

	answer, err := message.Response(request)
	if err != nil {
		fmt.Println(err)
		return
	}
	answer.Set(39, "00")
	fmt.Println(answer)
	// Output:
	// 0200 1999 000000001999 476173******0119
	// 0210 2=476173******0119 3=000000 4=000000001999 11=000007 39=00 41=TERM0001
}

// An error says what is wrong, in which field and where, and never quotes data.
func ExampleMessage_Unpack() {
	m := message.MustCompile(spec.ISO8583v1987ASCII()).New()
	err := m.Unpack([]byte("0200" + "7000000000000000" + "164761739001010119" + "000000" + "00000000199X"))

	var fault *message.Error
	if errors.As(err, &fault) {
		fmt.Println(fault.Kind, "in field", fault.Path, "at byte", fault.Offset)
	}
	fmt.Println(errors.Is(err, message.ErrDigit), m.Field(3).Text())
	// Output:
	// not a digit in field 4 at byte 55
	// true 000000
}

// Parts of a field are read and set by path, and as BER tags.
func ExampleMessage_SetPath() {
	m := message.MustCompile(spec.UnionPayPOS()).New()
	m.SetMTI("0200")
	m.SetPath("60.1", "22")
	m.SetPath("60.2", "000001")
	m.SetPath("55.9F26", "0102030405060708")
	m.SetPath("55.9F36", "0042")

	fmt.Println(m.Get("60.2").Text(), m.Field(55).Tag(0x9F36).Text(), m.Field(55).Text())
	// Output:
	// 000001 0042 9F260801020304050607089F36020042
}

// A host answers a request: the response is made from it, set by path, and recognised by the one who asked.
func ExampleAnswers() {
	codec := message.MustCompile(spec.ISO8583v1987ASCII())
	request := codec.New()
	request.SetMTI("0200")
	request.SetPathInt("4", 1999)
	request.Set(11, "000123")
	request.Set(41, "TERM0001")

	response := codec.New()
	if err := message.ResponseInto(response, request); err != nil {
		fmt.Println(err)
		return
	}
	response.Set(39, "00")
	fmt.Println(message.Answers(request, response, 11, 41), response.MTI(), response.Field(4).Unpadded())

	_, err := response.Lookup("39.1")
	fmt.Println(errors.Is(err, message.ErrType))
	// Output:
	// true 0210 1999
	// true
}
