package card_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/card"
	"github.com/posline/posline/emv/cryptogram"
	"github.com/posline/posline/emv/oda"
)

// A sale of 19.99 yuan with a UnionPay card, inserted and tapped, from the card's directory to what became of the issuer's
// script: PUT DATA of the lower limit of offline transactions.
func Example() {
	ctx, issuer, today := context.Background(), cryptogram.Software{}, emv.Date{Year: 2026, Month: 11, Day: 29}
	aid, holder := []byte("\xA0\x00\x00\x03\x33\x01\x01\x01"), cryptogram.Card{PAN: crypto.Hide("6228480012345678901"), Sequence: "01"}
	objects, err1 := hex.DecodeString("9F02060000000019999F03060000000000009F1A0201565F2A0201569A032611299C010095050000000000" +
		"9F3303E0F8C89F370452BF4585")
	pki, err2 := oda.NewTestPKI(emv.RIDUnionPay, "622848")
	var authorities oda.CAKeys
	authorities.Add(pki.CA)
	secret := []byte("\xF0\xC3\x4A\x81\x24\xCE\xE0\xA9\x1A\x0B\x03\x4A\xA9\x7D\x6E\xAC")
	key1, err3 := clearkey.Import(crypto.MustAttributes("E0TX00N"), secret)
	key2, err4 := clearkey.Import(crypto.MustAttributes("E2TX00N"), secret)
	imk, err5 := crypto.NewIMK(key1)
	smi, err6 := crypto.NewIMK(key2)
	parameters := emv.UnionPayApplication{AID: aid, Version: [2]byte{0, 0x30}, ContactlessLimit: emv.LimitOf(500000),
		ContactlessCVMLimit: emv.LimitOf(100000), Actions: emv.ActionCodes{
			Denial: emv.TVR{0, 0x10}, Online: emv.TVR{0xD8, 0x40, 0x04, 0xF8}, Default: emv.TVR{0xD8, 0x40, 0, 0xA8}}}
	fmt.Println(errors.Join(err1, err2, err3, err4, err5, err6))
	for _, over := range []emv.Interface{emv.Contact, emv.Contactless} {
		chip, err1 := card.New(card.Config{AID: aid, PAN: holder.PAN.Text(), Expiry: emv.Date{Year: 2030, Month: 12, Day: 31}, PKI: pki,
			Keys: card.Keys{Cryptogram: imk, Integrity: smi}, Contactless: over == emv.Contactless})
		r := card.Reader{Transmit: chip.Transmit, Over: over, Terminal: objects}
		tap := parameters.ContactlessLimits(emv.TTQ{0x36, 0, 0x80, 0x80}).PreProcess(1999)
		r.Set(0x9F66, tap.TTQ[:])
		candidates, err2 := r.Candidates([]emv.SupportedApplication{parameters.Supported()})
		application, err3 := r.SelectFirst(candidates)
		fmt.Println(over, application.Name(), errors.Join(err1, err2, err3, r.Start()))
		cid, tapped := r.Done()
		if tapped {
			fmt.Println(cid.Type(), emv.DecideTap(emv.TapInput{TTQ: tap.TTQ, CID: cid, Card: r.Card()}))
		} else {
			err1 = r.Authenticate(&authorities, today)
			r.AddTVR(emv.Restrictions(r.Card(), emv.RestrictionInput{Date: today, Version: parameters.Version, Country: 156}))
			r.AddTVR(emv.TerminalRiskManagement(r.Card(), parameters.Risk(1999, 50)))
			cid, err2 = r.GenerateAC(emv.ActionAnalysis(emv.ActionInput{
				TVR: r.TVR(), Issuer: emv.IssuerActionCodes(r.Card()), Terminal: parameters.Actions}))
			fmt.Println(cid.Type(), errors.Join(err1, err2))
		}
		request := cryptogram.Request{Card: holder, Data: r.Field55(0x9F26, 0x9F27, 0x9F10, 0x9F37, 0x9F36, 0x95, 0x9A, 0x9C, 0x9F02,
			0x5F2A, 0x82, 0x9F1A, 0x9F03, 0x9F33, 0x84)}
		// The issuer: verify, answer, and a script.
		err1 = issuer.VerifyCryptogram(ctx, imk, request)
		response, err2 := issuer.AppendResponse(ctx, nil, imk, request, cryptogram.Answer{ARC: emv.ARC{'0', '0'}})
		script, err3 := issuer.AppendCommands(ctx, nil, cryptogram.IssuerScriptKeys{Integrity: smi}, request,
			[]cryptogram.IssuerCommand{{Command: cryptogram.Command{CLA: 0x84, INS: 0xDA, P1: 0x9F, P2: 0x14, Data: []byte{3}}}})
		cid, err4 := r.Complete(emv.TC, emv.ARC{'0', '0'}, emv.AppendTLV(emv.AppendTLV(nil, 0x91, response), 0x72, script))
		results, _ := r.Value(0xDF31) // for the script result message, 0620
		fmt.Printf("%v %X %v\n", cid.Type(), results, errors.Join(err1, err2, err3, err4))
	}
	// Output:
	// <nil>
	// contact UnionPay <nil>
	// ARQC <nil>
	// TC 2000000000 <nil>
	// contactless UnionPay <nil>
	// ARQC {online request no CVM}
	// ARQC 2000000000 <nil>
}
