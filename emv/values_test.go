package emv

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBitArrays(t *testing.T) {
	v, err := ParseTVR(unhex(t, "8000048000"))
	require.NoError(t, err)
	require.Equal(t, []TVRBit{TVRODANotPerformed, TVROnlineCVMCaptured, TVRFloorLimit}, slices.Collect(v.Bits()))
	require.True(t, v.Has(TVRFloorLimit))
	v.Set(TVRExpired)
	v.Clear(TVRODANotPerformed)
	require.Equal(t, TVR{0, 0x40, 4, 0x80, 0}, v)
	require.Equal(t, "application has expired", TVRExpired.String())
	require.Equal(t, "应用已过期", TVRExpired.Text(Chinese))

	v.Set(TVRBit(200))
	require.False(t, v.Has(TVRBit(200)), "a bit the array does not have is never set")
	require.Equal(t, "RFU", TVRBit(200).String())
	for range v.Bits() {
		break
	}

	_, err = ParseTVR(make([]byte, 4))
	require.ErrorIs(t, err, ErrLength)
	require.EqualError(t, err, "emv: tag 95: wrong length at offset 0")
}

// TestBitsStandWhereTheBooksPutThem holds one bit of every array against its octet and bit in the EMV books.
func TestBitsStandWhereTheBooksPutThem(t *testing.T) {
	var (
		tsi TSI
		aip AIP
		auc AUC
		tc  TerminalCapabilities
		atc AdditionalTerminalCapabilities
		ttq TTQ
		ctq CTQ
	)
	tsi.Set(TSIScriptPerformed)
	aip.Set(AIPCDA)
	auc.Set(AUCInternationalCashback)
	tc.Set(CapNoCVM)
	atc.Set(CapCodeTable1)
	ttq.Set(TTQConsumerDeviceCVM)
	ctq.Set(CTQConsumerDeviceCVMDone)
	require.Equal(t, TSI{4, 0}, tsi)
	require.Equal(t, AIP{1, 0}, aip)
	require.Equal(t, AUC{0, 0x40}, auc)
	require.Equal(t, TerminalCapabilities{0, 8, 0}, tc)
	require.Equal(t, AdditionalTerminalCapabilities{0, 0, 0, 0, 1}, atc)
	require.Equal(t, TTQ{0, 0, 0x40, 0}, ttq)
	require.Equal(t, CTQ{0, 0x80}, ctq)
}

func TestBitsDoNotAllocate(t *testing.T) {
	v := TVR{0xFF, 0, 0xFF, 0, 0xFF}
	n := 0
	require.Zero(t, testing.AllocsPerRun(100, func() {
		for b := range v.Bits() {
			n += int(b)
		}
	}))
}

func TestParseNumbers(t *testing.T) {
	n, err := ParseN(unhex(t, "18446744073709551615"))
	require.NoError(t, err)
	require.Equal(t, uint64(1<<64-1), n)
	for _, s := range []string{"18446744073709551616", "99999999999999999999", "0A", "A0", "100000000000000000000000"} {
		_, err := ParseN(unhex(t, s))
		require.ErrorIs(t, err, ErrDigits, s)
	}
	n, err = ParseB(unhex(t, "00000320"))
	require.NoError(t, err)
	require.Equal(t, uint64(800), n)
	_, err = ParseB(make([]byte, 9))
	require.ErrorIs(t, err, ErrLength)
	s, err := ParseCN(nil)
	require.NoError(t, err)
	require.Empty(t, s)
}

