package card_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/card"
)

// several issues a card with three names: of debit, of credit and of a domestic product.
func several(t testing.TB, contactless bool) *card.Card {
	c, _, _ := newCard(t, "UnionPay", func(config *card.Config) {
		config.Contactless, config.Priority, config.Label = contactless, 2, "DEBIT"
		config.More = []card.Entry{
			{AID: unhex("A000000333010102"), Label: "CREDIT", Priority: 1},
			{AID: unhex("A0000003330101FF"), Label: "OTHER"},
		}
	})
	return c
}

func labels(found []emv.Candidate) string {
	var out []string
	for _, c := range found {
		out = append(out, c.Name())
	}
	return strings.Join(out, " ")
}

func TestSelection(t *testing.T) {
	debit, credit := emv.SupportedApplication{AID: unionPayDebit}, emv.SupportedApplication{AID: unhex("A000000333010102")}
	any := emv.SupportedApplication{AID: unhex("A000000333"), Partial: true}
	for _, over := range []emv.Interface{emv.Contact, emv.Contactless} {
		for name, c := range map[string]struct {
			terminal []emv.SupportedApplication
			want     string
		}{
			"one":     {[]emv.SupportedApplication{debit}, "DEBIT"},
			"both":    {[]emv.SupportedApplication{debit, credit}, "CREDIT DEBIT"},
			"in part": {[]emv.SupportedApplication{any}, "CREDIT DEBIT OTHER"},
		} {
			t.Run(fmt.Sprint(over, " ", name), func(t *testing.T) {
				r := &card.Reader{Transmit: several(t, over == emv.Contactless).Transmit, Over: over}
				found, err := r.Candidates(c.terminal)
				require.NoError(t, err)
				require.Equal(t, c.want, labels(found))
				chosen, err := r.SelectFirst(found)
				require.NoError(t, err)
				require.Equal(t, found[0], chosen)
				name, _ := r.Value(0x84)
				require.Equal(t, chosen.AID, name)

				// Without a directory a terminal tries its applications one by one; over contactless there is no other way.
				whole := r.Transmit
				r.Transmit = func(command []byte) []byte {
					if bytes.Contains(command, []byte("PAY.SYS")) {
						return []byte{0x6A, 0x82}
					}
					return whole(command)
				}
				found, err = r.Candidates(c.terminal)
				if over == emv.Contactless {
					requireStatus(t, 0x6A82, err)
					return
				}
				require.NoError(t, err)
				require.Equal(t, c.want, labels(found))
			})
		}
		r := &card.Reader{Transmit: several(t, over == emv.Contactless).Transmit, Over: over}
		_, err := r.Candidates([]emv.SupportedApplication{{AID: unhex("A0000000031010")}})
		require.ErrorIs(t, err, card.ErrNoApplication)
		_, err = r.Candidates(nil)
		require.ErrorIs(t, err, card.ErrNoApplication)
	}
}

// TestSelectionCommands holds what the card answers to the commands themselves.
func TestSelectionCommands(t *testing.T) {
	c := several(t, false)
	selects := func(p2 byte, name []byte) (string, uint16) {
		response := c.Transmit(append([]byte{0, 0xA4, 4, p2, byte(len(name))}, name...))
		a, _ := emv.ParseApplication(response[:len(response)-2])
		return a.Label, sw(response)
	}
	part := unhex("A000000333")
	for i, want := range []struct {
		p2     byte
		name   []byte
		label  string
		status uint16
	}{
		{2, part, "DEBIT", 0x9000}, // the next one of nothing is the first
		{2, part, "CREDIT", 0x9000}, {2, part, "OTHER", 0x9000}, {2, part, "", 0x6A82}, {2, part, "DEBIT", 0x9000},
		{0, part, "DEBIT", 0x9000}, {0, part, "DEBIT", 0x9000}, {1, part, "", 0x6A86}, {0, part[:4], "", 0x6A82},
		{0, unhex("A0000003330101FF"), "OTHER", 0x9000}, {0, unhex("A0000003330101FF00"), "", 0x6A82},
	} {
		label, status := selects(want.p2, want.name)
		require.Equal(t, want.label, label, i)
		require.Equal(t, fmt.Sprintf("%04X", want.status), fmt.Sprintf("%04X", status), i)
	}
	require.Equal(t, uint16(0x6A86), sw(c.Transmit(append([]byte{0, 0xA4, 0, 0, 5}, part...))))
	for record, want := range map[byte]uint16{0: 0x6A83, 1: 0x9000, 3: 0x9000, 4: 0x6A83} {
		c.Reset()
		require.Equal(t, want, sw(c.Transmit([]byte{0, 0xB2, record, 1<<3 | 4, 0})), "record %d", record)
	}
	require.Equal(t, uint16(0x6985), sw(c.Transmit([]byte{0, 0xB2, 1, 2<<3 | 4, 0})))
	require.Equal(t, uint16(0x6985), sw(several(t, true).Transmit([]byte{0, 0xB2, 1, 1<<3 | 4, 0})), "a tapped card has no such file")
}

