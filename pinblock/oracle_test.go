package pinblock_test

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/pinblock"
)

const testPAN = "5432101234567892"

// form writes a format as text: what a clear block of a PIN of n digits looks like before the PAN is mixed in. It is
// the oracle the nibble-wise code is compared with.
type form struct {
	format   pinblock.Format
	shortest int
	longest  int
	pattern  func(n int) []string
}

func head(control string, n int) string { return fmt.Sprintf("%s%X([0-9]{%d})", control, n, n) }

func repeated(prefix, digits string, times int) (all []string) {
	for _, d := range digits {
		all = append(all, prefix+strings.Repeat(string(d), times))
	}
	return all
}

var forms = []form{
	{pinblock.ISO0, 4, 12, func(n int) []string { return []string{head("0", n) + "F*"} }},
	{pinblock.ISO1, 4, 12, func(n int) []string { return []string{head("1", n) + ".*"} }},
	{pinblock.ISO2, 4, 12, func(n int) []string { return []string{head("2", n) + "F*"} }},
	{pinblock.ISO3, 4, 12, func(n int) []string { return []string{head("3", n) + "[A-F]*"} }},
	{pinblock.VISA4, 4, 12, func(n int) []string { return []string{head("0", n) + "F*"} }},
	{pinblock.UnionPaySM4, 4, 12, func(n int) []string { return []string{head("0", n) + "F*"} }},
	{pinblock.UnionPayPlain, 4, 12, func(n int) []string { return []string{head("0", n) + "F*"} }},
	{pinblock.ECI2, 4, 4, func(n int) []string { return []string{"([0-9]{4}).*"} }},
	{pinblock.ECI3, 4, 6, func(n int) []string { return []string{head("", n) + strings.Repeat("0", 6-n) + ".*"} }},
	{pinblock.VISA2, 4, 6, func(n int) []string {
		return repeated(head("", n)+strings.Repeat("0", 6-n), "0123456789", 9)
	}},
	{pinblock.VISA2.WithPad('7'), 4, 6, func(n int) []string {
		return []string{head("", n) + strings.Repeat("0", 6-n) + "7*"}
	}},
	{pinblock.VISA3, 4, 12, func(n int) []string {
		return repeated(fmt.Sprintf("([0-9]{%d})F", n), "0123456789ABCDEF", 15-n)
	}},
	{pinblock.VISA3.WithPad('4'), 4, 12, func(n int) []string { return []string{fmt.Sprintf("([0-9]{%d})F4*", n)} }},
	{pinblock.OEM1, 4, 12, func(n int) []string { return repeated(fmt.Sprintf("([0-9]{%d})", n), "ABCDEF", 16-n) }},
	{pinblock.OEM1.WithPad('C'), 4, 12, func(n int) []string { return []string{fmt.Sprintf("([0-9]{%d})C*", n)} }},
	{pinblock.OEM1.WithPad('7').WithLength(6), 6, 6, func(n int) []string { return []string{"([0-9]{6})7*"} }},
	{pinblock.OEM1.WithLength(6), 6, 6, func(n int) []string { return repeated("([0-9]{6})", "0123456789ABCDEF", 10) }},
	{pinblock.IBM3624, 4, 12, func(n int) []string { return []string{fmt.Sprintf("([0-9]{%d})F*", n)} }},
	{pinblock.IBM3624.WithPad('B'), 4, 12, func(n int) []string { return []string{fmt.Sprintf("([0-9]{%d})B*", n)} }},
	{pinblock.IBM3624.WithPad('0').WithLength(5), 5, 5, func(n int) []string { return []string{"([0-9]{5})0*"} }},
}

// compiled keeps the patterns, because the oracle is asked some hundred thousand times.
var compiled sync.Map

func compile(pattern string) *regexp.Regexp {
	if re, ok := compiled.Load(pattern); ok {
		return re.(*regexp.Regexp)
	}
	re := regexp.MustCompile(pattern)
	compiled.Store(pattern, re)
	return re
}

// mixPAN is its own inverse.
func mixPAN(f pinblock.Format, block []byte, pan string) []byte {
	mixed := append([]byte(nil), block...)
	if !f.UsesPAN() {
		return mixed
	}
	digits := pan[len(pan)-13 : len(pan)-1]
	if f == pinblock.VISA4 {
		digits = pan[:12]
	}
	field, _ := hex.DecodeString(digits)
	for i, b := range field {
		mixed[len(mixed)-6+i] ^= b
	}
	return mixed
}

// oracle returns the PIN a block holds, or false when it is not valid.
func (f form) oracle(block []byte, pan string) (string, bool) {
	if len(block) != f.format.Size() {
		return "", false
	}
	text := strings.ToUpper(hex.EncodeToString(mixPAN(f.format, block, pan)))
	for n := f.shortest; n <= f.longest; n++ {
		for _, pattern := range f.pattern(n) {
			if m := compile("^" + pattern + "$").FindStringSubmatch(text); m != nil {
				return m[1], true
			}
		}
	}
	return "", false
}

