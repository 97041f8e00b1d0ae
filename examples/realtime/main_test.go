package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/realtime/internal/defect"
	"github.com/posline/posline/examples/realtime/scenario"
)

// TestMain lets the test binary be the switch's process too.
func TestMain(m *testing.M) {
	if scenario.SwitchMain() {
		return
	}
	os.Exit(m.Run())
}

func TestModes(t *testing.T) {
	for mode, args := range map[string][]string{"live": nil, "chaos": {"-chaos", "1s"}} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			if mode == "live" {
				interrupted, stop := context.WithTimeout(ctx, 2*time.Second)
				defer stop()
				ctx = interrupted
			}
			var out, story bytes.Buffer
			require.Zero(t, run(ctx, append(args, "-json", "-dir", t.TempDir()), &out, &story), "%s", story.String())
			require.Equal(t, 1, strings.Count(out.String(), "\n"), "one line")
			var r scenario.Report
			require.NoError(t, json.Unmarshal(out.Bytes(), &r))
			require.Equal(t, mode, r.Mode)
			require.Empty(t, r.Violations)
			require.Contains(t, out.String(), `"violations":[]`)
			require.Positive(t, r.Sales)
			require.NotEmpty(t, story.String())
		})
	}
}

func TestUsage(t *testing.T) {
	full := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(full, "ledger.db"), []byte("something else"), 0o600))
	for _, args := range [][]string{{"-twice"}, {"-once", "-chaos", "1s"}, {"now"}, {"-once", "-dir", full}, {"-once", "-dir", filepath.Join(full, "none")}} {
		var out, errors bytes.Buffer
		require.Equal(t, 2, run(t.Context(), args, &out, &errors), args)
		require.Empty(t, out.String())
	}
}

// TestSeededDefects builds the program with faults of its own and lets chaos find them: the exit code is 1. Those that
// show at once are looked for always, the others, which may take a minute, when REALTIME_DEFECTS is "all".
func TestSeededDefects(t *testing.T) {
	program := filepath.Join(t.TempDir(), "realtime.exe")
	out, err := exec.Command("go", "build", "-tags", "seeded", "-o", program, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	names := defect.Quick()
	if os.Getenv("REALTIME_DEFECTS") == "all" {
		names = defect.Names()
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			const rounds = 30
			began, sales := time.Now(), 0
			for round := 1; ; round++ {
				require.LessOrEqual(t, round, rounds, "chaos does not find it")
				run := exec.Command(program, "-chaos", "3s", "-json")
				run.Env = append(os.Environ(), defect.Variable+"="+name)
				out, err := run.Output()
				var r scenario.Report
				require.NoError(t, json.Unmarshal(out, &r))
				if sales += r.Sales; len(r.Violations) == 0 {
					require.NoError(t, err)
					continue
				}
				var exit *exec.ExitError
				require.ErrorAs(t, err, &exit)
				require.Equal(t, 1, exit.ExitCode())
				t.Logf("found in round %d, after %v and %d sales: %d violations, such as: %s", round, time.Since(began).Round(time.Second), sales, len(r.Violations), r.Violations[0])
				return
			}
		})
	}
}
