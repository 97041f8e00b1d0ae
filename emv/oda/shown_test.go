package oda

import (
	"bytes"
	"encoding/xml"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/internal/shown"
)

// TestCardCertificateShowsNothing holds that the certificate prints no card number, whatever way it is printed.
func TestCardCertificateShowsNothing(t *testing.T) {
	const pan = "6228480402564890018"
	c := ICCCertificate{PAN: pan}
	for _, v := range []any{c, &c} {
		require.Empty(t, shown.In(v, []byte(pan)))
		text, err := xml.Marshal(v)
		require.NoError(t, err)
		var logged bytes.Buffer
		slog.New(slog.NewJSONHandler(&logged, nil)).Info("card", "certificate", v)
		require.NotContains(t, string(text)+logged.String(), pan[:8])
	}
}
