package emv

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The directories below are published captures.
const (
	mastercardPPSE = "6F2F840E325041592E5359532E4444463031A51DBF0C1A61184F07A0000000041010500A4D617374657263617264870101"
	bankcardPPSE   = "6F3B840E325041592E5359532E4444463031A529BF0C2661104F07A00000004210105002434287010161124F07A0000000031010500456495341870102"
	paddedPSE      = "006F1B840E315041592E5359532E444446303100A5088801025F2D02656E0000"
)

func TestParsePPSE(t *testing.T) {
	applications, err := ParsePPSE(unhex(t, mastercardPPSE))
	require.NoError(t, err)
	require.Equal(t, []Application{{AID: unhex(t, "A0000000041010"), Label: "Mastercard", Priority: 1}}, applications)
	applications, err = ParsePPSE(unhex(t, bankcardPPSE))
	require.NoError(t, err)
	require.Len(t, applications, 2)
	require.Equal(t, "VISA", applications[1].Label)
	require.Equal(t, 2, applications[1].Priority)

	for fci, want := range map[string]error{
		"":               ErrMissing,
		"6F02A500":       ErrMissing,
		"6F05A503880101": ErrMissing,
		"6F03A50188":     ErrTruncated,
		"A500":           ErrMissing,
		"6F10":           ErrTruncated,
	} {
		_, err := ParsePPSE(unhex(t, fci))
		require.ErrorIs(t, err, want, fci)
	}
}

// wrap puts objects, written in hexadecimal, into a template.
func wrap(template Tag, inside string) string {
	b, err := hex.DecodeString(inside)
	if err != nil {
		panic(err)
	}
	return hex.EncodeToString(AppendTLV(nil, template, b))
}

// ppse is a directory with the entries.
func ppse(entries ...string) string {
	var inside string
	for _, e := range entries {
		inside += wrap(0x61, e)
	}
	return wrap(0x6F, wrap(0xA5, wrap(0xBF0C, inside)))
}

// TestEntriesThatAreNone holds which entries of a directory count, and what is read of them.
func TestEntriesThatAreNone(t *testing.T) {
	const aid = "4F08A000000333010101"
	for name, c := range map[string]struct {
		entry string
		want  *Application // without its AID; nil: left out
	}{
		"plain":                          {aid, &Application{}},
		"no AID":                         {"500456495341", nil},
		"AID too short":                  {"4F04A0000003", nil},
		"AID of 5":                       {"4F05A000000333", &Application{}},
		"AID of 16":                      {"4F10A0000003330101010102030405060708", &Application{}},
		"AID of 17":                      {"4F11A000000333010101010203040506070809", nil},
		"priority":                       {aid + "87010F", &Application{Priority: 15}},
		"to be confirmed":                {aid + "870182", &Application{Priority: 2, Confirm: true}},
		"reserved bits":                  {aid + "870172", &Application{Priority: 2}},
		"priority of 2 octets":           {aid + "87020102", &Application{}},
		"kernel":                         {aid + "9F2A0107", &Application{Kernel: KernelID{7}}},
		"kernel 0":                       {aid + "9F2A0100", &Application{AnyKernel: true}},
		"kernel 0, more behind":          {aid + "9F2A03000107", &Application{AnyKernel: true}},
		"kernel of 0 octets":             {aid + "9F2A00", &Application{}},
		"kernel, more behind":            {aid + "9F2A08070102030405" + "0607", &Application{Kernel: KernelID{7}}},
		"kernel of 9 octets":             {aid + "9F2A09070102030405060708", nil},
		"domestic kernel":                {aid + "9F2A03810156", &Application{Kernel: KernelID{0x81, 0x01, 0x56}}},
		"domestic, more behind":          {aid + "9F2A04C1015699", &Application{Kernel: KernelID{0xC1, 0x01, 0x56}}},
		"domestic, cut":                  {aid + "9F2A028101", nil},
		"domestic without one":           {aid + "9F2A03800156", nil},
		"reserved numbering":             {aid + "9F2A0141", &Application{Kernel: KernelID{0x41}}},
		"label with bad letters":         {aid + "500441001B5A", &Application{Label: "A..Z"}},
		"extended selection":             {aid + "9F290155", &Application{Extension: []byte{0x55}}},
		"preferred name, no table of it": {aid + "9F120141", &Application{}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParsePPSE(unhex(t, ppse(c.entry, "4F05A000000001")))
			require.NoError(t, err)
			require.Equal(t, unhex(t, "A000000001"), got[len(got)-1].AID, "the entry behind is read")
			if c.want == nil {
				require.Len(t, got, 1)
				return
			}
			require.Len(t, got, 2)
			got[0].AID, got[0].Extension = nil, append([]byte(nil), got[0].Extension...)
			require.Equal(t, *c.want, got[0])
		})
	}
}

