package emv

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A published record and a published list of a UnionPay host.
const (
	caKeyRecord = "9F0605A0000003339F220108DF05083230323031323331DF060101DF070101DF028190B61645EDFD5498FB246444037A0FA18C0F101EBD8EFA54573CE6" +
		"E6A7FBF63ED21D66340852B0211CF5EEF6A1CD989F66AF21A8EB19DBD8DBC3706D135363A0D683D046304F5A836BC1BC632821AFE7A2F75DA3C50AC74C545A75" +
		"4562204137169663CFCC0B06E67E2109EBA41BC67FF20CC8AC80D7B6EE1A95465B3B2657533EA56D92D539E5064360EA4850FED2D1BFDF040103DF0314EE23B6" +
		"16C95C02652AD18860E48787C079E8E85A"
	caKeyList = "9F0605A0000000039F220109DF050832303136313233319F0605A0000000049F220106DF050832303136313233319F0605A0000000659F220114DF05083230" +
		"3136313233319F0605A0000003339F22010BDF050832303136313233319F0605A0000003339F220108DF05083230323031323331"
)

func TestUnionPayCAKey(t *testing.T) {
	k, err := ParseUnionPayCAKey(unhex(t, caKeyRecord))
	require.NoError(t, err)
	require.Equal(t, RIDUnionPay, k.RID)
	require.Equal(t, byte(8), k.Index)
	require.Equal(t, Date{2020, 12, 31}, k.Expiry)
	require.Equal(t, [2]byte{1, 1}, [2]byte{k.HashAlgorithm, k.Algorithm})
	require.Len(t, k.Modulus, 144)
	require.Equal(t, []byte{3}, k.Exponent)
	require.Len(t, k.Checksum, 20)
	out, err := k.Append([]byte{7})
	require.NoError(t, err)
	require.Equal(t, unhex(t, "07"+caKeyRecord), out)

	require.False(t, k.Expired(Date{2020, 12, 31}))
	require.True(t, k.Expired(Date{2021, 1, 1}))
	k.Expiry, k.Checksum = Date{}, nil
	require.False(t, k.Expired(Date{2999, 1, 1}))
	out, err = k.Append(nil)
	require.NoError(t, err)
	back, err := ParseUnionPayCAKey(append(out, unhex(t, "9F2201FF"+"DF5500")...))
	require.NoError(t, err)
	require.Equal(t, unhex(t, "9F2201FF"+"DF5500"), []byte(back.Others))
	back.Others = nil
	require.Equal(t, k, back)
	k.Expiry = Date{2021, 2, 29}
	out, err = k.Append([]byte{7})
	require.ErrorIs(t, err, ErrDate)
	require.Equal(t, []byte{7}, out)
	k.Expiry = Date{10000, 1, 1}
	_, err = k.Append(nil)
	require.ErrorIs(t, err, ErrDate)
	k.Expiry = Date{-1, 1, 1}
	_, err = k.Append(nil)
	require.ErrorIs(t, err, ErrDate)
	k.Expiry = Date{9999, 12, 31}
	_, err = k.Append(nil)
	require.NoError(t, err)
}

func TestUnionPayCAKeyRefuses(t *testing.T) {
	const whole = "9F0605A0000003339F220108DF020199DF040103"
	for record, want := range map[string]error{
		"":                                 ErrMissing,
		"9F220108DF020199DF040103":         ErrMissing,
		"9F0605A000000333DF020199DF040103": ErrMissing,
		"9F0605A0000003339F220108DF040103": ErrMissing,
		"9F0605A0000003339F220108DF020199": ErrMissing,
		"9F0606A00000033301":               ErrLength,
		"9F22020108":                       ErrLength,
		whole + "DF0600":                   ErrLength,
		whole + "DF07020101":               ErrLength,
		whole + "DF0503202012":             ErrLength,
		whole + "DF05083230323031323341":   ErrDigits,
		whole + "DF05082B30323031323331":   ErrDigits,
		whole + "DF05042020123A":           ErrDigits,
		whole + "DF050420201232":           ErrDate,
		whole + "DF05083230323031333031":   ErrDate,
		whole + "DF0508323032303132":       ErrTruncated,
		whole + "DF0505" + "2020123100":    ErrLength,
	} {
		_, err := ParseUnionPayCAKey(unhex(t, record))
		require.ErrorIs(t, err, want, record)
	}
	k, err := ParseUnionPayCAKey(unhex(t, whole+"DF050420201231"))
	require.NoError(t, err)
	require.Equal(t, Date{2020, 12, 31}, k.Expiry)
}

// TestUnionPayExpiryAsItWas: a packed date is written packed again.
func TestUnionPayExpiryAsItWas(t *testing.T) {
	const head, tail = "9F0605A0000003339F220108", "DF060101" + "DF070101" + "DF020199" + "DF040103"
	for date, next := range map[string]string{
		"DF050420201231": "DF050420210102", "DF05083230323031323331": "DF05083230323130313032",
		"": "DF05083230323130313032",
	} {
		k, err := ParseUnionPayCAKey(unhex(t, head+date+tail))
		require.NoError(t, err)
		out, err := k.Append(nil)
		require.NoError(t, err)
		require.Equal(t, unhex(t, head+date+tail), out)
		k.Expiry = Date{2021, 1, 2}
		out, err = k.Append(nil)
		require.NoError(t, err)
		require.Equal(t, unhex(t, head+next+tail), out)
	}
}

