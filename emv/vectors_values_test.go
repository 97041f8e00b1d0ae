package emv

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/posline/posline/internal/vectortest"
	"github.com/stretchr/testify/require"
)

func testDOLVector(t *testing.T, c vectortest.Plain) {
	var input struct {
		DOL    string
		Values map[Tag]string
	}
	var expect struct {
		Entries [][2]any
		Data    string
		Length  int
		Error   string
	}
	vectortest.Strict(t, c.Input, &input)
	decodeExpect(t, c.Expect, &expect)
	list := DOL(unhex(t, input.DOL))
	get := func(tag Tag) ([]byte, bool) {
		v, ok := input.Values[tag]
		return unhex(t, v), ok
	}

	data, err := list.AppendData(nil, get, nil)
	if expect.Error != "" {
		requireFault(t, expect.Error, "", err)
		require.Empty(t, data)
		return
	}
	require.NoError(t, err)
	require.Equal(t, strings.ToLower(expect.Data), hex.EncodeToString(data))
	var entries [][2]any
	for tag, n := range list.Entries() {
		entries = append(entries, [2]any{tag.String(), float64(n)})
	}
	require.Equal(t, expect.Entries, entries)
	n, err := list.Len()
	require.NoError(t, err)
	require.Equal(t, expect.Length, n)

	parts, err := list.Split(data)
	require.NoError(t, err)
	var back []byte
	for tag, v := range parts {
		require.Equal(t, entries[0][0], tag.String())
		require.Len(t, v, int(entries[0][1].(float64)))
		entries, back = entries[1:], append(back, v...)
	}
	require.Equal(t, data, append([]byte{}, back...))
	_, err = list.Split(append(data, 0))
	require.ErrorIs(t, err, ErrLength)
}

// vectorIADFormats are the names the vectors give the layouts. Where no RID is given a case of American Express cannot
// be told from one of Visa.
var vectorIADFormats = map[string]IADFormat{
	"visa-0/1/3": IADVisa, "visa-2/4": IADVisa2, "mchip4": IADMChip4, "mchip-advance": IADMChipAdvance,
	"unionpay": IADUnionPay, "interac": IADInterac, "jcb": IADJCB, "amex": IADAmex,
}

func testIADVector(t *testing.T, c vectortest.Plain) {
	var input struct{ Tag, Value, RID, AID string }
	var expect struct {
		Format, DKI, CVN, CCI, CVR, Counters, IDD, Alg string
		DACIDN                                         string `json:"dac_idn"`
		Extra                                          string `json:"last_online_atc_or_extra"`
		IDDOption                                      string `json:"idd_option"`
		IDDLen                                         int    `json:"idd_len"`
		CVRLen                                         int    `json:"cvr_len"`
		Length                                         int
		Raw                                            bool
	}
	vectortest.Strict(t, c.Input, &input)
	decodeExpect(t, c.Expect, &expect)
	raw := unhex(t, input.Value)
	iad, err := ParseIAD(RIDOf(unhex(t, input.RID+input.AID)), raw)
	require.NoError(t, err)
	require.Equal(t, raw, iad.Raw)
	if expect.Raw {
		require.Equal(t, IADUnknown, iad.Format)
		require.Empty(t, iad.CVR)
		return
	}
	format, known := vectorIADFormats[expect.Format]
	if strings.HasPrefix(expect.Format, "ccd") {
		format, known = IADCCD, true
	}
	require.True(t, known, "unknown format %q", expect.Format)
	if format == IADAmex && input.RID+input.AID == "" {
		format = IADVisa
	}
	require.Equal(t, format, iad.Format)

	if format == IADJCB && len(expect.CVR) == 2*len(iad.CVR)-2 {
		iad.CVR = iad.CVR[1:] // the case does not count the length octet
	}
	upper := func(b ...byte) string { return strings.ToUpper(hex.EncodeToString(b)) }
	for name, pair := range map[string][2]string{
		"dki":      {expect.DKI, upper(iad.DKI)},
		"cvn":      {expect.CVN + expect.CCI, upper(iad.CVN)},
		"cvr":      {expect.CVR, upper(iad.CVR...)},
		"counters": {expect.Counters, upper(iad.Counters...)},
		"dac":      {expect.DACIDN, upper(iad.DAC...)},
		"extra":    {expect.Extra, upper(iad.Extra...)},
		"idd":      {expect.IDD, upper(iad.IDD...)},
		"alg":      {expect.Alg, upper(iad.Algorithm)},
		"option":   {expect.IDDOption, upper(iad.IDDOption)},
	} {
		if pair[0] != "" {
			require.Equal(t, pair[0], pair[1], name)
		}
	}
	if expect.IDDLen != 0 {
		require.Len(t, iad.IDD, expect.IDDLen)
	}
	if expect.CVRLen != 0 {
		require.Len(t, iad.CVR, expect.CVRLen)
	}
}