func TestParsePSE(t *testing.T) {
	d, err := ParsePSE(unhex(t, paddedPSE))
	require.NoError(t, err)
	require.Equal(t, Directory{SFI: 2, Languages: "en"}, d)
	for fci, want := range map[string]error{
		"6F05A503880101": nil, "6F05A50388010A": nil, "6F05A50388010B": ErrSFI, "6F05A503880100": ErrSFI, "6F06A50488020101": ErrSFI,
		"6F05A503500141": ErrMissing, "6F00": ErrMissing,
	} {
		d, err := ParsePSE(unhex(t, fci))
		if want == nil {
			require.NoError(t, err)
			require.NotZero(t, d.SFI)
			continue
		}
		require.ErrorIs(t, err, want, fci)
	}
	d, err = ParsePSE(unhex(t, "6F09A507880101"+"9F110101"))
	require.NoError(t, err)
	require.Equal(t, 1, d.CodeTable)
	for _, table := range []string{"11", "0A", "FF"} {
		d, err = ParsePSE(unhex(t, "6F09A507880101"+"9F1101"+table))
		require.NoError(t, err)
		require.Zero(t, d.CodeTable, "table %s", table)
	}
	d, _ = ParsePSE(unhex(t, "6F09A507880101"+"9F110110"))
	require.Equal(t, 10, d.CodeTable)

	record := wrap(0x70, wrap(0x61, "4F07A0000000031010"+"500456495341")+wrap(0x61, "4F07A0000000041010"+"9F120443E96C69")+
		wrap(0x61, "4F07A0000000051010"+"9F1206411F7F9FA07E"))
	applications, err := Directory{CodeTable: 1}.ParseDirectoryRecord(unhex(t, record))
	require.NoError(t, err)
	require.Len(t, applications, 3)
	require.Equal(t, "VISA", applications[0].Name())
	require.Equal(t, "Céli", applications[1].Name())
	require.Equal(t, "A...\u00A0~", applications[2].Name())
	applications, err = Directory{CodeTable: 2}.ParseDirectoryRecord(unhex(t, record))
	require.NoError(t, err)
	require.Equal(t, "A0000000041010", applications[1].Name())
	_, err = Directory{}.ParseDirectoryRecord(unhex(t, "6100"))
	require.ErrorIs(t, err, ErrMissing)
	_, err = Directory{}.ParseDirectoryRecord(unhex(t, "7002"))
	require.ErrorIs(t, err, ErrTruncated)
}

func TestParseApplication(t *testing.T) {
	a, err := ParseApplication(unhex(t, wrap(0x6F, "8408A000000333010102"+
		wrap(0xA5, "500450424F43"+"870103"+"5F2D047A68656E"+"9F110101"+"9F120120"))))
	require.NoError(t, err)
	require.Equal(t, Application{
		AID: unhex(t, "A000000333010102"), Label: "PBOC", PreferredName: " ", Priority: 3, Languages: "zhen",
	}, a)
	for fci, want := range map[string]error{
		"6F02A500": ErrMissing, "6F088404A0000003A500": ErrLength, "8405A000000333": ErrMissing, "6F0784": ErrTruncated,
	} {
		_, err := ParseApplication(unhex(t, fci))
		require.ErrorIs(t, err, want, fci)
	}
}

