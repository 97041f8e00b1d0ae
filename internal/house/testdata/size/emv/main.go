// Command emv is the same program with what a terminal takes of package emv: chip data read, built and printed with their
// dictionary, the decisions of a sale over contacts and of a tap, and the downloads of UnionPay's hosts.
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
	directory, err := emv.ParsePPSE(d)
	fmt.Println(emv.Candidates(directory, nil, emv.Contactless), err)
	fmt.Println(emv.TerminalRiskManagement(d, emv.RiskInput{}), emv.ContactlessLimits{}.PreProcess(0), emv.DecideTap(emv.TapInput{Card: d}))
	application, err := emv.ParseUnionPayApplication(d)
	fmt.Println(application, err)
	key, err := emv.ParseUnionPayCAKey(d)
	fmt.Println(key, err)
	small, err := emv.ParseUnionPayQPS(os.Args[0])
	fmt.Println(small.Decide(emv.UnionPayQPSInput{}), err)
	for info := range emv.Tags() {
		fmt.Println(info.Name, info.NameChinese)
	}
}