// TestCandidatesOfBadCards: whatever is wrong with a directory, the terminal finds out or does without.
func TestCandidatesOfBadCards(t *testing.T) {
	terminal := []emv.SupportedApplication{{AID: unionPayDebit}}
	refusals := map[string]error{ // those of the other bad cards are status 6A81
		"nothing there": card.ErrNoApplication, "PPSE that is none": emv.ErrMissing, "one octet of status": card.ErrResponse,
		"PPSE of another card": card.ErrNoApplication,
	}
	for name, c := range map[string]struct {
		over emv.Interface
		bad  func(command, response []byte) []byte
		want string // the candidates; "" for an error
	}{
		"PSE that is none": {emv.Contact, func(c, r []byte) []byte {
			if bytes.Contains(c, []byte(emv.PSE)) {
				return []byte{0x6F, 0x00, 0x90, 0x00}
			}
			return r
		}, "DEBIT"},
		"record cut": {emv.Contact, func(c, r []byte) []byte {
			if c[1] == 0xB2 {
				return append(r[:5:5], 0x90, 0)
			}
			return r
		}, "DEBIT"},
		"directory that never ends": {emv.Contact, func(c, r []byte) []byte {
			if c[1] == 0xB2 {
				return unhex("70009000")
			}
			return r
		}, "DEBIT"},
		"card blocked": {emv.Contact, func([]byte, []byte) []byte { return []byte{0x6A, 0x81} }, ""},
		"card blocked at the application": {emv.Contact, func(c, r []byte) []byte {
			if c[1] == 0xA4 && !bytes.Contains(c, []byte(emv.PSE)) {
				return []byte{0x6A, 0x81}
			}
			return []byte{0x6A, 0x82}
		}, ""},
		"nothing there":       {emv.Contact, func([]byte, []byte) []byte { return nil }, ""},
		"PPSE that is none":   {emv.Contactless, func([]byte, []byte) []byte { return []byte{0x6F, 0x00, 0x90, 0x00} }, ""},
		"one octet of status": {emv.Contactless, func([]byte, []byte) []byte { return []byte{0x90} }, ""},
		"PPSE of another card": {emv.Contactless, func([]byte, []byte) []byte {
			return append(emv.AppendTLV(nil, 0x6F, unhex("A507"+"BF0C04"+"61024F00")), 0x90, 0)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			whole := several(t, c.over == emv.Contactless)
			sent := 0
			r := &card.Reader{Over: c.over, Transmit: func(command []byte) []byte {
				sent++
				require.Less(t, sent, 100, "no end")
				return c.bad(command, whole.Transmit(command))
			}}
			found, err := r.Candidates(terminal)
			if c.want == "" {
				require.Error(t, err)
				require.Empty(t, found)
				if kind, ok := refusals[name]; ok {
					require.ErrorIs(t, err, kind)
				} else {
					requireStatus(t, 0x6A81, err)
				}
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, labels(found))
		})
	}

	// A card that answers to every name for ever, and a blocked application beside a good one.
	endless := &card.Reader{Transmit: func(command []byte) []byte {
		if bytes.Contains(command, []byte(emv.PSE)) {
			return []byte{0x6A, 0x82}
		}
		return append(unhex("6F0E8408A000000333010101A5025000"), 0x90, 0)
	}}
	found, err := endless.Candidates([]emv.SupportedApplication{{AID: unhex("A000000333"), Partial: true}, {AID: unionPayDebit}})
	require.NoError(t, err)
	require.Len(t, found, 1)
	blocked := &card.Reader{Transmit: func(command []byte) []byte {
		if bytes.Contains(command, []byte(emv.PSE)) {
			return []byte{0x6A, 0x82}
		}
		return append(unhex("6F0E8408A000000333010101A5025000"), 0x62, 0x83)
	}}
	_, err = blocked.Candidates([]emv.SupportedApplication{{AID: unionPayDebit}})
	require.ErrorIs(t, err, card.ErrNoApplication)
}

