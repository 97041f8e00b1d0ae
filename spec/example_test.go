package spec_test

import (
	"fmt"

	"github.com/posline/posline/spec"
)

// A dialect of one's own, in the notation of the standard's tables.
func Example() {
	s, err := spec.New(spec.Config{
		Name:     "our host",
		Encoding: spec.BCD, // n and z packed, text in ASCII, b raw
		Header:   []spec.Field{{Number: 1, Name: "TPDU", Format: "b 40"}},
		Fields: []spec.Field{
			{Number: 2, Name: "Primary account number", Format: "n..19", Mask: spec.MaskPAN},
			{Number: 3, Name: "Processing code", Format: "n 6"},
			{Number: 22, Name: "POS entry mode", Format: "n 3", Align: spec.Left},
			{Number: 35, Name: "Track 2", Format: "z..37", Mask: spec.MaskTrack},
			{Number: 55, Name: "Chip data", Format: "b...255", Layout: &spec.Layout{Kind: spec.BERTLV}},
		},
	})
	fmt.Println(s.Name(), err)
	// Output: our host <nil>
}

// With derives a dialect; every fault of a spec is reported with its path.
func ExampleSpec_With() {
	acquirer := spec.UnionPayPOS().With(spec.UnionPayField64Binary())
	fmt.Println(acquirer.Name())

	_, err := acquirer.Derive(spec.Config{Fields: []spec.Field{{Number: 48, Name: "Additional data", Format: "ans..999"}}})
	fmt.Println(err)
	// Output:
	// UnionPay POS terminal
	// spec "UnionPay POS terminal": 48: 999 does not fit a length prefix that ends at 99
}