func TestCandidates(t *testing.T) {
	aid := func(s string) []byte { return unhex(t, s) }
	card := []Application{
		{AID: aid("A0000000031010"), Label: "no priority"},
		{AID: aid("A00000033301010201"), Label: "third", Priority: 3},
		{AID: aid("A000000333010101"), Label: "first", Priority: 1},
		{AID: aid("A0000000041010"), Label: "first too", Priority: 1},
		{AID: aid("A000000999"), Label: "unknown", Priority: 1},
		{AID: aid("A000000152"), Label: "last", Priority: 15},
		{AID: aid("A0000000651010"), Label: "in part, where that is not allowed", Priority: 1},
	}
	terminal := []SupportedApplication{
		{AID: aid("A0000000031010")},
		{AID: aid("A00000033301"), Partial: true},
		{AID: aid("A0000003330101"), Partial: true},
		{AID: aid("A00000000410")}, // not in part
		{AID: aid("A0000000041010")},
		{AID: aid("A000000152")},
		{AID: aid("A00000006510")},
	}
	names := func(found []Candidate) (out []string) {
		for _, c := range found {
			out = append(out, c.Label)
		}
		return out
	}
	found := Candidates(card, terminal, Contact)
	require.Equal(t, []string{"first", "first too", "third", "last", "no priority"}, names(found))
	require.Equal(t, 2, found[0].Terminal, "the longer of the terminal's counts")
	require.Equal(t, 4, found[1].Terminal)
	require.Equal(t, 1, Candidates(card[1:2], []SupportedApplication{terminal[0], terminal[1], terminal[1]}, Contact)[0].Terminal, "of the same the first")
	require.Empty(t, Candidates(card, nil, Contact))
	require.Empty(t, Candidates(nil, terminal, Contactless))

	found = Candidates(card, terminal, Contactless)
	require.Equal(t, []string{"first", "first too", "third", "last", "no priority"}, names(found))
	require.Equal(t, 2, found[0].Terminal, "once with each kernel")
}

// TestCandidatesOfEachKernel: of the terminal's applications of one kernel the longest counts, in whatever order they stand,
// and each kernel gives a candidate of its own.
func TestCandidatesOfEachKernel(t *testing.T) {
	card := []Application{{AID: unhex(t, "A000000333010101"), AnyKernel: true}, {AID: unhex(t, "A000000333010102"), AnyKernel: true}}
	short := SupportedApplication{AID: unhex(t, "A000000333"), Partial: true}
	long := SupportedApplication{AID: unhex(t, "A00000033301"), Partial: true, Kernel: KernelID{7}} // that of the scheme, by its number
	exact := SupportedApplication{AID: unhex(t, "A000000333010101"), Extended: true}
	other := SupportedApplication{AID: unhex(t, "A0000003330101"), Partial: true, Kernel: KernelID{3}}
	for _, c := range []struct {
		terminal             []SupportedApplication
		contact, contactless []int // the index of the terminal's application of each candidate
	}{
		{[]SupportedApplication{short, long, exact, other}, []int{2, 3}, []int{2, 3, 1, 3}},
		{[]SupportedApplication{exact, other, long, short}, []int{0, 1}, []int{0, 1, 1, 2}},
		{[]SupportedApplication{long, short, long}, []int{0, 0}, []int{0, 0}},
		{[]SupportedApplication{other, short, other}, []int{0, 0}, []int{0, 1, 0, 1}},
	} {
		for over, want := range map[Interface][]int{Contact: c.contact, Contactless: c.contactless} {
			var got []int
			for _, found := range Candidates(card, c.terminal, over) {
				got = append(got, found.Terminal)
				require.Equal(t, c.terminal[found.Terminal].Extended && over == Contactless, found.Extended)
			}
			require.Equal(t, want, got, "%v", over)
		}
	}
}