// logicKinds run the cases of logic.json by their "op".
var logicKinds = map[string]func(*testing.T, vectortest.Plain){
	"terminal_action_analysis": testActionVector,
	"cvm_select":               testCVMVector,
	"afl":                      testAFLVector,
	"date_yymmdd":              testDateVector,
	"pan_cn":                   testPANVector,
	"track2":                   testTrack2Vector,
	"numeric":                  testNumericVector,
	"numeric_n":                testNumericVector,
	"aid_match":                testAIDVector,
}

func testLogicVector(t *testing.T, c vectortest.Plain) {
	var kind struct{ Op string }
	require.NoError(t, json.Unmarshal(c.Input, &kind))
	run, ok := logicKinds[kind.Op]
	require.True(t, ok, "no test runs op %q", kind.Op)
	run(t, c)
}

func testActionVector(t *testing.T, c vectortest.Plain) {
	type codes struct{ Denial, Online, Default string }
	var input struct {
		Op, TVR, Terminal string
		IAC, TAC          codes
		UnableToGoOnline  bool `json:"unable_to_go_online"`
	}
	var expect struct{ Result string }
	vectortest.Strict(t, c.Input, &input)
	decodeExpect(t, c.Expect, &expect)

	tvr, err := ParseTVR(unhex(t, input.TVR))
	require.NoError(t, err)
	in := ActionInput{TVR: tvr, UnableToGoOnline: input.UnableToGoOnline}
	var card []byte // a card that leaves a code out has no object for it
	for tag, code := range map[Tag]string{0x9F0E: input.IAC.Denial, 0x9F0F: input.IAC.Online, 0x9F0D: input.IAC.Default} {
		if code != "" {
			card = AppendTLV(card, tag, unhex(t, code))
		}
	}
	in.Issuer = IssuerActionCodes(card)
	for code, text := range map[*TVR]string{
		&in.Terminal.Denial: input.TAC.Denial, &in.Terminal.Online: input.TAC.Online, &in.Terminal.Default: input.TAC.Default,
	} {
		copy(code[:], unhex(t, text))
	}
	capabilities := map[string]OnlineCapability{"online-capable": OfflineWithOnline, "offline-only": OfflineOnly, "online-only": OnlineOnly}
	require.Contains(t, capabilities, input.Terminal)
	in.Capability = capabilities[input.Terminal]
	require.Equal(t, expect.Result, ActionAnalysis(in).String())
}

func testCVMVector(t *testing.T, c vectortest.Plain) {
	var input struct {
		Op        string
		List      string `json:"cvm_list"`
		Type      string
		Amount    uint64
		Currency  bool `json:"app_currency"`
		Supported []CVMMethod
	}
	var expect struct{ Result, Method, Rule, Error string }
	var supported struct{ Supported []int } // []CVMMethod would be read as base64
	require.NoError(t, json.Unmarshal(c.Input, &supported))
	var fields map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(c.Input, &fields))
	delete(fields, "supported")
	rest, err := json.Marshal(fields)
	require.NoError(t, err)
	vectortest.Strict(t, rest, &input)
	decodeExpect(t, c.Expect, &expect)

	list, err := ParseCVMList(unhex(t, input.List))
	if expect.Error != "" {
		require.Error(t, err)
		return
	}
	kinds := map[string]TransactionKind{
		"purchase": Purchase, "cashback": PurchaseWithCashback, "purchase-with-cashback": PurchaseWithCashback,
		"manual-cash": ManualCash, "unattended-cash": UnattendedCash,
	}
	require.Contains(t, kinds, input.Type)
	step := SelectCVM(list, CVMInput{
		Kind: kinds[input.Type], Amount: input.Amount, ApplicationCurrency: input.Currency,
		Supports: func(m CVMMethod) bool { return slices.Contains(supported.Supported, int(m)) },
	}, 0)
	switch expect.Result {
	case "selected":
		require.Equal(t, PerformCVM, step.Action)
		require.Equal(t, expect.Method, fmt.Sprintf("%02X", uint8(step.Rule.Method())))
		require.Equal(t, expect.Rule, fmt.Sprintf("%X", step.Rule[:]))
	case "failed":
		require.Equal(t, FailCVM, step.Action)
		require.True(t, step.TVR.Has(TVRCVMFailed))
	default:
		require.Equal(t, NoCVMRules, step.Action, "result %q", expect.Result)
	}
}

