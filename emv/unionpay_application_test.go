package emv

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// A published record of a UnionPay host, and one with everything that others of them have.
const (
	visaRecord = "9F0607A0000000031010DF0101009F08020140DF1105D84000A800DF1205D84004F800DF130500100000009F1B0400000000DF150400000000" +
		"DF160199DF170199DF14039F3704DF1801019F7B06000000010000DF1906000000000001DF2006000000010000DF2106000000010000"
	wholeRecord = "9F0608A000000333010103DF0101019F08020200DF1105FC6024A800DF1205FC60ACF800DF130500100000009F1B0400002710DF1504000003E8" +
		"DF160150DF170110DF14039F3704DF1801009F7B06000000100000DF1906000000200000DF2006000000200000DF21060000001000005F2A0201569F1A020156" +
		"9F3303E0D9C8"
)

func TestUnionPayApplication(t *testing.T) {
	a, err := ParseUnionPayApplication(unhex(t, visaRecord))
	require.NoError(t, err)
	require.Equal(t, UnionPayApplication{
		AID: unhex(t, "A0000000031010"), Version: [2]byte{1, 0x40},
		Actions: ActionCodes{
			Denial: TVR{0, 0x10}, Online: TVR{0xD8, 0x40, 0x04, 0xF8}, Default: TVR{0xD8, 0x40, 0x00, 0xA8},
		},
		Random: RandomSelection{TargetPercent: 99, MaximumTargetPercent: 99}, DDOL: DOL{0x9F, 0x37, 4}, OnlinePIN: true,
		ECLimit: LimitOf(10000), ContactlessFloorLimit: LimitOf(1), ContactlessLimit: LimitOf(10000), ContactlessCVMLimit: LimitOf(10000),
	}, a)
	again, err := a.Append(nil)
	require.NoError(t, err)
	require.Equal(t, unhex(t, visaRecord), again)

	a, err = ParseUnionPayApplication(unhex(t, wholeRecord))
	require.NoError(t, err)
	require.True(t, a.ExactMatch)
	require.False(t, a.OnlinePIN)
	require.Equal(t, uint32(10000), a.FloorLimit)
	require.Equal(t, RandomSelection{Threshold: 1000, TargetPercent: 10, MaximumTargetPercent: 50}, a.Random)
	require.Equal(t, [2]uint16{156, 156}, [2]uint16{a.Currency, a.Country})
	require.Equal(t, unhex(t, "9F3303E0D9C8"), []byte(a.Others))
	again, err = a.Append([]byte{1})
	require.NoError(t, err)
	require.Equal(t, unhex(t, "01"+wholeRecord), again)
}

// TestUnionPayApplicationGivesLimits holds what a terminal makes of a record.
func TestUnionPayApplicationGivesLimits(t *testing.T) {
	a, err := ParseUnionPayApplication(unhex(t, wholeRecord))
	require.NoError(t, err)
	require.Equal(t, SupportedApplication{AID: a.AID}, a.Supported())
	a.ExactMatch = false
	require.True(t, a.Supported().Partial)
	require.Equal(t, RiskInput{Amount: 5, FloorLimit: 10000, Random: a.Random, Draw: 7}, a.Risk(5, 7))
	reader := TTQ{0x36}
	require.Equal(t, ContactlessLimits{
		TTQ: reader, FloorLimit: LimitOf(200000), TransactionLimit: LimitOf(200000), CVMLimit: LimitOf(100000), TerminalFloorLimit: LimitOf(10000),
	}, a.ContactlessLimits(reader))
	require.Equal(t, CryptogramType(ARQC), ActionAnalysis(ActionInput{TVR: TVR{3: 0x80}, Terminal: a.Actions}))
}