// TestUnionPayExpiryOfZeros: hosts fill the date of a key that does not expire with zeros. The record stands, and is written
// as it was.
func TestUnionPayExpiryOfZeros(t *testing.T) {
	const head, tail = "9F0605A0000003339F220108", "DF060101" + "DF070101" + "DF020199" + "DF040103"
	for zeros, dated := range map[string]string{"DF05083030303030303030": "DF05083230323130313032", "DF050400000000": "DF050420210102"} {
		k, err := ParseUnionPayCAKey(unhex(t, head+zeros+tail))
		require.NoError(t, err)
		require.Zero(t, k.Expiry)
		require.False(t, k.Expired(Date{2999, 1, 1}))
		out, err := k.Append(nil)
		require.NoError(t, err)
		require.Equal(t, unhex(t, head+zeros+tail), out)
		k.Expiry = Date{2021, 1, 2}
		out, err = k.Append(nil)
		require.NoError(t, err)
		require.Equal(t, unhex(t, head+dated+tail), out)

		refs, err := UnionPayDownload{UnionPayAll, unhex(t, head+zeros)}.CAKeys()
		require.NoError(t, err)
		require.Equal(t, []UnionPayCAKeyRef{{RID: RIDUnionPay, Index: 8}}, refs)
	}
}

func TestUnionPayDownload(t *testing.T) {
	d, err := ParseUnionPayDownload(append([]byte("1"), unhex(t, caKeyList)...))
	require.NoError(t, err)
	require.Equal(t, UnionPayAll, d.Control)
	refs, err := d.CAKeys()
	require.NoError(t, err)
	require.Len(t, refs, 5)
	require.Equal(t, UnionPayCAKeyRef{RIDUnionPay, 8, Date{2020, 12, 31}}, refs[4])
	require.Equal(t, unhex(t, "9F0605A0000003339F220108"), refs[4].Append(nil))

	d, err = ParseUnionPayDownload(append([]byte("3"), unhex(t, "9F0608A0000003330101069F0607A0000006510109")...))
	require.NoError(t, err)
	require.Equal(t, UnionPayLast, d.Control)
	aids, err := d.AIDs()
	require.NoError(t, err)
	require.Equal(t, [][]byte{unhex(t, "A000000333010106"), unhex(t, "A0000006510109")}, aids)
	require.Equal(t, append([]byte("x3"), unhex(t, "9F0608A0000003330101069F0607A0000006510109")...), d.Append([]byte("x")))

	d, err = ParseUnionPayDownload([]byte("0"))
	require.NoError(t, err)
	require.Equal(t, UnionPayNothing, d.Control)
	refs, err = d.CAKeys()
	require.NoError(t, err)
	require.Empty(t, refs)
	for field, want := range map[string]error{"": ErrLength, "4": ErrDigits, "/": ErrDigits, "1\x9F\x06": ErrTruncated} {
		_, err := ParseUnionPayDownload([]byte(field))
		require.ErrorIs(t, err, want, "%q", field)
	}
	for data, want := range map[string]error{
		"9F220108":                                      ErrMissing,
		"DF05083230323031323331":                        ErrMissing,
		"9F0605A000000333":                              ErrMissing,
		"9F0605A0000003339F0605A000000333":              ErrMissing,
		"9F0605A0000003339F0605A0000003339F220101":      ErrMissing,
		"9F0604A0000003":                                ErrLength,
		"9F0605A0000003339F22020101":                    ErrLength,
		"9F0605A0000003339F220101" + "DF050132":         ErrLength,
		"9F0605A0000003339F220101" + "9F0605A000000333": ErrMissing,
	} {
		_, err := UnionPayDownload{UnionPayAll, unhex(t, data)}.CAKeys()
		require.ErrorIs(t, err, want, data)
	}
	refs, err = UnionPayDownload{UnionPayAll, unhex(t, "9F0605A0000003339F220101"+"DF5500")}.CAKeys()
	require.NoError(t, err)
	require.Equal(t, []UnionPayCAKeyRef{{RID: RIDUnionPay, Index: 1}}, refs)
	_, err = UnionPayDownload{UnionPayAll, unhex(t, "9F0604A0000003")}.AIDs()
	require.ErrorIs(t, err, ErrLength)

	for n, want := range map[int]string{0: "100", 7: "107", 99: "199"} {
		b, err := AppendUnionPayQuery([]byte("x"), n)
		require.NoError(t, err)
		require.Equal(t, "x"+want, string(b))
	}
	for _, n := range []int{-1, 100} {
		_, err := AppendUnionPayQuery(nil, n)
		require.ErrorIs(t, err, ErrDigits)
	}
}