func TestDates(t *testing.T) {
	for yymm, want := range map[string]string{"2402": "2024-02-29", "2302": "2023-02-28", "4912": "2049-12-31", "5001": "1950-01-31"} {
		d, err := ParseExpiry(yymm)
		require.NoError(t, err)
		require.Equal(t, want, d.String())
	}
	for _, bad := range []string{"2413", "2400", "24", "24O1"} {
		_, err := ParseExpiry(bad)
		require.Error(t, err, bad)
	}
	d := DateOf(time.Date(2026, 7, 31, 23, 59, 0, 0, time.FixedZone("CST", 8*3600)))
	require.Equal(t, Date{2026, time.July, 31}, d)
	require.Equal(t, 1, d.Compare(Date{2026, time.July, 30}))
	require.Zero(t, d.Compare(d))
	for _, bad := range []Date{{}, {2026, 2, 30}, {2050, 1, 1}, {1949, 12, 31}, {2026, 13, 1}} {
		_, err := AppendDate(nil, 0x9A, bad)
		require.ErrorIs(t, err, ErrDate)
	}
}

func TestTracksPrintMasked(t *testing.T) {
	track, err := ParseTrack2(unhex(t, "6226220010071367D25122011234567890"))
	require.NoError(t, err)
	track1, err := ParseTrack1([]byte("B6226220010071367^ZHANG/SAN^2512201123456"))
	require.NoError(t, err)
	require.True(t, track1 == Track1{"6226220010071367", "ZHANG/SAN", "2512", "201", "123456"})
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		require.Equal(t, "622622******1367=2512***", fmt.Sprintf(format, track))
		require.Equal(t, "622622******1367=2512***", fmt.Sprintf(format, &track))
		require.Equal(t, "B622622******1367^***^2512***", fmt.Sprintf(format, track1))
	}
	text, err := json.Marshal([]any{track, track1})
	require.NoError(t, err)
	require.Equal(t, `["622622******1367=2512***","B622622******1367^***^2512***"]`, string(text))
	require.Equal(t, "************=2512", Track2{PAN: "622622001007", Expiry: "2512"}.Masked())
}

func TestTrackFaults(t *testing.T) {
	for s, want := range map[string]error{
		"6226220010071367":           ErrSeparator,
		"D2512201":                   ErrLength,
		"62262200100713670123D25122": ErrLength,
		"6226E20010071367D2512201":   ErrDigits,
		"6226220010071367D25E2201":   ErrDigits,
	} {
		_, err := ParseTrack2(unhex(t, s))
		require.ErrorIs(t, err, want, s)
		require.NotContains(t, err.Error(), "6226")
	}
	masked, err := ParseTrack2(unhex(t, "6226220010071367D15092FFFFFFFFFFFFFF"))
	require.NoError(t, err)
	require.Equal(t, []string{"1509", "2", ""}, []string{masked.Expiry, masked.ServiceCode, masked.Discretionary})
	for _, s := range []string{"", "B622", "6226^A^2512", "BX^A^2512", "B^A^2512"} {
		_, err := ParseTrack1([]byte(s))
		require.Error(t, err, s)
	}
	_, err = AppendTrack2(nil, 0x57, Track2{PAN: "62262200100713671234", Expiry: "2512"})
	require.ErrorIs(t, err, ErrLength)
	_, err = AppendTrack2(nil, 0x57, Track2{PAN: "6226x"})
	require.ErrorIs(t, err, ErrDigits)
}

func TestViewsPrintTheirSizeOnly(t *testing.T) {
	d := TLV(unhex(t, "5A086226220010071367"))
	v, _ := d.Get(0x5A)
	tree, err := Parse(d, nil)
	require.NoError(t, err)
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%d", "%q"} {
		require.Equal(t, "10 bytes", fmt.Sprintf(format, d))
		require.Equal(t, "8 bytes", fmt.Sprintf(format, v))
		require.Equal(t, "5A (8 bytes)", fmt.Sprintf(format, tree[0]))
	}
	text, err := json.Marshal([]any{d, v, tree[0], tree})
	require.NoError(t, err)
	require.Equal(t, `["10 bytes","8 bytes","5A (8 bytes)",["5A (8 bytes)"]]`, string(text))
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("sale", "field55", d, "pan", v)
	slog.New(slog.NewTextHandler(&log, nil)).Info("sale", "field55", d, "pan", v)
	require.Equal(t, 2, strings.Count(log.String(), "10 bytes"))
	require.NotContains(t, log.String(), "YiY") // base64 of 6226
	require.Equal(t, "6226220010071367", fmt.Sprintf("%X", v))
	require.Equal(t, "62 26 22 00 10 07 13 67", fmt.Sprintf("% x", v))
}

