package message_test

import (
	"fmt"
	"os"

	"github.com/posline/posline/message"
	"github.com/posline/posline/spec"
)

func sale() *message.Message {
	m := message.MustCompile(spec.ISO8583v1987ASCII()).New()
	m.SetMTI("0200")
	m.Set(2, "4761739001010119")
	m.Set(3, "000000")
	m.SetInt(4, 1999)
	m.Set(22, "051")
	return m
}

func ExampleMessage_Describe() {
	sale().Describe(os.Stdout)
	// Output:
	// ISO 8583:1987 ASCII, 59 bytes
	// offset  size  field  name                    value             meaning
	//      0     4  0      Message type            0200              financial request, from acquirer, ISO 8583:1987
	//      4    16  1      Bitmap                  7000040000000000  fields 2 3 4 22
	//     20    18  2      Primary account number  476173******0119
	//     38     6  3      Processing code         000000            purchase
	//     44    12  4      Amount, transaction     000000001999
	//     56     3  22     POS entry mode          051               chip, with PIN
}

func ExampleMessage_String() {
	fmt.Println(sale())
	// Output: 0200 2=476173******0119 3=000000 4=000000001999 22=051
}

func ExampleTextForm_AppendJSON() {
	m := sale()
	masked, _ := m.MarshalJSON()
	fmt.Println(string(masked))
	clear, _ := message.TextForm{CardDataInClear: true}.AppendJSON(nil, m)
	fmt.Println(string(clear))
	// Output:
	// {"0":"0200","2":"476173******0119","3":"000000","4":"000000001999","22":"051"}
	// {"0":"0200","2":"4761739001010119","3":"000000","4":"000000001999","22":"051"}
}

func ExampleTextForm_ReadJSON() {
	m := message.MustCompile(spec.ISO8583v1987ASCII()).New()
	err := message.TextForm{}.ReadJSON(m, []byte(`{"0":"0800","11":"000001","70":"301"}`))
	wire, _ := m.Pack()
	fmt.Println(string(wire), err)
	err = message.TextForm{}.ReadJSON(m, []byte(`{"0":"0800","11":"00000X"}`))
	fmt.Println(err)
	// Output:
	// 080080200000000000000400000000000000000001301 <nil>
	// field 11: not a digit: content is n
}
