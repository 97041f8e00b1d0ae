package scenario

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/realtime/acquirer"
	"github.com/posline/posline/examples/realtime/ledger/sqlite"
	"github.com/posline/posline/examples/realtime/terminal"
)

// TestMain lets the test binary be the switch's process too.
func TestMain(m *testing.M) {
	if SwitchMain() {
		return
	}
	os.Exit(m.Run())
}

// TestDay plays the scripted day, and looks for secrets in all it wrote: while it runs and after its end.
func TestDay(t *testing.T) {
	folder := t.TempDir()
	w, err := NewWorld(daySetup(folder, 0, 500*time.Millisecond))
	require.NoError(t, err)
	var story bytes.Buffer
	r, err := w.day(t.Context(), &story)
	require.NoError(t, err, "%s", story.String())
	r.Print(&story)
	require.Empty(t, r.Violations)
	require.Equal(t, 16-2, r.Sales, "two of the steps are voids")
	require.Equal(t, []int{6, 3, 3, 2}, []int{r.Approved, r.Declined, r.Undone, r.Voided})
	require.Equal(t, 12, r.Events)
	require.Equal(t, 9, strings.Count(story.String(), "ARRIVED"))
	require.Equal(t, 3, strings.Count(story.String(), "taken back"))

	secrets, others := w.secrets(t), map[string][]byte{"the story": story.Bytes(), "webhook bodies": w.bodies(t)}
	require.Empty(t, findings(t, secrets, folder, others), "while the switch runs")
	require.NoError(t, w.Close())
	require.Empty(t, findings(t, secrets, folder, others), "at the end")

	planted := 0
	for _, s := range secrets {
		for _, form := range s.forms {
			path := filepath.Join(folder, "planted")
			require.NoError(t, os.WriteFile(path, append([]byte("before "), form...), 0o600))
			require.NotEmpty(t, findings(t, []secret{s}, folder, nil), "%s is not found", s.what)
			planted++
		}
	}
	require.Greater(t, planted, 50)
}

// bodies are the bodies of all webhooks.
func (w *World) bodies(t *testing.T) []byte {
	l, err := sqlite.OpenReader(w.config.Database)
	require.NoError(t, err)
	defer l.Close()
	notices, err := l.Notices(t.Context())
	require.NoError(t, err)
	all, err := json.Marshal(notices)
	require.NoError(t, err)
	return all
}

// sessions returns the wrapped work keys of each terminal.
func (w *World) sessions(t *testing.T) map[string][]byte {
	l, err := sqlite.OpenReader(w.config.Database)
	require.NoError(t, err)
	defer l.Close()
	sessions := make(map[string][]byte)
	for _, e := range w.config.Terminals {
		s, err := l.Session(context.Background(), e.ID)
		require.NoError(t, err)
		sessions[e.ID] = s.Keys
	}
	return sessions
}

// TestDayEnds: business days end while terminals sell. Each goes on with the new batch, and all books agree.
func TestDayEnds(t *testing.T) {
	w, err := NewWorld(Setup{Folder: t.TempDir(), Terminals: 4, Cards: 8, DayEnds: time.Now().Add(time.Second), Patience: time.Second, Timeout: 3 * time.Second})
	require.NoError(t, err)
	require.NoError(t, w.Start())
	began := time.Now()
	selling, stop := context.WithCancel(t.Context())
	closed := w.trade(selling, 20*time.Millisecond)
	batches := func() (second int) {
		for _, pos := range w.terminals {
			for _, e := range pos.Last(1) {
				if e.Batch == "000002" && e.Status == terminal.Approved {
					second++
				}
			}
		}
		return second
	}
	for batches() < len(w.terminals) {
		require.Less(t, time.Since(began), time.Minute)
		time.Sleep(5 * time.Millisecond)
	}
	stop()
	closed()
	var out bytes.Buffer
	r, err := w.conclude("live", began, &teller{out: &out})
	require.NoError(t, err)
	require.Empty(t, r.Violations)
	require.NoError(t, w.Close())
}

// TestDayOfTheScript does not end while it is played, whenever that is.
func TestDayOfTheScript(t *testing.T) {
	for hour := range 24 {
		now := time.Date(2026, 12, 31, hour, 59, 59, 999_999_999, time.UTC)
		day := acquirer.Day{CutOver: cutOver(now.Add(12 * time.Hour))}
		require.Equal(t, day.Of(now), day.Of(now.Add(2*dayWithin)), hour)
		require.NotEqual(t, day.Of(now), day.Of(now.Add(12*time.Hour)), hour)
	}
	require.Zero(t, cutOver(time.Time{}))
}

// TestChaos is a few seconds of what the program does with -chaos for as long as it is told.
func TestChaos(t *testing.T) {
	folder := t.TempDir()
	w, err := NewWorld(Setup{Folder: folder, Terminals: 8, Cards: 16, Separate: true, Patience: chaosPatience, Timeout: chaosTimeout})
	require.NoError(t, err)
	var out bytes.Buffer
	r, err := w.chaos(t.Context(), 4*time.Second, &teller{out: &out})
	require.NoError(t, err, "%s", out.String())
	r.Print(&out)
	t.Log(out.String())
	require.Empty(t, r.Violations)
	require.Positive(t, r.Approved)
	require.Positive(t, r.Kills)
	require.NotEmpty(t, r.Faults)
	secrets := w.secrets(t)
	require.NoError(t, w.Close())
	require.Empty(t, findings(t, secrets, folder, map[string][]byte{"the story": out.Bytes()}))
}
