package card_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/card"
	"github.com/posline/posline/emv/cryptogram"
	"github.com/posline/posline/emv/oda"
)

// TestNextOnlyAfterPartOfTheName: SELECT of the next occurrence follows a match in part, of an application that may match so;
// after an exact match there is no other one. EMV Book 1 section 12.3.3.
func TestNextOnlyAfterPartOfTheName(t *testing.T) {
	part := unhex("A000000333")
	for name, c := range map[string]struct {
		terminal []emv.SupportedApplication
		want     int // selections of the next one
		found    string
	}{
		"exact":                   {[]emv.SupportedApplication{{AID: unionPayDebit}}, 0, "DEBIT"},
		"exact, might be in part": {[]emv.SupportedApplication{{AID: unionPayDebit, Partial: true}}, 0, "DEBIT"},
		"in part, not allowed":    {[]emv.SupportedApplication{{AID: part}}, 0, ""},
		"in part":                 {[]emv.SupportedApplication{{AID: part, Partial: true}}, 3, "CREDIT DEBIT OTHER"},
		"both": {[]emv.SupportedApplication{{AID: unionPayDebit, Partial: true}, {AID: part, Partial: true}, {AID: unhex("A0000003330101FF"), Partial: true}},
			3, "CREDIT DEBIT OTHER"},
	} {
		t.Run(name, func(t *testing.T) {
			whole, next := several(t, false), 0
			r := &card.Reader{Transmit: func(command []byte) []byte {
				switch {
				case bytes.Contains(command, []byte(emv.PSE)):
					return []byte{0x6A, 0x82}
				case command[1] == 0xA4 && command[3] == 2:
					next++
				}
				return whole.Transmit(command)
			}}
			found, err := r.Candidates(c.terminal)
			if c.found == "" {
				require.ErrorIs(t, err, card.ErrNoApplication)
			} else {
				require.NoError(t, err)
			}
			require.Equal(t, c.found, labels(found))
			require.Equal(t, c.want, next)
		})
	}

	// What answers with another name than it was asked for is none of the terminal's.
	r := &card.Reader{Transmit: func(command []byte) []byte {
		if bytes.Contains(command, []byte(emv.PSE)) {
			return []byte{0x6A, 0x82}
		}
		require.NotContains(t, string(command), "\x00\xA4\x04\x02")
		return unhex("6F0E8408A000000333010101A5025000" + "9000")
	}}
	_, err := r.Candidates([]emv.SupportedApplication{{AID: unhex("A0000000031010"), Partial: true}})
	require.ErrorIs(t, err, card.ErrNoApplication)
}

// TestRecordsOfADirectoryThatAreRefused: a record that the card does not give is left out, and the directory goes on to the end.
func TestRecordsOfADirectoryThatAreRefused(t *testing.T) {
	terminal := []emv.SupportedApplication{{AID: unhex("A000000333"), Partial: true}}
	whole, records, others := several(t, false), 0, 0
	r := &card.Reader{Transmit: func(command []byte) []byte {
		switch {
		case command[1] == 0xB2:
			records++
			if command[2] == 2 {
				return []byte{0x69, 0x85}
			}
		case !bytes.Contains(command, []byte(emv.PSE)):
			others++
		}
		return whole.Transmit(command)
	}}
	found, err := r.Candidates(terminal)
	require.NoError(t, err)
	require.Equal(t, "DEBIT OTHER", labels(found))
	require.Equal(t, []int{4, 0}, []int{records, others})

	r.Transmit = func(command []byte) []byte {
		if command[1] == 0xB2 {
			return nil // the card is gone
		}
		return whole.Transmit(command)
	}
	found, err = r.Candidates(terminal)
	require.NoError(t, err)
	require.Equal(t, "CREDIT DEBIT OTHER", labels(found), "one by one, then")
}

// inParts is the way to a card that leaves the protocol T=0 to its user: a response to a command with data waits to be
// fetched, in pieces, and a length that was wrong is named.
func inParts(transmit func([]byte) []byte) func([]byte) []byte {
	var waiting []byte
	give := func() []byte {
		n := min(len(waiting)-2, 100)
		if n == 0 && len(waiting) == 2 {
			return waiting
		}
		part := bytes.Clone(waiting[:n])
		if waiting = waiting[n:]; len(waiting) > 2 {
			return append(part, 0x61, byte(min(len(waiting)-2, 100)))
		}
		return append(part, waiting...)
	}
	return func(command []byte) []byte {
		if command[1] == 0xC0 {
			return give()
		}
		if len(command) == 5 && command[4] != 0 { // again, with the length it was told
			return give()
		}
		waiting = transmit(command)
		switch n := len(waiting) - 2; {
		case n == 0:
			return waiting
		case len(command) == 5:
			return []byte{0x6C, byte(min(n, 100))}
		default:
			return []byte{0x61, byte(min(n, 100))}
		}
	}
}