func testAFLVector(t *testing.T, c vectortest.Plain) {
	var input struct{ Op, Value string }
	var expect struct {
		Entries []AFLEntry
		Error   string
	}
	vectortest.Strict(t, c.Input, &input)
	decodeExpect(t, c.Expect, &expect)
	afl, err := ParseAFL(unhex(t, input.Value))
	switch {
	case expect.Error == "":
		require.NoError(t, err)
		require.Equal(t, expect.Entries, slices.Collect(afl.Entries()))
	case strings.Contains(expect.Error, "sfi"):
		require.ErrorIs(t, err, ErrSFI)
	case strings.Contains(expect.Error, "record"), strings.Contains(expect.Error, "oda"):
		require.ErrorIs(t, err, ErrRecordRange)
	default:
		require.ErrorIs(t, err, ErrLength, "error %q", expect.Error)
	}
}

func testDateVector(t *testing.T, c vectortest.Plain) {
	var input struct{ Op, Value string }
	var expect struct{ Date string }
	vectortest.Strict(t, c.Input, &input)
	decodeExpect(t, c.Expect, &expect)
	d, err := ParseDate(unhex(t, input.Value))
	if expect.Date == "error" {
		require.Error(t, err)
		return
	}
	require.NoError(t, err)
	require.Equal(t, expect.Date, d.String())
	b, err := AppendDate(nil, 0x9A, d)
	require.NoError(t, err)
	require.Equal(t, unhex(t, "9A03"+input.Value), b)
}

func testPANVector(t *testing.T, c vectortest.Plain) {
	var input struct{ Op, Value string }
	var expect struct{ PAN string }
	vectortest.Strict(t, c.Input, &input)
	decodeExpect(t, c.Expect, &expect)
	pan, err := ParseCN(unhex(t, input.Value))
	if expect.PAN == "error" {
		require.ErrorIs(t, err, ErrDigits)
		return
	}
	require.NoError(t, err)
	require.Equal(t, expect.PAN, pan)
}

func testTrack2Vector(t *testing.T, c vectortest.Plain) {
	var input struct{ Op, Value string }
	var expect struct{ PAN, Expiry, Service, Discretionary, Error string }
	vectortest.Strict(t, c.Input, &input)
	decodeExpect(t, c.Expect, &expect)
	track, err := ParseTrack2(unhex(t, input.Value))
	if expect.Error != "" || expect.PAN == "error" {
		require.Error(t, err)
		return
	}
	require.NoError(t, err)
	want := Track2{expect.PAN, expect.Expiry, expect.Service, expect.Discretionary}
	require.True(t, want == track, "the parts differ from those of the case")
	b, err := AppendTrack2(nil, 0x57, track)
	if len(input.Value) > 2*maxTrack2 {
		require.ErrorIs(t, err, ErrLength)
		return
	}
	require.NoError(t, err)
	if !strings.Contains(input.Value[:len(input.Value)-1], "F") {
		require.Equal(t, AppendTLV(nil, 0x57, unhex(t, input.Value)), b)
	}
}

// testNumericVector runs format n. What the case expects stands under one of several keys.
func testNumericVector(t *testing.T, c vectortest.Plain) {
	var input struct{ Op, Value string }
	var expect map[string]any
	vectortest.Strict(t, c.Input, &input)
	require.NoError(t, json.Unmarshal(c.Expect, &expect))
	n, err := ParseN(unhex(t, input.Value))
	require.Len(t, expect, 1)
	for key, want := range expect {
		if key == "error" || want == "error" {
			require.ErrorIs(t, err, ErrDigits)
			continue
		}
		require.NoError(t, err)
		if number, ok := want.(float64); ok {
			want = strconv.FormatFloat(number, 'f', 0, 64)
		}
		require.Equal(t, strings.TrimLeft(fmt.Sprint(want), "0"), strings.TrimLeft(strconv.FormatUint(n, 10), "0"))
	}
}

// testAIDVector runs application selection: whether the AID of a card answers to one of the terminal, which may allow a
// partial match.
func testAIDVector(t *testing.T, c vectortest.Plain) {
	var input struct {
		Op, Card, Terminal string
		Partial            bool
	}
	var expect struct{ Match, Result any }
	vectortest.Strict(t, c.Input, &input)
	decodeExpect(t, c.Expect, &expect)
	match := MatchAID(unhex(t, input.Card), unhex(t, input.Terminal))
	selected := match == ExactMatch || match == PartialMatch && input.Partial
	switch want := fmt.Sprint(expect.Match, expect.Result); want {
	case "true <nil>", "<nil> true":
		require.True(t, selected)
	case "false <nil>", "<nil> false", "<nil> none":
		require.False(t, selected)
	case "<nil> exact":
		require.Equal(t, ExactMatch, match)
	case "<nil> partial":
		require.Equal(t, PartialMatch, match)
	default:
		require.Fail(t, "unknown result", want)
	}
}