func TestUnionPayApplicationRefuses(t *testing.T) {
	const aid = "9F0605A000000333"
	for record, want := range map[string]struct {
		tag Tag
		err error
	}{
		"":                                {0x9F06, ErrMissing},
		"DF010100":                        {0x9F06, ErrMissing},
		"9F0604A0000003":                  {0x9F06, ErrLength},
		aid + "DF010102":                  {0xDF01, ErrDigits},
		aid + "DF01020001":                {0xDF01, ErrLength},
		aid + "9F080120":                  {0x9F08, ErrLength},
		aid + "9F0903202020":              {0x9F09, ErrLength},
		aid + "DF110400000000":            {0xDF11, ErrLength},
		aid + "DF1206000000000000":        {0xDF12, ErrLength},
		aid + "DF1300":                    {0xDF13, ErrLength},
		aid + "9F1B03000000":              {0x9F1B, ErrLength},
		aid + "DF14029F37":                {0xDF14, ErrLength},
		aid + "DF15050000000000":          {0xDF15, ErrLength},
		aid + "DF16010A":                  {0xDF16, ErrDigits},
		aid + "DF17020099":                {0xDF17, ErrLength},
		aid + "DF1800":                    {0xDF18, ErrLength},
		aid + "9F7B050000000000":          {0x9F7B, ErrLength},
		aid + "DF190600000000000A":        {0xDF19, ErrDigits},
		aid + "DF2006F00000000000":        {0xDF20, ErrDigits},
		aid + "DF2107000000000000" + "00": {0xDF21, ErrLength},
		aid + "5F2A021000":                {0x5F2A, ErrDigits},
		aid + "9F1A020A56":                {0x9F1A, ErrDigits},
		aid + "9F1A0156":                  {0x9F1A, ErrLength},
	} {
		_, err := ParseUnionPayApplication(unhex(t, record))
		require.ErrorIs(t, err, want.err, record)
		var fault *ValueError
		require.ErrorAs(t, err, &fault)
		require.Equal(t, want.tag, fault.Tag, record)
	}
	_, err := ParseUnionPayApplication(unhex(t, aid+"DF01"))
	require.ErrorIs(t, err, ErrTruncated)

	a, err := ParseUnionPayApplication(unhex(t, aid+aid[:14]+"44"+"9F0600"+"5F2A020999"))
	require.NoError(t, err)
	require.Equal(t, unhex(t, "A000000333"), a.AID, "the first counts")
	require.Equal(t, uint16(999), a.Currency)
	require.Equal(t, unhex(t, aid[:14]+"44"+"9F0600"), []byte(a.Others))

	good := UnionPayApplication{AID: make([]byte, 5)}
	for tag, change := range map[Tag]func(*UnionPayApplication){
		0x9F06: func(a *UnionPayApplication) { a.AID = nil },
		0xDF15: func(a *UnionPayApplication) { a.Random.Threshold = 1 << 32 },
		0xDF16: func(a *UnionPayApplication) { a.Random.MaximumTargetPercent = 100 },
		0xDF17: func(a *UnionPayApplication) { a.Random.TargetPercent = -1 },
		0x9F7B: func(a *UnionPayApplication) { a.ECLimit = LimitOf(1e12) },
		0xDF19: func(a *UnionPayApplication) { a.ContactlessFloorLimit = LimitOf(1e12) },
		0xDF20: func(a *UnionPayApplication) { a.ContactlessLimit = LimitOf(1e12) },
		0xDF21: func(a *UnionPayApplication) { a.ContactlessCVMLimit = LimitOf(1e12) },
		0x5F2A: func(a *UnionPayApplication) { a.Currency = 1000 },
		0x9F1A: func(a *UnionPayApplication) { a.Country = 1000 },
	} {
		a := good
		change(&a)
		out, err := a.Append([]byte{9})
		var fault *ValueError
		require.ErrorAs(t, err, &fault)
		require.Equal(t, tag, fault.Tag)
		require.Equal(t, []byte{9}, out)
	}
	for _, percent := range []int{-1, 100} {
		a := good
		a.Random = RandomSelection{TargetPercent: percent}
		_, err := a.Append(nil)
		require.ErrorIs(t, err, ErrDigits, percent)
		a.Random = RandomSelection{MaximumTargetPercent: percent}
		_, err = a.Append(nil)
		require.ErrorIs(t, err, ErrDigits, percent)
	}
	most := UnionPayApplication{
		AID: make([]byte, 16), Random: RandomSelection{1<<32 - 1, 99, 99}, ECLimit: LimitOf(1e12 - 1), Currency: 999, Country: 999, DDOL: DOL{0x95, 5},
	}
	out, err := most.Append(nil)
	require.NoError(t, err)
	back, err := ParseUnionPayApplication(out)
	require.NoError(t, err)
	require.Equal(t, most, back)
}