// TestResponsesInParts: what the card has to say is fetched, whatever the way to it leaves to the reader.
func TestResponsesInParts(t *testing.T) {
	var keys oda.CAKeys
	keys.Add(testPKI(t, emv.RIDUnionPay, "622848").CA)
	c, b := scripted(t, "UnionPay", nil)
	r := begin(t, c, "UnionPay")
	r.Transmit = inParts(c.Transmit)
	candidates, err := r.Candidates([]emv.SupportedApplication{{AID: unionPayDebit}})
	require.NoError(t, err)
	_, err = r.SelectFirst(candidates)
	require.NoError(t, err)
	require.NoError(t, r.Start())
	require.NoError(t, r.Authenticate(&keys, today))
	require.NoError(t, r.Get(0x9F36))
	requireStatus(t, 0x63C2, r.VerifyPIN([8]byte(unhex("24123FFFFFFFFFFF"))))
	require.NoError(t, r.VerifyEncipheredPIN([8]byte(unhex("26123456FFFFFFFF"))))
	_, err = r.GenerateCombinedAC(emv.ARQC)
	require.NoError(t, err)
	cid, err := r.Complete(emv.TC, done, b.answer(t, r, plain(0xDA, 0x9F, 0x14, 5)))
	require.NoError(t, err)
	require.Equal(t, emv.TC, cid.Type())
	require.Equal(t, emv.ScriptSuccessful, results(t, r)[0].Outcome())

	// Cards that never come to an end, and one that names a length for a command that has data.
	for _, response := range []string{"6105", "6100", "AABB6102", "6C05", "6C00"} {
		sent := 0
		r.Transmit = func(command []byte) []byte {
			sent++
			if command[1] == 0x20 {
				require.Len(t, command, 14, "a command with data goes as it is")
			}
			return unhex(response)
		}
		require.ErrorIs(t, r.Get(0x9F36), card.ErrResponse, response)
		require.Less(t, sent, 10)
	}
	requireStatus(t, 0x6C00, r.VerifyPIN([8]byte{}))
}

// TestListsOfMoreThanACommandHolds: 252 octets of data for the processing options are the most, with the template around
// them; a card that asks for more gets nothing.
func TestListsOfMoreThanACommandHolds(t *testing.T) {
	for _, octets := range []byte{252, 253, 255} {
		r := &card.Reader{Transmit: func([]byte) []byte {
			return append(emv.AppendTLV(nil, 0x6F, emv.AppendTLV(unhex("8408A000000333010101"), 0x9F38, []byte{0x9F, 0x37, octets})), 0x90, 0)
		}}
		require.NoError(t, r.Select(unionPayDebit))
		var sent []byte
		r.Transmit = func(command []byte) []byte { sent = command; return []byte{0x69, 0x85} }
		err := r.Start()
		if octets == 252 {
			requireStatus(t, 0x6985, err)
			require.Len(t, sent, 5+255+1)
			require.Equal(t, unhex("80A80000FF8381FC"), sent[:8])
			continue
		}
		require.ErrorIs(t, err, card.ErrResponse)
		require.Nil(t, sent)
	}
}

// TestObjectsThatComeTwice: an object that nothing vouches for cannot stand before the one the issuer signed.
func TestObjectsThatComeTwice(t *testing.T) {
	for object, want := range map[string]error{
		"5F2403401231":         card.ErrResponse, // a later expiry than the signed one
		"5F2403301231":         nil,              // the same again
		"DF010101":             nil,
		"82020000":             card.ErrResponse,
		"8408A0000000031010FF": card.ErrResponse, // another name than was selected
	} {
		c, _, _ := newCard(t, "UnionPay", nil)
		r := &card.Reader{Terminal: unhex("9F370452BF4585"), Transmit: func(command []byte) []byte {
			response := c.Transmit(command)
			if command[1] != 0xB2 || command[3] != 1<<3|4 { // the first record is not signed
				return response
			}
			inside, _ := emv.TLV(response[:len(response)-2]).Get(0x70)
			return append(emv.AppendTLV(nil, 0x70, append(unhex(object), inside...)), 0x90, 0)
		}}
		require.NoError(t, r.Select(unionPayDebit))
		require.ErrorIs(t, r.Start(), want, object)
		name, _ := r.Card().Get(0x84)
		require.Equal(t, unionPayDebit, []byte(name))
	}
}

