package wire

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDigitsArePackedTwoAByte(t *testing.T) {
	const text = "0123456789ABCDEF9876543210FEDCBA02468ACE13579BDF"
	packed, err := hex.DecodeString(text)
	require.NoError(t, err)
	for from := 0; from < 24; from += 2 {
		for size := 0; from+size <= len(text); size += 2 {
			b := make([]byte, size/2)
			packDigits(b, []byte(text[from:from+size]))
			require.Equal(t, packed[from/2:(from+size)/2], b)
			back := make([]byte, size)
			unpackDigits(back, b)
			require.Equal(t, text[from:from+size], string(back))
		}
	}
	track := make([]byte, 8)
	packDigits(track, []byte("4761=2212:;<>?09"))
	require.Equal(t, "4761d2212abcef09", hex.EncodeToString(track))
}

func TestDigitsOfEveryLengthAndSide(t *testing.T) {
	const digits = "98765432109876543210987"
	for units := range len(digits) + 1 {
		text := digits[:units]
		for _, left := range []bool{false, true} {
			want := text
			if f := strings.Repeat("F", units%2); left {
				want += f
			} else {
				want = f + want
			}
			packed, err := hex.DecodeString(want)
			require.NoError(t, err)
			f := Form{Coding: BCD, Content: Digit, Max: 40, Left: left, Filler: 0xF, Ending: EndPrefix, Prefix: NewPrefix(BCD, 2, OwnUnit, false)}
			f.Complete()
			room := []byte("xy.........................................")
			require.Equal(t, "xy"+string(packed), string(f.AppendPackedPlain(room[:2], []byte(text))))
			require.Equal(t, byte('.'), room[2+len(packed)], "nothing behind the value is touched")
			require.Equal(t, "xy"+string(packed), string(f.AppendPackedPlain([]byte("xy"), []byte(text))))

			room = []byte("xy.........................................")
			require.Equal(t, "xy"+text, string(f.AppendDigits(room[:2], packed, units)))
			require.Equal(t, byte('.'), room[2+units])
			require.Equal(t, "xy"+text, string(f.AppendDigits([]byte("xy"), packed, units)))
		}
	}
}