func testFieldVector(t *testing.T, c vectortest.Plain) {
	var input struct {
		Tag   Tag
		Value string
	}
	var expect struct {
		Name, Text string
		Lines      []string
		Bits       []string
	}
	vectortest.Strict(t, c.Input, &input)
	decodeExpect(t, c.Expect, &expect)
	v := unhex(t, input.Value)
	if expect.Name != "" {
		info, ok := input.Tag.Info()
		require.True(t, ok, "the dictionary has no %v", input.Tag)
		requireSameName(t, expect.Name, info.Name)
	}
	p := printer{DescribeOptions: DescribeOptions{Clear: true}}
	e, _ := p.Dictionary.find(input.Tag, Context{}, len(v))
	m := p.meaning(e, v)
	if _, ok := bitFields[input.Tag]; ok {
		requireBits(t, expect.Bits, m.lines)
		requireAsManyNames(t, expect.Lines, m.lines)
		return
	}
	requireSameMeaning(t, input.Tag, expect.Text, expect.Lines, m)
}

// requireSameName compares two names of a data element by their words: at least half must be the same.
func requireSameName(t *testing.T, want, got string) {
	t.Helper()
	words := func(s string) []string {
		s = strings.NewReplacer("(", " ", ")", " ", "-", " ", ",", " ").Replace(strings.ToLower(s))
		return strings.Fields(strings.ReplaceAll(s, "integrated circuit card", "icc"))
	}
	same := 0
	for _, w := range words(want) {
		if slices.Contains(words(got), w) {
			same++
		}
	}
	require.GreaterOrEqual(t, 2*same, min(len(words(want)), len(words(got))), "%q is not %q", got, want)
}

// requireBits holds the numbers before the lines against the expected ones.
func requireBits(t *testing.T, want, lines []string) {
	t.Helper()
	var got []string
	for _, line := range lines {
		number, _, _ := strings.Cut(line, " ")
		got = append(got, number)
	}
	require.Equal(t, append([]string{}, want...), append([]string{}, got...))
}

// requireAsManyNames holds the number of named bits against that of the wordings of the other program, which also says
// what is not set and gives reserved bits one line together.
func requireAsManyNames(t *testing.T, want, lines []string) {
	t.Helper()
	count := func(lines []string) int {
		n := 0
		for _, line := range lines {
			if strings.Contains(line, "Reserved for use") || strings.HasSuffix(line, "(contactless)") {
				continue // what the kernels use of the TVR has names of ours only
			}
			if !strings.HasSuffix(line, "RFU") && !strings.HasSuffix(line, ": None") && !strings.HasSuffix(line, "not supported") &&
				!strings.HasSuffix(line, "not required") && line != "Online capable reader" {
				n++
			}
		}
		return n
	}
	require.Equal(t, count(want), count(lines), "named: %q", lines)
}

// requireSameMeaning looks for what the other program says in what we say, tag by tag.
func requireSameMeaning(t *testing.T, tag Tag, text string, lines []string, m meaning) {
	t.Helper()
	said := m.text + strings.Join(m.lines, "\n")
	switch tag {
	case 0x8E: // one line for the amounts X and Y first
		require.Len(t, m.lines, len(lines)+1)
	case 0x94:
		require.Len(t, m.lines, len(lines))
	case 0x8C, 0x8D, 0x9F38, 0x9F49, 0x97, 0x9F4A: // a heading first
		require.Len(t, m.lines, len(lines)-1)
		for i, line := range m.lines {
			require.Equal(t, strings.Fields(lines[i+1])[0], strings.Fields(line)[0])
		}
	case 0x9F27:
		require.Contains(t, said, lines[0][strings.LastIndex(lines[0], "(")+1:len(lines[0])-1])
	case 0x57, 0x9A, 0x5F24, 0x5F25, 0x9F21, 0x81, 0x9F02, 0x9F03, 0x5F30:
		require.Contains(t, said, strings.Trim(text, "()"))
	case 0x9F12, 0x50:
		require.Contains(t, said, strings.Trim(text, `"`))
	case 0x84, 0x4F, 0x9F06:
		require.Contains(t, text, strings.Fields(strings.Trim(said, " ()"))[0])
	case 0x8A:
		require.Contains(t, said, text[1:3])
	case 0x91:
		require.Contains(t, said, strings.Fields(lines[0])[len(strings.Fields(lines[0]))-1])
		require.Contains(t, said, strings.Fields(lines[1])[len(strings.Fields(lines[1]))-1])
	default:
		if text != "" || len(lines) > 0 {
			require.NotEmpty(t, said, "nothing said about %v", tag)
		}
	}
}
