package clearing_test

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/posline/posline/message/clearing"
)

func Example() {
	var file bytes.Buffer
	w := clearing.NewWriter(&file, clearing.Blocked)
	for _, record := range []string{"1644 header", "1240 presentment", "1644 trailer"} {
		if err := w.WriteRecord([]byte(record)); err != nil {
			fmt.Println(err)
		}
	}
	if err := w.Close(); err != nil {
		fmt.Println(err)
	}
	fmt.Println(file.Len(), "bytes")

	r := clearing.NewReader(&file, clearing.Auto)
	for record, err := range r.All() {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Printf("byte %d: %s\n", r.Offset(), record)
	}
	fmt.Println(r.Count(), "records in", r.Form())
	// Output:
	// 1014 bytes
	// byte 0: 1644 header
	// byte 15: 1240 presentment
	// byte 35: 1644 trailer
	// 3 records in 1014-byte blocks
}

func ExampleSpread() {
	contents, err := clearing.Spread([]clearing.Element{
		{Tag: 122, Value: "T"}, {Tag: 105, Value: strings.Repeat("0", 25)},
	})
	if err != nil {
		fmt.Println(err)
	}
	for i, number := range clearing.Fields() {
		if contents[i] != "" {
			fmt.Println(number, contents[i])
		}
	}
	for element, err := range clearing.Elements(contents[:]...) {
		fmt.Printf("PDS %04d is %q, %v\n", element.Tag, element.Value, err)
	}
	// Output:
	// 48 0122001T01050250000000000000000000000000
	// PDS 0122 is "T", <nil>
	// PDS 0105 is "0000000000000000000000000", <nil>
}