func TestAFLRecords(t *testing.T) {
	afl, err := ParseAFL(unhex(t, "0802030110010100"))
	require.NoError(t, err)
	require.Equal(t, []RecordRef{{1, 2, true}, {1, 3, false}, {2, 1, false}}, slices.Collect(afl.Records()))
	for range afl.Records() {
		break
	}
	for s, want := range map[string]error{
		"": ErrLength, "080101": ErrLength, "09010100": ErrSFI, "00010100": ErrSFI, "F8010100": ErrSFI,
		"08020100": ErrRecordRange, "08010102": ErrRecordRange, "0801010010000100": ErrRecordRange,
	} {
		_, err := ParseAFL(unhex(t, s))
		require.ErrorIs(t, err, want, s)
	}
	require.Empty(t, slices.Collect(AFL{1, 2}.Entries()))
}

func TestTerminalType(t *testing.T) {
	for b, want := range map[TerminalType]string{
		0x22: "merchant; attended, offline with online capability", 0x14: "financial institution; unattended, online only",
		0x36: "cardholder; unattended, offline only", 0x31: "RFU", 0x27: "RFU", 0x42: "RFU", 0x20: "RFU",
	} {
		require.Equal(t, want, b.String())
	}
	online, ok := TerminalType(0x21).Online()
	require.True(t, ok)
	require.Equal(t, OnlineOnly, online)
	online, _ = TerminalType(0x26).Online()
	require.Equal(t, OfflineOnly, online)
	_, ok = TerminalType(0x99).Online()
	require.False(t, ok)
	online, ok = TerminalType(0x22).Online()
	require.True(t, ok)
	require.Equal(t, OfflineWithOnline, online)
	require.True(t, TerminalType(0x23).Attended())
	require.False(t, TerminalType(0x24).Attended())
}

func TestCID(t *testing.T) {
	c := CID(0x8A)
	require.Equal(t, ARQC, c.Type())
	require.True(t, c.Advice())
	require.Equal(t, PINTryLimitExceeded, c.Reason())
	require.Equal(t, "RFU", CID(7).Reason().String())
	require.Equal(t, "AAC TC ARQC RFU", fmt.Sprint(AAC, " ", TC, " ", ARQC, " ", AAR))
}

// TestCardCID holds where a card says which cryptogram it gave.
func TestCardCID(t *testing.T) {
	const rest24 = "000000000000000000000000000000000000000000000000"
	for card, want := range map[string]CID{
		"9F270180":                          0x80,
		"9F270140" + "9F10070601120320A000": 0x40,
		"77049F270100":                      0x00,
		"9F10070601120320A000":              0x80,
		"9F1005060112031F":                  0x40,
		"9F100506011203CF":                  0x00,
		"9F1005FFFFFFFFFF":                  0xC0,
		// Visa's format 2 has no length before the results, nor have the common core's and those of M/Chip.
		"9F10201F2201A0FF" + rest24 + "000000":                          0x80,
		"9F10201F220190CF" + rest24 + "000000":                          0x40,
		"9F10201F220180FF" + rest24 + "000000":                          0x00,
		"9F10201F4201A000" + rest24 + "000000":                          0x80,
		"9F10200FA501900000000000000000000000000F" + rest24[:30]:        0x40,
		"9F10120114A0FFFF" + rest24[:26]:                                0x80,
		"9F101A0114A0FFFF" + rest24[:42]:                                0x80,
		"9F100807010103AFA00000":                                        0x80,
		"9F1016150185049CFFFFFF" + rest24[:28]:                          0x40,
		"8408A000000333010101" + "9F10201F2201A09F" + rest24 + "000000": 0x40, // of UnionPay the same octets are no format 2
		"8407A0000000031010" + "9F10201F2201A09F" + rest24 + "000000":   0x80,
		"4F07A0000000031010" + "9F10201F2201A09F" + rest24 + "000000":   0x80,
	} {
		cid, err := CardCID(unhex(t, card))
		require.NoError(t, err, card)
		require.Equal(t, want, cid, card)
	}
	for card, want := range map[string]error{
		"": ErrMissing, "9F3602000A": ErrMissing, "9F27028000": ErrLength, "9F2700" + "9F10070601120320A000": ErrLength, "9F100406011203": ErrLength,
		"9F10211F2201A0FF" + rest24 + "00000000": ErrLength,
	} {
		_, err := CardCID(unhex(t, card))
		require.ErrorIs(t, err, want, card)
	}
}

