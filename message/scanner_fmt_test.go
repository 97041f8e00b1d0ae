package message

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
)

// A scanner prints the message type, whatever prints it and whatever it has read.
func TestScannersPrintNothing(t *testing.T) {
	var printed bytes.Buffer
	text, logJSON := slog.New(slog.NewTextHandler(&printed, nil)), slog.New(slog.NewJSONHandler(&printed, nil))
	for name, m := range cardMessages(t) {
		s := m.Codec().Scanner()
		require.NoError(t, s.Reset(packed(t, m)))
		_, err := s.Field(2)
		require.NoError(t, err)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&printed, verb+" "+verb+" "+verb+"\n", s, *s, []any{s})
		}
		text.Info("scanned", "s", s, "v", *s)
		logJSON.Info("scanned", "s", s, "v", *s)
		coded, err := json.Marshal([]any{s})
		require.NoError(t, err)
		printed.Write(coded)
		require.Negative(t, spilled(printed.String()), name)
		require.Equal(t, "scanner of "+m.MTI(), s.String())
		require.Equal(t, "message.Scanner("+m.MTI()+")", fmt.Sprintf("%#v", s))
		require.Equal(t, `"scanner of `+m.MTI()+`"`, fmt.Sprintf("%q", s))
	}
	require.Equal(t, "scanner of ", new(Scanner).String())
}
