package qr_test

import (
	"fmt"

	"github.com/posline/posline/emv/qr"
)

// A terminal shows a code for one sale and reads one back.
func ExampleMerchant_Append() {
	code, err := qr.Merchant{
		Initiation:   "12",
		Accounts:     []qr.Field{{ID: 15, Value: "2031041800520446JDBMSZZXE44BFS0"}}, // UnionPay
		CategoryCode: "5812",
		Currency:     "156",
		Amount:       "23.72",
		Country:      "CN",
		Name:         "BEST TRANSPORT",
		City:         "BEIJING",
		Additional:   []qr.Field{{ID: qr.ReferenceLabel, Value: "20260731000001"}},
	}.Append(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(code))

	m, err := qr.ParseMerchant(string(code))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.Accounts[0].ID.Network(), m.Amount, m.Name)
	// Output:
	// 00020101021215312031041800520446JDBMSZZXE44BFS0520458125303156540523.725802CN5914BEST TRANSPORT6007BEIJING6218051420260731000001630417E6
	// UnionPay 23.72 BEST TRANSPORT
}

func ExampleFields_All() {
	for id, v := range qr.Fields("0002010102115204411153031565802CN").All() {
		fmt.Println(id, v)
	}
	// Output:
	// 00 01
	// 01 11
	// 52 4111
	// 53 156
	// 58 CN
}