func TestScripts(t *testing.T) {
	d := TLV(unhex(t, "8A02303071098604841E000086018472129F18040000000186058424000000860484160000"))
	var phases []ScriptPhase
	var commands []string
	for s := range Scripts(d) {
		phases = append(phases, s.Phase)
		for c := range s.Commands() {
			commands = append(commands, c.String())
		}
	}
	require.Equal(t, []ScriptPhase{BeforeFinalAC, AfterFinalAC}, phases)
	require.Equal(t, []string{"APPLICATION BLOCK", "not a command", "PIN CHANGE/UNBLOCK"}, commands[:3])
	require.True(t, ScriptCommand(unhex(t, "84180000081122334455667788")).Valid())
	require.False(t, ScriptCommand(unhex(t, "84180000081122")).Valid())
	require.Equal(t, "PUT DATA of tag 9F6B", ScriptCommand(unhex(t, "04DA9F6B00")).String())

	r := NewScriptResult(ScriptFailed, 20, [4]byte{1, 2, 3, 4})
	require.Equal(t, ScriptResult{0x1F, 1, 2, 3, 4}, r)
	results, err := ParseScriptResults(append(r[:], 0x20, 0, 0, 0, 9))
	require.NoError(t, err)
	require.Equal(t, []ScriptOutcome{ScriptFailed, ScriptSuccessful}, []ScriptOutcome{results[0].Outcome(), results[1].Outcome()})
	require.Equal(t, 15, results[0].Sequence())
	require.Equal(t, [4]byte{0, 0, 0, 9}, results[1].ID())
	_, err = ParseScriptResults(r[:4])
	require.ErrorIs(t, err, ErrLength)
}

func TestIADNeedsTheRID(t *testing.T) {
	visa := unhex(t, "06010A03A0A000")
	for rid, want := range map[RID]IADFormat{{}: IADVisa, RIDVisa: IADVisa, RIDAmex: IADAmex, RIDMastercard: IADUnknown, RIDUnionPay: IADUnknown} {
		iad, err := ParseIAD(rid, visa)
		require.NoError(t, err)
		require.Equal(t, want, iad.Format)
	}
	sm4, err := ParseIAD(RIDUnionPay, unhex(t, "07010103A0A002040A0100000000003FC7493F"))
	require.NoError(t, err)
	require.Equal(t, byte(4), sm4.Algorithm)
	for _, s := range []string{"07010103A0A0020109", "06010A03A0A00003AA", "06",
		"0FA526A83100000000000001500000000E240000000000000000000000000000"} {
		iad, err := ParseIAD(RID{}, unhex(t, s))
		require.NoError(t, err)
		require.Equal(t, IADUnknown, iad.Format, s)
	}
	require.Equal(t, len(sm4.CVR), cap(sm4.CVR), "an append to a part must not run into the next")
	_, err = ParseIAD(RID{}, nil)
	require.ErrorIs(t, err, ErrLength)
	_, err = ParseIAD(RID{}, make([]byte, 33))
	require.ErrorIs(t, err, ErrLength)
	require.Equal(t, "M/Chip Advance", IADMChipAdvance.String())
	require.Equal(t, "unknown", IADFormat(99).String())
}