// TestCryptogramsNobodyAskedFor: a card may give less than it is asked for and never more, and in the end no request for the
// issuer; an answer without a cryptogram is none.
func TestCryptogramsNobodyAskedFor(t *testing.T) {
	const aac, tc, arqc, aar = emv.AAC, emv.TC, emv.ARQC, emv.AAR
	may := map[[3]emv.CryptogramType]bool{ // asked, given, 1 for the second
		{aac, aac}: true, {tc, aac}: true, {arqc, aac}: true, {tc, tc}: true, {tc, arqc}: true, {arqc, arqc}: true,
		{aar, aac}: true, {aar, aac, 1}: true, {aac, aac, 1}: true, {tc, aac, 1}: true, {arqc, aac, 1}: true, {tc, tc, 1}: true,
	}
	plain := func(c *card.Config) { c.PKI = nil }
	for _, form := range []string{"format 1", "format 2", "combined"} {
		for _, second := range []emv.CryptogramType{0, 1} {
			for asked := aac; asked <= aar; asked++ {
				for given := aac; given <= aar; given++ {
					c, _, _ := newCard(t, "UnionPay", plain)
					r := reader(t, c, "UnionPay")
					if second == 1 {
						r = begin(t, c, "UnionPay")
					}
					generate, answer := r.GenerateAC, emv.AppendTLV(nil, 0x80, append([]byte{byte(given) << 6}, unhex("0001"+"0102030405060708")...))
					switch form {
					case "format 2":
						answer = emv.AppendTLV(nil, 0x77, append([]byte{0x9F, 0x27, 1, byte(given) << 6}, unhex("9F36020001"+"9F26080102030405060708")...))
					case "combined":
						generate = r.GenerateCombinedAC
					}
					r.Transmit = func([]byte) []byte { return append(answer, 0x90, 0) }
					before := r.Card()
					cid, err := generate(asked)
					switch {
					case form == "combined" && given != aac:
						require.ErrorIs(t, err, oda.ErrMissing)
					case may[[3]emv.CryptogramType{asked, given, second}]:
						require.NoError(t, err)
						require.Equal(t, given, cid.Type())
						continue
					default:
						require.ErrorIs(t, err, card.ErrResponse, "%s: %v in place of %v", form, given, asked)
					}
					require.Equal(t, before, r.Card(), "nothing of it is kept")
					_, given := r.Done()
					require.Equal(t, second == 1, given)
				}
			}
		}
	}
	for _, inside := range []string{
		"", "9F270100", "9F270100" + "9F36020001", "9F270100" + "9F36020001" + "9F260701020304050607", "9F270100" + "9F360101" + "9F26080102030405060708",
		"9F27020000" + "9F36020001" + "9F26080102030405060708", "9F36020001" + "9F26080102030405060708",
	} {
		c, _, _ := newCard(t, "UnionPay", plain)
		r := reader(t, c, "UnionPay")
		r.Transmit = func([]byte) []byte { return append(emv.AppendTLV(nil, 0x77, unhex(inside)), 0x90, 0) }
		_, err := r.GenerateAC(emv.ARQC)
		require.ErrorIs(t, err, card.ErrResponse, inside)
	}
}

// TestCryptogramInARecord is none of this transaction: the terminal asks for the first one.
func TestCryptogramInARecord(t *testing.T) {
	c, _, _ := newCard(t, "UnionPay", nil)
	var asked []byte
	r := &card.Reader{Terminal: unhex("9F370452BF4585" + "9F02060000000019999F1A020156"), Transmit: func(command []byte) []byte {
		if command[1] == 0xAE {
			asked = command
		}
		response := c.Transmit(command)
		if command[1] != 0xB2 || command[3] != 1<<3|4 {
			return response
		}
		inside, _ := emv.TLV(response[:len(response)-2]).Get(0x70)
		return append(emv.AppendTLV(nil, 0x70, append(unhex("9F26080102030405060708"+"9F270140"+"9F36020001"), inside...)), 0x90, 0)
	}}
	require.NoError(t, r.Select(unionPayDebit))
	require.NoError(t, r.Start())
	_, given := r.Done()
	require.False(t, given)
	cid, err := r.GenerateAC(emv.ARQC)
	require.NoError(t, err)
	require.Equal(t, emv.ARQC, cid.Type())
	require.Equal(t, byte(29), asked[4], "by the first list")
}