func (f form) check(t *testing.T, block []byte, pan string) {
	t.Helper()
	want, valid := f.oracle(block, pan)
	got, err := pinblock.Decode(f.format, block, pan)
	if !valid {
		require.ErrorIs(t, err, pinblock.ErrBlock, "%s", f.format)
		require.Equal(t, pinblock.ErrBlock, err, "one error, always the same")
		return
	}
	require.NoError(t, err, "%s", f.format)
	require.Equal(t, want, string(got.AppendClear(nil)), "%s", f.format)
}

// Every PIN length of every format comes back, and every nibble changed to every other value is refused or yields the
// PIN the changed block has by the oracle.
func TestEveryNibble(t *testing.T) {
	for _, f := range forms {
		t.Run(f.format.String(), func(t *testing.T) {
			for n := f.shortest; n <= f.longest; n++ {
				text := "123456789012"[:n]
				block, err := pinblock.Encode(nil, f.format, pin(t, text), testPAN)
				require.NoError(t, err)
				want, valid := f.oracle(block, testPAN)
				require.True(t, valid)
				require.Equal(t, text, want)
				f.check(t, block, testPAN)
				for i := range 2 * len(block) {
					for change := byte(1); change < 16; change++ {
						changed := append([]byte(nil), block...)
						changed[i/2] ^= change << (4 * (1 - i%2))
						f.check(t, changed, testPAN)
					}
				}
			}
		})
	}
}

// The same for the PIN field of format 4, which is never seen in clear.
func TestEveryNibbleOfFormat4(t *testing.T) {
	oracle := func(field []byte) (string, bool) {
		for n := 4; n <= 12; n++ {
			pattern := fmt.Sprintf("^%sA{%d}.{16}$", head("4", n), 14-n)
			if m := compile(pattern).FindStringSubmatch(strings.ToUpper(hex.EncodeToString(field))); m != nil {
				return m[1], true
			}
		}
		return "", false
	}
	refused := 0
	for n := 4; n <= 12; n++ {
		field, err := pinblock.EncodeFilled(pinblock.ISO4, pin(t, "123456789012"[:n]), testPAN, make([]byte, 32))
		require.NoError(t, err)
		for i := range 2 * len(field) {
			for change := range byte(16) {
				changed := append([]byte(nil), field...)
				changed[i/2] ^= change << (4 * (1 - i%2))
				want, valid := oracle(changed)
				got, err := pinblock.DecodeField4(changed)
				if !valid {
					refused++
					require.Equal(t, pinblock.ErrBlock, err)
					continue
				}
				require.NoError(t, err)
				require.Equal(t, want, string(got.AppendClear(nil)))
			}
		}
	}
	require.Greater(t, refused, 1000)
}

func FuzzDecode(f *testing.F) {
	for i, form := range forms {
		block, err := pinblock.Encode(nil, form.format, pin(f, "123456789012"[:form.longest]), testPAN)
		require.NoError(f, err)
		f.Add(i, block, testPAN)
		f.Add(i, block[1:], testPAN)
		f.Add(i, block, "4111")
	}
	f.Fuzz(func(t *testing.T, which int, block []byte, pan string) {
		form := forms[uint(which)%uint(len(forms))]
		before := string(block)
		defer func() { require.Equal(t, before, string(block)) }()
		_, err := pinblock.Encode(nil, form.format, pin(t, "123456"[:max(4, form.shortest)]), pan)
		if err != nil {
			require.ErrorIs(t, err, pinblock.ErrPAN)
			_, err = pinblock.Decode(form.format, block, pan)
			require.ErrorIs(t, err, pinblock.ErrPAN)
			return
		}
		form.check(t, block, pan)
	})
}

// Offsets of PINs that a caller has made for a card of his choice say nothing of the card's natural PIN: no PIN is left out,
// so that no natural PIN is. Of 20,000 PINs some 48 are weak ones.
func TestGeneratedPINsAreAllAlike(t *testing.T) {
	key := pinKey(t, crypto.AES, unhex(t, aesHex))
	out := pinblock.Target{Key: key, Layout: pinblock.ISO4, PAN: crypto.Hide(testPAN)}
	weak := 0
	for range 20_000 {
		block, err := pinblock.Software{}.GeneratePIN(ctx, nil, 4, out)
		require.NoError(t, err)
		p, err := pinblock.Decrypt(key, pinblock.ISO4, block, testPAN)
		require.NoError(t, err)
		if p.Weak() {
			weak++
		}
	}
	require.NotZero(t, weak)
}