// TestIADBorders holds that of every layout an octet more or less, or another mark, makes something else.
func TestIADBorders(t *testing.T) {
	zeros := func(n int) string { return strings.Repeat("00", n) }
	for name, c := range map[string]struct {
		rid    RID
		iad    string
		format IADFormat
		marks  []int // octets that the layout looks at
	}{
		"Visa":                      {RIDVisa, "06010A03A00000", IADVisa, []int{0, 3}},
		"Visa, discretionary":       {RIDVisa, "06010A03A00000" + "03AABBCC", IADVisa, []int{0, 3, 7}},
		"Visa 2":                    {RIDVisa, "1F2201A0" + zeros(28), IADVisa2, []int{0}},
		"Visa 4":                    {RIDVisa, "1F4301A0" + zeros(28), IADVisa2, []int{0}},
		"Interac":                   {RIDInterac, "15018504A0000000" + zeros(14), IADInterac, []int{0, 2, 3}},
		"UnionPay":                  {RIDUnionPay, "07010103A0000001", IADUnionPay, []int{0, 3}},
		"UnionPay, discretionary":   {RIDUnionPay, "07010103A0000001" + "0A" + zeros(10), IADUnionPay, []int{0, 3, 8}},
		"JCB":                       {RIDJCB, "07010104A0000000", IADJCB, []int{0, 3}},
		"JCB, discretionary":        {RIDJCB, "07010104A0000000" + "0155", IADJCB, []int{0, 3, 8}},
		"American Express":          {RIDAmex, "06010103A00000", IADAmex, []int{0, 3}},
		"M/Chip 4":                  {RIDMastercard, "0110" + zeros(16), IADMChip4, nil},
		"M/Chip Advance, 20 octets": {RIDMastercard, "0110" + zeros(18), IADMChipAdvance, nil},
		"M/Chip Advance, 26 octets": {RIDMastercard, "0110" + zeros(24), IADMChipAdvance, nil},
		"M/Chip Advance, 28 octets": {RIDMastercard, "0110" + zeros(26), IADMChipAdvance, nil},
		"common core":               {RID{}, "0FA501A0" + zeros(12) + "0F" + zeros(15), IADCCD, []int{0, 16}},
	} {
		t.Run(name, func(t *testing.T) {
			format := func(b []byte) IADFormat {
				iad, err := ParseIAD(c.rid, b)
				if len(b) > 32 {
					require.ErrorIs(t, err, ErrLength)
					return IADUnknown
				}
				require.NoError(t, err)
				require.Equal(t, b, iad.Raw)
				return iad.Format
			}
			whole := unhex(t, c.iad)
			require.Equal(t, c.format, format(whole))
			require.NotEqual(t, c.format, format(whole[:len(whole)-1]), "cut")
			require.NotEqual(t, c.format, format(append(slices.Clone(whole), 0xEE)), "an octet more")
			for _, at := range c.marks {
				for _, other := range []byte{whole[at] - 1, whole[at] + 1} {
					b := slices.Clone(whole)
					b[at] = other
					require.NotEqual(t, c.format, format(b), "octet %d is %02X", at, other)
				}
			}
		})
	}
}

func TestCurrencies(t *testing.T) {
	for _, c := range []struct {
		code  uint16
		minor uint64
		want  string
	}{{156, 1999, "19.99 CNY"}, {156, 5, "0.05 CNY"}, {156, 99, "0.99 CNY"}, {156, 100, "1.00 CNY"}, {156, 0, "0.00 CNY"}, {392, 1999, "1999 JPY"}, {414, 1999, "1.999 KWD"}, {990, 12345, "1.2345 CLF"}, {8, 0, "0.00 ALL"}, {997, 100, "1.00 USN"}} {
		currency, ok := CurrencyByCode(c.code)
		require.True(t, ok)
		require.Equal(t, c.want, currency.Format(c.minor))
		same, ok := CurrencyByAlpha(currency.Alpha)
		require.True(t, ok)
		require.Equal(t, currency, same)
	}
	for _, code := range []uint16{0, 1, 157, 999, 60000} {
		_, ok := CurrencyByCode(code)
		require.False(t, ok)
	}
	_, ok := CurrencyByAlpha("cny")
	require.False(t, ok)
	require.Equal(t, "12", Currency{}.Format(12))
	for code, want := range map[uint16]string{156: "CN", 4: "AF", 894: "ZM", 840: "US"} {
		alpha, ok := CountryAlpha(code)
		require.True(t, ok)
		require.Equal(t, want, alpha)
	}
	_, ok = CountryAlpha(999)
	require.False(t, ok)
	require.Zero(t, len(currencies)%currencyRow)
	require.Zero(t, len(countries)%countryRow)
	for i := 1; i < len(currencies)/currencyRow; i++ {
		require.Less(t, currencyAt(i-1).Code, currencyAt(i).Code, "the table is searched by code")
	}
}