// TestNothingToComplete: a transaction whose first cryptogram did not come has no second one.
func TestNothingToComplete(t *testing.T) {
	c, _, _ := newCard(t, "UnionPay", nil)
	r := reader(t, c, "UnionPay")
	r.Transmit = func([]byte) []byte { return []byte{0x69, 0x85} }
	_, err := r.GenerateAC(emv.ARQC)
	requireStatus(t, 0x6985, err)
	r.Transmit = func([]byte) []byte { require.Fail(t, "nothing is sent"); return nil }
	_, err = r.Complete(emv.TC, done, unhex("910A30303030303030303030"))
	require.ErrorIs(t, err, card.ErrResponse)
}

// TestNothingLeftToComplete: a card that has decided by itself, or given its second cryptogram, is asked for no other one.
func TestNothingLeftToComplete(t *testing.T) {
	for _, first := range []emv.CryptogramType{emv.TC, emv.AAC, emv.ARQC} {
		c, b := scripted(t, "UnionPay", nil)
		r := reader(t, c, "UnionPay")
		_, err := r.GenerateAC(first)
		require.NoError(t, err)
		answer := unhex("910A30303030303030303030")
		if first == emv.ARQC {
			answer = b.answer(t, r)
			_, err = r.Complete(emv.TC, done, answer)
			require.NoError(t, err)
		}
		honest := r.Transmit
		r.Transmit = func([]byte) []byte { require.Fail(t, "nothing is sent"); return nil }
		_, err = r.Complete(emv.TC, done, answer)
		require.ErrorIs(t, err, card.ErrResponse, first)

		r.Transmit = honest // the next transaction has an end, too
		require.NoError(t, r.Select(unionPayDebit))
		require.NoError(t, r.Start())
		_, err = r.GenerateAC(emv.ARQC)
		require.NoError(t, err)
		_, err = r.Complete(emv.TC, done, b.answer(t, r))
		require.NoError(t, err)
	}
}

// TestSecondTapOfAnother: what comes back for the issuer's answer under another name, or none, gets nothing of it.
func TestSecondTapOfAnother(t *testing.T) {
	for _, fci := range []string{"6F0E8408A000000333010102A5025000", "6F0D8407A0000003330101A5025000", "6F04A5025000", ""} {
		_, b, r, err := tapped(t, "UnionPay", emv.TTQ{0x36, 0, 0x80, 0x80}, nil)
		require.NoError(t, err)
		answer := b.answer(t, r, plain(0xDA, 0x9F, 0x79, 0, 0, 0, 1, 0, 0))
		r.Transmit = func(command []byte) []byte {
			require.Equal(t, byte(0xA4), command[1], "no more than the selection")
			return append(unhex(fci), 0x90, 0)
		}
		_, err = r.Complete(emv.TC, done, answer)
		require.ErrorIs(t, err, card.ErrResponse, fci)
		require.Empty(t, results(t, r))
	}
}

// TestSignaturesThatAreNotOfThisTransaction: a card that does not want the terminal's number signs what it may have signed
// before.
func TestSignaturesThatAreNotOfThisTransaction(t *testing.T) {
	var keys oda.CAKeys
	keys.Add(testPKI(t, emv.RIDUnionPay, "622848").CA)
	for list, want := range map[string]error{"9F3704": nil, "9F0206": oda.ErrMissing, "": oda.ErrMissing, "9F02069F37": oda.ErrMissing} {
		c, _, _ := newCard(t, "UnionPay", nil)
		r := reader(t, c, "UnionPay")
		honest := r.Transmit
		r.Transmit = func([]byte) []byte { return append(emv.AppendTLV(nil, 0x9F49, unhex(list)), 0x90, 0) }
		require.NoError(t, r.Get(0x9F49))
		r.Transmit = honest
		require.ErrorIs(t, r.Authenticate(&keys, today), want, list)
	}
}

// TestStaticDataThatAreNone: a card whose signed data cannot be put together is not authenticated, and pays online.
func TestStaticDataThatAreNone(t *testing.T) {
	var keys oda.CAKeys
	keys.Add(testPKI(t, emv.RIDUnionPay, "622848").CA)
	for _, list := range []string{"95", "8295", ""} {
		c, _, _ := newCard(t, "UnionPay", nil)
		r := &card.Reader{Terminal: unhex("9F370452BF4585" + "9F0206000000001999" + "9F1A020156"), Transmit: edited(c.Transmit, func(tag emv.Tag, v emv.Value) ([]byte, bool) {
			if tag == 0x9F4A {
				return unhex(list), true
			}
			return v, true
		})}
		require.NoError(t, r.Select(unionPayDebit))
		require.NoError(t, r.Start())
		require.ErrorIs(t, r.Authenticate(&keys, today), oda.ErrFormat, list)
		cid, err := r.GenerateAC(emv.ARQC)
		require.NoError(t, err)
		require.Equal(t, emv.ARQC, cid.Type())
		require.NoError(t, r.Select(unionPayDebit))
	}
}