// FuzzUnionPayParameters holds that whatever a host sends is read or refused, and that what is read is written with the
// same meaning.
func FuzzUnionPayParameters(f *testing.F) {
	for _, s := range []string{visaRecord, wholeRecord, caKeyRecord, "31" + caKeyList} {
		f.Add(unhex(f, s))
	}
	f.Add([]byte(qpsField))
	f.Fuzz(func(t *testing.T, b []byte) {
		refused := func(err error) bool {
			var syntax *SyntaxError
			var value *ValueError
			require.True(t, err == nil || errors.As(err, &syntax) || errors.As(err, &value))
			return err != nil
		}
		if a, err := ParseUnionPayApplication(b); !refused(err) {
			out, err := a.Append(nil)
			require.NoError(t, err)
			back, err := ParseUnionPayApplication(out)
			require.NoError(t, err)
			a.Others, back.Others = append(TLV{}, a.Others...), append(TLV{}, back.Others...)
			require.Equal(t, a, back)
			a.ContactlessLimits(TTQ{}).PreProcess(1)
		}
		if k, err := ParseUnionPayCAKey(b); !refused(err) {
			out, err := k.Append(nil)
			require.NoError(t, err)
			back, err := ParseUnionPayCAKey(out)
			require.NoError(t, err)
			require.Equal(t, k.Expiry, back.Expiry)
			require.Equal(t, k.Modulus, back.Modulus)
		}
		if d, err := ParseUnionPayDownload(b); !refused(err) {
			require.Equal(t, b, d.Append(nil))
			_, err := d.CAKeys()
			refused(err)
			_, err = d.AIDs()
			refused(err)
		}
		if q, err := ParseUnionPayQPS(string(b)); !refused(err) {
			out, err := q.Append(nil)
			require.NoError(t, err)
			back, err := ParseUnionPayQPS(string(out))
			require.NoError(t, err)
			require.Equal(t, q, back)
		}
	})
}

// TestUnionPayVersionWhereItWas: the version is written under the tag that the record told it under, where it stood, and under
// 9F08 when it had both or none.
func TestUnionPayVersionWhereItWas(t *testing.T) {
	const aid = "9F0605A000000333"
	for record, want := range map[string]string{
		"9F09020030":                           "9F09020031",
		"DF550101" + "9F09020030" + "DF560102": "DF550101" + "9F09020031" + "DF560102",
		"9F09020030" + "9F09020029":            "9F09020031" + "9F09020029",
		"9F08020030" + "9F09020029":            "9F08020031" + "9F09020029",
		"9F08020030" + "9F09020030":            "9F08020031" + "9F09020030",
		"":                                     "9F08020031",
		"9F0902" + "0031" + "9F0902" + "00" + "30": "9F0902" + "0031" + "9F0902" + "0030",
	} {
		a, err := ParseUnionPayApplication(unhex(t, aid+record))
		require.NoError(t, err)
		a.Version = [2]byte{0, 0x31}
		others := bytes.Clone(a.Others)
		out, err := a.Append(nil)
		require.NoError(t, err)
		require.Equal(t, unhex(t, aid+want), out, record)
		require.Equal(t, others, []byte(a.Others), "writing changes nothing")
	}
}

