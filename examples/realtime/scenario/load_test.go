package scenario

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestLoad: what is sold in fair weather is in all books, with a rate and without.
func TestLoad(t *testing.T) {
	for name, rate := range map[string]float64{"closed loop": 0, "rate": 50} {
		var story bytes.Buffer
		r, err := Load(t.Context(), t.TempDir(), LoadSetup{Terminals: 4, Rate: rate, Idle: 20, Duration: 300 * time.Millisecond}, &story)
		require.NoError(t, err, name)
		require.Empty(t, r.Violations, name)
		require.True(t, r.Books)
		require.Positive(t, r.Payments)
		require.Equal(t, 20, r.Idle)
		require.Positive(t, r.IdleCPU)
		r.Print(&story)
		require.Contains(t, story.String(), "a second")
	}
}
