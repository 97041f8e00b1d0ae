package emv

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestScriptValidate: a script is told from its pieces, and what is cut off is a script all the same.
func TestScriptValidate(t *testing.T) {
	const id, command = "9F180401020304", "860584DA9F1400"
	for answer, want := range map[string]error{
		"720E" + id + command:                 nil,
		"710E" + id + command:                 nil,
		"7207" + command:                      nil,
		"7207" + id:                           ErrMissing,
		"7200":                                ErrMissing,
		"7211" + id + command + "862084":      ErrTruncated,
		"720F" + id + command:                 ErrTruncated, // ends with a whole command, before its template does
		"7215" + id + command + "862084":      ErrTruncated,
		"720E" + id + "860684DA9F1400":        ErrTruncated,
		"720E" + id + "868084DA9F1400":        ErrIndefiniteLength,
		"8A023030" + "710F" + id + command:    ErrTruncated,
		"720E" + id + "1F8686868686" + "0000": ErrTagTooLong,
	} {
		scripts := slices.Collect(Scripts(unhex(t, answer)))
		require.Len(t, scripts, 1, answer)
		require.ErrorIs(t, scripts[0].Validate(), want, answer)
		if want == nil {
			require.NoError(t, scripts[0].Validate())
			require.Len(t, slices.Collect(scripts[0].Commands()), 1)
		}
	}
	require.Equal(t, AfterFinalAC, slices.Collect(Scripts(unhex(t, "720F"+id+command)))[0].Phase)
	require.Equal(t, [4]byte{1, 2, 3, 4}, slices.Collect(Scripts(unhex(t, "720F"+id+command)))[0].ID)
	require.Empty(t, slices.Collect(Scripts(unhex(t, "8A0330"))))
	Scripts(unhex(t, "7200"+"7200"))(func(Script) bool { return false })
}

// TestDataThatDoNotShow holds that a command and a decoder print nothing of the data they hold, whatever way they are printed.
func TestDataThatDoNotShow(t *testing.T) {
	command := ScriptCommand(unhex(t, "84DC010C0A5708622622001007D2512F"))
	d := NewDecoder(unhex(t, "5A08622622001007136781"), nil)
	require.True(t, d.Next())
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%o", "%c", "%U", "%b"} {
		require.Equal(t, "UPDATE RECORD", fmt.Sprintf(verb, command))
		require.Equal(t, "[UPDATE RECORD]", fmt.Sprintf("%v", []ScriptCommand{command}))
		require.Equal(t, "Decoder(10 of 11 bytes)", fmt.Sprintf(verb, d))
		require.Equal(t, "Decoder(10 of 11 bytes)", fmt.Sprintf(verb, &d))
	}
	encoded, err := json.Marshal(command)
	require.NoError(t, err)
	require.Equal(t, `"UPDATE RECORD"`, string(encoded))
}