// TestUnionPayRepeatedObjects: an object that says nothing and is said again keeps its place, so that the first still
// counts when the record is read again.
func TestUnionPayRepeatedObjects(t *testing.T) {
	const record = "9F0605A000000333" + "DF1400" + "5F2A020000" + "9F1A020000" + "DF14039F3704" + "5F2A020156" + "9F1A020156"
	a, err := ParseUnionPayApplication(unhex(t, record))
	require.NoError(t, err)
	require.Empty(t, a.DDOL)
	require.Zero(t, a.Currency+a.Country)
	out, err := a.Append(nil)
	require.NoError(t, err)
	back, err := ParseUnionPayApplication(out)
	require.NoError(t, err)
	require.Equal(t, a, back)
	k, err := ParseUnionPayCAKey(unhex(t, "9F0605A0000003339F220108DF020199DF040103DF0300DF0301AA"))
	require.NoError(t, err)
	out, err = k.Append(nil)
	require.NoError(t, err)
	again, err := ParseUnionPayCAKey(out)
	require.NoError(t, err)
	require.Empty(t, again.Checksum)
}

// TestUnionPayRecordsStayWhole: both versions of a record are kept, and what a record does not have it does not get.
func TestUnionPayRecordsStayWhole(t *testing.T) {
	const aid = "9F0605A000000333"
	for record, version := range map[string][2]byte{
		aid:                                {},
		aid + "9F08020020":                 {0, 0x20},
		aid + "9F09020030":                 {0, 0x30},
		aid + "9F08020020" + "9F09020030":  {0, 0x20},
		aid + "9F08020020" + "9F09020020":  {0, 0x20},
		aid + "9F08020000" + "9F09020030":  {},
		aid + "DF010100" + "DF16010" + "0": {},
		visaRecord + "9F09020141":          {1, 0x40},
		// What says nothing is said all the same.
		aid + "5F2A020000": {},
		aid + "9F1A020000": {},
		aid + "DF1400":     {},
		aid + "DF14020000": {}, // a list of no octets of tag 0
		aid + "9F1B0400000000" + "DF1400" + "9F7B06000000000000" + "5F2A020000" + "9F1A020000": {},
	} {
		a, err := ParseUnionPayApplication(unhex(t, record))
		require.NoError(t, err, record)
		require.Equal(t, version, a.Version, record)
		again, err := a.Append(nil)
		require.NoError(t, err)
		require.Equal(t, unhex(t, record), again)
	}
	other, err := ParseUnionPayApplication(unhex(t, aid+"9F09020030"+"9F08020020"))
	require.NoError(t, err)
	require.Equal(t, [2]byte{0, 0x20}, other.Version, "in either order")

	// What is changed is written.
	a, err := ParseUnionPayApplication(unhex(t, aid+"9F09020030"))
	require.NoError(t, err)
	a.Version, a.ExactMatch, a.FloorLimit, a.Random.TargetPercent = [2]byte{0, 0x31}, true, 1, 5
	again, err := a.Append(nil)
	require.NoError(t, err)
	require.Equal(t, unhex(t, aid+"DF010101"+"9F1B0400000001"+"DF170105"+"9F09020031"), again)

	const key = "9F0605A000000333" + "9F220108"
	for _, record := range []string{
		"DF020199" + "DF040103", "DF060100" + "DF020199" + "DF040103", "DF070104" + "DF020199" + "DF040103",
		"DF020199" + "DF040103" + "DF0300", "DF060101" + "DF070100" + "DF020199" + "DF040103" + "DF0301AA", "DF0200" + "DF0400",
	} {
		k, err := ParseUnionPayCAKey(unhex(t, key+record))
		require.NoError(t, err, record)
		again, err := k.Append(nil)
		require.NoError(t, err)
		require.Equal(t, unhex(t, key+record), again)
	}
	again, err = UnionPayCAKey{}.Append(nil)
	require.NoError(t, err)
	require.Equal(t, unhex(t, "9F06050000000000"+"9F220100"+"DF060100"+"DF070100"+"DF0200"+"DF0400"), again, "made from nothing")
}
