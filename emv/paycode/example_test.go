package paycode_test

import (
	"fmt"

	"github.com/posline/posline/emv/paycode"
)

// A scanner brings a string; which wallet is to be asked?
func ExampleRecognize() {
	for _, scanned := range []string{"135325628417000148", "281234567890123456", "6223360612494957384", "4761739001010119"} {
		if code, ok := paycode.Recognize(scanned, paycode.Scanner); ok {
			fmt.Println(code)
		}
	}
	_, ok := paycode.Recognize("6223360612494957384", paycode.Keyboard)
	fmt.Println(ok)
	// Output:
	// WeChat Pay 13************0148
	// Alipay 28************3456
	// UnionPay 62*************7384
	// false
}