// TestCandidatesAskForAKernel holds that a tapped application runs on the kernel it names, or on that of its scheme.
func TestCandidatesAskForAKernel(t *testing.T) {
	unionPay, other := unhex(t, "A000000333010101"), unhex(t, "A000000999010101")
	for _, c := range []struct {
		aid        []byte
		card, have KernelID
		want       bool
	}{
		{unionPay, KernelID{}, KernelID{}, true},
		{unionPay, KernelID{7}, KernelID{}, true},
		{unionPay, KernelID{3}, KernelID{}, false},
		{unionPay, KernelID{3}, KernelID{3}, true},
		{unionPay, KernelID{}, KernelID{3}, false},
		{unionPay, KernelID{0x81, 1, 2}, KernelID{0x81, 1, 2}, true},
		{unionPay, KernelID{0x81, 1, 2}, KernelID{0x81, 1, 3}, false},
		{other, KernelID{}, KernelID{}, true},
		{other, KernelID{}, KernelID{9}, true},
		{other, KernelID{9}, KernelID{}, false},
	} {
		every := []Application{{AID: c.aid, AnyKernel: true}}
		require.Len(t, Candidates(every, []SupportedApplication{{AID: c.aid, Kernel: c.have}}, Contactless), 1)
		card, terminal := []Application{{AID: c.aid, Kernel: c.card}}, []SupportedApplication{{AID: c.aid, Kernel: c.have}}
		require.Equal(t, c.want, len(Candidates(card, terminal, Contactless)) == 1, "%v on %v", c.card, c.have)
		require.Len(t, Candidates(card, terminal, Contact), 1, "a kernel is no matter over contacts")
	}
}

func TestInterfaceNames(t *testing.T) {
	require.Equal(t, []string{"contact", "contactless", "interface 2"}, []string{Contact.String(), Contactless.String(), Interface(2).String()})
}

func TestSelectionName(t *testing.T) {
	c := Candidate{Application: Application{AID: unhex(t, "A000000333010101"), Extension: []byte{1, 2}}}
	require.Equal(t, c.AID, c.SelectionName(), "the terminal does not support it")
	c.Extended = true
	require.Equal(t, unhex(t, "A0000003330101010102"), c.SelectionName())
	c.Extension = make([]byte, 8)
	require.Len(t, c.SelectionName(), 16)
	c.Extension = make([]byte, 9)
	require.Equal(t, c.AID, c.SelectionName(), "no room for it")
}

// FuzzDirectory holds that whatever a card answers to its selection gives applications with AIDs, or an error, and that
// their names print.
func FuzzDirectory(f *testing.F) {
	for _, s := range []string{mastercardPPSE, bankcardPPSE, paddedPSE, ppse("4F08A000000333010101" + "9F2A03810156" + "870182")} {
		b, err := hex.DecodeString(s)
		require.NoError(f, err)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		check := func(applications []Application, err error) {
			var syntax *SyntaxError
			var value *ValueError
			require.True(t, err == nil || errors.As(err, &syntax) || errors.As(err, &value))
			for _, a := range applications {
				require.True(t, len(a.AID) >= 5 && len(a.AID) <= 16)
				require.NotContains(t, a.Name(), "\x1b")
				require.True(t, a.Priority >= 0 && a.Priority <= 15)
			}
			terminal := []SupportedApplication{{AID: []byte{0xA0, 0, 0, 0, 3}, Partial: true}, {AID: []byte{0xA0, 0, 0, 3, 0x33}, Partial: true, Extended: true}}
			for _, over := range []Interface{Contact, Contactless} {
				last := 0
				for _, c := range Candidates(applications, terminal, over) {
					require.GreaterOrEqual(t, rank(c), last)
					last = rank(c)
					require.LessOrEqual(t, len(c.SelectionName()), 16)
					require.True(t, strings.HasPrefix(string(c.AID), string(terminal[c.Terminal].AID)))
				}
			}
		}
		check(ParsePPSE(b))
		a, err := ParseApplication(b)
		if err == nil {
			check([]Application{a}, nil)
		}
		d, err := ParsePSE(b)
		require.True(t, err != nil || d.SFI >= 1 && d.SFI <= 10)
		check(d.ParseDirectoryRecord(b))
	})
}