// TestSelectionOfAnother: a card that answers with the name of another application, or without one, has not selected it, and the
// next candidate is tried.
func TestSelectionOfAnother(t *testing.T) {
	candidates := []emv.Candidate{
		{Application: emv.Application{AID: unhex("A0000003330102")}}, {Application: emv.Application{AID: unionPayDebit}},
	}
	for _, other := range []string{"6F0B8407A0000000031010A500", "6F088406A00000033301", "6F02A500", "6F028400", "6F00", ""} {
		whole := several(t, false)
		r := &card.Reader{Transmit: func(command []byte) []byte {
			if bytes.Contains(command, unhex("A0000003330102")) {
				return append(unhex(other), 0x90, 0)
			}
			return whole.Transmit(command)
		}}
		require.ErrorIs(t, r.Select(unhex("A0000003330102")), card.ErrResponse, other)
		require.Empty(t, r.Card())
		chosen, err := r.SelectFirst(candidates)
		require.NoError(t, err)
		require.Equal(t, unionPayDebit, chosen.AID)
		_, err = r.SelectFirst(candidates[:1])
		require.ErrorIs(t, err, card.ErrNoApplication)
	}
	r := &card.Reader{Transmit: several(t, false).Transmit}
	require.NoError(t, r.Select(unhex("A000000333")), "in part")
	name, _ := r.Value(0x84)
	require.Equal(t, unionPayDebit, []byte(name))
}

// TestSelectFirstTakesTheNext: a candidate that does not let itself be selected is passed over.
func TestSelectFirstTakesTheNext(t *testing.T) {
	whole := several(t, true)
	r := &card.Reader{Over: emv.Contactless, Transmit: func(command []byte) []byte {
		if bytes.Contains(command, unhex("A000000333010102")) {
			return []byte{0x62, 0x83}
		}
		return whole.Transmit(command)
	}}
	found, err := r.Candidates([]emv.SupportedApplication{{AID: unhex("A000000333"), Partial: true}})
	require.NoError(t, err)
	require.Equal(t, "CREDIT", found[0].Label)
	chosen, err := r.SelectFirst(found)
	require.NoError(t, err)
	require.Equal(t, "DEBIT", chosen.Label)
	_, err = r.SelectFirst(nil)
	require.ErrorIs(t, err, card.ErrNoApplication)

	// Extended selection: where the terminal's application supports it, the card's extension is added to the name.
	var name []byte
	r.Transmit = func(command []byte) []byte {
		name = command[5 : len(command)-1]
		return unhex("6F0D8409A00000033301010142A5009000")
	}
	extended := []emv.Candidate{{Application: emv.Application{AID: unionPayDebit, Extension: []byte{0x42}}, Extended: true}}
	_, err = r.SelectFirst(extended)
	require.NoError(t, err)
	require.Equal(t, append(bytes.Clone(unionPayDebit), 0x42), name)
	extended[0].Extended = false
	_, err = r.SelectFirst(extended)
	require.NoError(t, err)
	require.Equal(t, unionPayDebit, name)
	r.Over = emv.Contact
	_, err = r.SelectFirst(extended)
	require.ErrorIs(t, err, card.ErrNoApplication, "over contacts the card answers with the very name")
}