func TestParseAmount(t *testing.T) {
	cny, _ := CurrencyByCode(156)
	jpy, _ := CurrencyByCode(392)
	for text, want := range map[string]uint64{"23.72": 2372, "23.7": 2370, "23": 2300, "0.01": 1, "184467440737095516.15": 1<<64 - 1} {
		got, err := cny.Parse(text)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"", ".5", "1.", "1.234", "1,5", "-1", "+1", "1.2.3", "1e3", "184467440737095516.16", "１"} {
		_, err := cny.Parse(text)
		require.ErrorIs(t, err, ErrDigits, text)
	}
	got, err := jpy.Parse("500")
	require.NoError(t, err)
	require.Equal(t, uint64(500), got)
	_, err = jpy.Parse("500.0")
	require.ErrorIs(t, err, ErrDigits)
}

func TestDOLGivesZerosForTemplates(t *testing.T) {
	list := DOL(unhex(t, "7002"+"8202"))
	data, err := list.AppendData(nil, func(Tag) ([]byte, bool) { return []byte{1, 2}, true }, nil)
	require.NoError(t, err)
	require.Equal(t, []byte{0, 0, 1, 2}, data)
	require.True(t, list.Has(0x82))
	require.False(t, list.Has(0x9F37))
	require.True(t, DefaultDDOL.Has(0x9F37))

	n := 0
	buf := make([]byte, 0, 64)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		out, _ := list.AppendData(buf, func(Tag) ([]byte, bool) { return buf, true }, nil)
		n += len(out)
	}))
}

func TestARC(t *testing.T) {
	a, err := ParseARC([]byte("Z3"))
	require.NoError(t, err)
	require.Equal(t, ARCUnableOnlineDeclined, a)
	require.Equal(t, "资金不足", ARC{'5', '1'}.Text(Chinese))
	require.Equal(t, "..", ARC{0, 0xFF}.String())
	_, err = ParseARC([]byte("000"))
	require.ErrorIs(t, err, ErrLength)
}

func TestFormFactor(t *testing.T) {
	f, err := ParseVisaFormFactor(unhex(t, "23940000"))
	require.NoError(t, err)
	require.Equal(t, 1, f.Version())
	require.Equal(t, 3, f.Device())
	require.Zero(t, f.Technology())
	require.Equal(t, "mobile phone", f.String())
	require.Equal(t, []string{"passcode capable", "CVV2 printed", "cloud-based credentials"}, f.Features(English))
	require.Equal(t, "RFU", VisaFormFactor{31}.String())
}

func TestMatchAID(t *testing.T) {
	visa := unhex(t, "A0000000031010")
	require.Equal(t, ExactMatch, MatchAID(visa, visa))
	require.Equal(t, PartialMatch, MatchAID(append(slices.Clone(visa), 1), visa))
	require.Equal(t, NoMatch, MatchAID(visa, append(slices.Clone(visa), 1)))
	require.Equal(t, NoMatch, MatchAID(visa, visa[:4]))
	require.Equal(t, NoMatch, MatchAID(make([]byte, 17), make([]byte, 16)))
	require.Equal(t, RID{}, RIDOf(visa[:4]))
}
