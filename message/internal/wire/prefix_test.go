package wire

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message/internal/fault"
)

// Every length that fits a prefix is written and read again, by the quick ways too, and no other fits.
func TestPrefixesThereAndBack(t *testing.T) {
	for _, coding := range []Coding{ASCII, EBCDIC, BCD, Binary, HexASCII, HexEBCDIC, BER} {
		for digits := 1; digits <= 4; digits++ {
			for _, inclusive := range []bool{false, true} {
				if coding == BER && inclusive {
					continue
				}
				p := NewPrefix(coding, digits, OwnUnit, inclusive)
				highest := int(p.Limit)
				if inclusive {
					highest -= p.Size
				}
				require.True(t, p.Fits(highest))
				require.False(t, p.Fits(highest+1))
				for _, count := range []int{0, 1, 9, 10, 11, 99, 100, 101, 127, 128, 255, 256, 999, 1000, 9999, 65535, 65536, highest} {
					if !p.Fits(count) {
						continue
					}
					coded := p.AppendTo([]byte{1}, count)
					got, size, err := p.Read(coded, 1)
					require.Nil(t, err, "%+v %d", p, count)
					require.Equal(t, count, got, "%+v", p)
					require.Equal(t, len(coded)-1, size, "%+v", p)
					if coding != BER {
						require.Equal(t, p.Size, size)
					}
					for cut := 1; cut < len(coded); cut++ {
						_, _, err := p.Read(coded[:cut], 1)
						require.NotNil(t, err)
						require.Equal(t, fault.Truncated, err.Kind)
						require.Equal(t, 1, err.Offset)
						require.Negative(t, p.Quick(coded[:cut], 1))
					}
					if !inclusive {
						require.Equal(t, coded, p.AppendQuick([]byte{1}, count), "%+v %d", p, count)
					}
					if quick := p.Quick(coded, 1); !inclusive && (coding == ASCII && (digits == 2 || digits == 3) || coding == BCD && digits >= 2) {
						require.Equal(t, count, quick, "%+v", p)
					}
				}
			}
		}
	}
}

// For all bytes the quick way gives what the thorough one gives, or leaves it to that.
func TestQuickPrefixesAgree(t *testing.T) {
	for _, p := range []Prefix{NewPrefix(ASCII, 2, OwnUnit, false), NewPrefix(BCD, 2, OwnUnit, false), NewPrefix(BCD, 3, OwnUnit, false), NewPrefix(BCD, 4, OwnUnit, false)} {
		for x := range 1 << 16 {
			b := []byte{byte(x >> 8), byte(x)}[:p.Size]
			count, _, err := p.Read(b, 0)
			quick := p.Quick(b, 0)
			if err != nil {
				require.Negative(t, quick, "%+v % X", p, b)
				require.Equal(t, fault.Length, err.Kind)
				continue
			}
			require.Equal(t, count, quick, "%+v % X", p, b)
		}
	}
	p := NewPrefix(ASCII, 3, OwnUnit, false)
	for i := range 3 {
		for c := range 256 {
			b := []byte("123")
			b[i] = byte(c)
			count, _, err := p.Read(b, 0)
			require.Equal(t, err != nil, p.Quick(b, 0) < 0, "%q", b)
			if err == nil {
				require.Equal(t, count, p.Quick(b, 0))
			}
		}
	}
}

func TestPrefixFaults(t *testing.T) {
	for _, c := range []struct {
		prefix Prefix
		bytes  string
		kind   fault.Kind
	}{
		{NewPrefix(ASCII, 2, OwnUnit, true), "01", fault.Length}, // counts less than itself
		{NewPrefix(Binary, 2, OwnUnit, true), "\x00\x01", fault.Length},
		{NewPrefix(HexASCII, 1, OwnUnit, false), "0G", fault.Length},
		{NewPrefix(EBCDIC, 2, OwnUnit, false), "\xF1\xFA", fault.Length},
		{NewPrefix(BCD, 3, OwnUnit, false), "\x10\x00", fault.Length},
		{NewPrefix(BER, 0, OwnUnit, false), "\x80", fault.Length},
		{NewPrefix(BER, 0, OwnUnit, false), "\x85\x00\x00\x00\x00\x01", fault.Length},
		{NewPrefix(BER, 0, OwnUnit, false), "\x82\x01", fault.Truncated},
		{NewPrefix(BER, 0, OwnUnit, false), "", fault.Truncated},
	} {
		_, _, err := c.prefix.Read([]byte("ab"+c.bytes), 2)
		require.NotNil(t, err, "%q", c.bytes)
		require.Equal(t, c.kind, err.Kind, "%q", c.bytes)
		require.Equal(t, 2, err.Offset)
	}
	zero, size, err := newPrefixPointer(ASCII, 2, true).Read([]byte("02"), 0)
	require.Nil(t, err)
	require.Equal(t, []int{0, 2}, []int{zero, size})
	for _, b := range []string{"\x84\xFF\xFF\xFF\xFF", "\x84\x7F\xFF\xFF\xFF"} {
		count, _, err := ReadBERLength([]byte(b), 0)
		require.Nil(t, err)
		require.GreaterOrEqual(t, count, MaxImage-1, "a length beyond any message stays beyond it, on 32 bits too")
	}
	huge := NewPrefix(Binary, 8, OwnUnit, false)
	count, _, err := huge.Read([]byte("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"), 0)
	require.Nil(t, err)
	require.GreaterOrEqual(t, count, MaxImage-1)
}

// newPrefixPointer is NewPrefix for a call of a method.
func newPrefixPointer(coding Coding, digits int, inclusive bool) *Prefix {
	p := NewPrefix(coding, digits, OwnUnit, inclusive)
	return &p
}