// TestObjectsThatWereNotAskedFor: what GET DATA or GENERATE AC bring along does not stand before what the card gave earlier.
func TestObjectsThatWereNotAskedFor(t *testing.T) {
	c, _, _ := newCard(t, "UnionPay", nil)
	r := reader(t, c, "UnionPay")
	expiry, _ := r.Card().Get(0x5F24)
	honest, before := r.Transmit, r.Card()
	for _, response := range []string{"5F2403401231" + "9F170103", "9F170103" + "5F2403401231", "5F2403401231", "", "9F17"} {
		r.Transmit = func([]byte) []byte { return append(unhex(response), 0x90, 0) }
		require.ErrorIs(t, r.Get(0x9F17), card.ErrResponse, response)
		require.Equal(t, before, r.Card())
	}
	r.Transmit = func([]byte) []byte { return unhex("BF5009" + "5F2403401231" + "DF0100" + "9000") }
	require.NoError(t, r.Get(0xBF50), "a template")
	got, _ := r.Card().Get(0x5F24)
	require.Equal(t, expiry, got, "of which nothing stands in front")

	r = reader(t, c, "UnionPay")
	honest = r.Transmit
	r.Transmit = func(command []byte) []byte {
		response := honest(command)
		inside, _ := emv.TLV(response[:len(response)-2]).Get(0x77)
		return append(emv.AppendTLV(nil, 0x77, append(unhex("5F2403401231"+"DF0101AA"), inside...)), 0x90, 0)
	}
	_, err := r.GenerateAC(emv.ARQC)
	require.NoError(t, err)
	got, _ = r.Card().Get(0x5F24)
	require.Equal(t, expiry, got)
	own, _ := r.Card().Get(0xDF01)
	require.Equal(t, []byte{0xAA}, []byte(own), "what is new is there")
	first, _ := r.Card().Get(0x9F26)
	r.Transmit = honest
	_, err = r.Complete(emv.TC, emv.ARCUnableOnlineApproved, nil)
	require.NoError(t, err)
	second, _ := r.Card().Get(0x9F26)
	require.NotEqual(t, first, second, "the newest cryptogram comes first")
}

// TestTapWithoutRecords: a tapped card that has said everything with its cryptogram names no records; over contacts there is
// no such thing.
func TestTapWithoutRecords(t *testing.T) {
	for _, contact := range []bool{false, true} {
		c, b := scripted(t, "UnionPay", func(c *card.Config) { c.Contactless = true })
		reads := 0
		options := without(c.Transmit, 0xA8, 0x94)
		if contact {
			options = without(options, 0xA8, 0x9F26)
		}
		r := honest(emv.Contactless, func(command []byte) []byte {
			if command[1] == 0xB2 {
				reads++
			}
			return options(command)
		})
		require.NoError(t, r.Select(unionPayDebit))
		if contact {
			require.ErrorIs(t, r.Start(), emv.ErrLength)
			continue
		}
		require.NoError(t, r.Start())
		require.Zero(t, reads)
		cid, given := r.Done()
		require.True(t, given)
		require.Equal(t, emv.ARQC, cid.Type())
		require.NotEmpty(t, b.answer(t, r))
	}
}

// TestLongScripts: a script of more than the 128 octets that every terminal takes is carried out to its end, one command after
// the other.
func TestLongScripts(t *testing.T) {
	c, b := scripted(t, "UnionPay", nil)
	r := begin(t, c, "UnionPay")
	var commands []cryptogram.IssuerCommand
	for n := range byte(40) {
		commands = append(commands, plain(0xDA, 0x9F, 0x14, n))
	}
	answer := b.answer(t, r, commands...)
	require.Greater(t, len(answer), 600)
	_, err := r.Complete(emv.TC, done, answer)
	require.NoError(t, err)
	require.Equal(t, []emv.ScriptResult{emv.NewScriptResult(emv.ScriptSuccessful, 0, [4]byte{1, 2, 3, 4})}, results(t, r))
	require.NoError(t, r.Get(0x9F14))
	limit, _ := r.Value(0x9F14)
	require.Equal(t, []byte{39}, limit)
}
