// Command emv is the same program with all that package emv offers.
package main

import (
	"fmt"
	"os"

	"github.com/posline/posline/emv"
)

func main() {
	fmt.Println(len(os.Args))
	d := emv.TLV(os.Args[0])
	fmt.Println(d.Validate(nil), emv.Describe(os.Stdout, d, &emv.DescribeOptions{Language: emv.Chinese}))
	tree, err := emv.Parse(d, nil)
	fmt.Println(tree, err)
	iad, err := emv.ParseIAD(emv.RID{}, d)
	fmt.Println(iad.Format, err)
	track, err := emv.ParseTrack2(d)
	fmt.Println(track, err)
	data, err := emv.DOL(d).AppendData(nil, func(t emv.Tag) ([]byte, bool) { return d.Get(t) }, nil)
	fmt.Println(data, err)
	fmt.Println(emv.ActionAnalysis(emv.ActionInput{Issuer: emv.IssuerActionCodes(d)}))
	fmt.Println(emv.SelectCVM(emv.CVMList(d), emv.CVMInput{}, 0).Action, emv.Restrictions(d, emv.RestrictionInput{}))
	for info := range emv.Tags() {
		fmt.Println(info.Name, info.NameChinese)
	}
}
