package emv

import (
	"iter"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEveryBitArray holds the methods of each array against each other and against the names of its bits.
func TestEveryBitArray(t *testing.T) {
	testBits(t, "TVR", ParseTVR, TVR.Has, (*TVR).Set, (*TVR).Clear, TVR.Bits, TVRBit.Text, TVRBit.String, tvrText[:])
	testBits(t, "TSI", ParseTSI, TSI.Has, (*TSI).Set, (*TSI).Clear, TSI.Bits, TSIBit.Text, TSIBit.String, tsiText[:])
	testBits(t, "AIP", ParseAIP, AIP.Has, (*AIP).Set, (*AIP).Clear, AIP.Bits, AIPBit.Text, AIPBit.String, aipText[:])
	testBits(t, "AUC", ParseAUC, AUC.Has, (*AUC).Set, (*AUC).Clear, AUC.Bits, AUCBit.Text, AUCBit.String, aucText[:])
	testBits(t, "TTQ", ParseTTQ, TTQ.Has, (*TTQ).Set, (*TTQ).Clear, TTQ.Bits, TTQBit.Text, TTQBit.String, ttqText[:])
	testBits(t, "CTQ", ParseCTQ, CTQ.Has, (*CTQ).Set, (*CTQ).Clear, CTQ.Bits, CTQBit.Text, CTQBit.String, ctqText[:])
	testBits(t, "9F33", ParseTerminalCapabilities, TerminalCapabilities.Has, (*TerminalCapabilities).Set,
		(*TerminalCapabilities).Clear, TerminalCapabilities.Bits, CapabilityBit.Text, CapabilityBit.String, capabilityText[:])
	testBits(t, "9F40", ParseAdditionalTerminalCapabilities, AdditionalTerminalCapabilities.Has,
		(*AdditionalTerminalCapabilities).Set, (*AdditionalTerminalCapabilities).Clear, AdditionalTerminalCapabilities.Bits,
		AdditionalCapabilityBit.Text, AdditionalCapabilityBit.String, additionalCapabilityText[:])
	testBits(t, "9F1D", ParseMastercardRiskData, MastercardRiskData.Has, (*MastercardRiskData).Set, (*MastercardRiskData).Clear,
		MastercardRiskData.Bits, MastercardRiskBit.Text, MastercardRiskBit.String, mastercardRiskText[:])
}

func testBits[A fixed, B ~uint8](t *testing.T, name string, parse func([]byte) (A, error), has func(A, B) bool, set, unset func(*A, B),
	bits func(A) iter.Seq[B], word func(B, Language) string, str func(B) string, names []text) {
	t.Run(name, func(t *testing.T) {
		var zero A
		octets := len(zero)
		_, err := parse(make([]byte, octets+1))
		require.ErrorIs(t, err, ErrLength)
		require.Empty(t, slices.Collect(bits(zero)))
		for i := range 8 * octets {
			b := B(i)
			raw := make([]byte, octets)
			raw[i/8] = 1 << (i % 8)
			v, err := parse(raw)
			require.NoError(t, err)
			require.True(t, has(v, b))
			require.Equal(t, []B{b}, slices.Collect(bits(v)))
			var made A
			set(&made, b)
			require.Equal(t, v, made)
			unset(&made, b)
			require.Equal(t, zero, made)
			require.Equal(t, word(b, English), str(b))
			if i < len(names) && names[i].en != "" {
				require.Equal(t, names[i].en, str(b))
				require.NotEmpty(t, word(b, Chinese))
				require.NotEqual(t, str(b), word(b, Chinese))
			} else {
				require.Equal(t, "RFU", str(b))
			}
		}
		for i := range names {
			for j := range i {
				require.True(t, names[i].en == "" || names[i] != names[j], "two bits with the words %q", names[i].en)
			}
		}
	})
}

// TestWordsInEnglish holds that String is Text in English, and that what has no words is reserved.
func TestWordsInEnglish(t *testing.T) {
	type worded interface {
		String() string
		Text(Language) string
	}
	for want, w := range map[string]worded{
		"enciphered PIN verified online": CVMOnlinePIN,
		"if the terminal supports it":    CVMIfSupported,
		"successful":                     CVMSuccessful,
		"failed":                         ScriptFailed,
		"magnetic stripe, CVM required":  AmexReaderCapabilities(0x48),
		"merchant; attended, offline with online capability": TerminalType(0x22),
		"RFU": TerminalType(0x20),
	} {
		require.Equal(t, want, w.String())
		require.Equal(t, want, w.Text(English))
		require.NotEqual(t, want, w.Text(Chinese))
	}
}
