package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
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

// programVariable makes the test binary the program itself; beforeProgram is done first.
const programVariable = "REALTIME_PROGRAM"

var beforeProgram = func() {}

// TestMain lets the test binary be the switch's process, and the program itself, too.
func TestMain(m *testing.M) {
	if os.Getenv(programVariable) != "" {
		beforeProgram()
		main()
		return
	}
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
	for _, args := range [][]string{{"-twice"}, {"-once", "-chaos", "1s"}, {"-explore", "-once"}, {"now"}, {"-once", "-dir", full}, {"-once", "-dir", filepath.Join(full, "none")},
		{"-sim", "-dir", full}, {"-hours", "2"}, {"-sim", "-hours", "0"}, {"-chaos", "0s"}, {"-defects", "-sim"}, {"-load", "-terminals", "0"}, {"-rate", "5"}, {"-load", "-rate", "-1"}, {"-load", "-rate", "Inf"}, {"-load", "-rate", "1e-12"}, {"-load", "-rate", "NaN"}, {"-load", "-rate", "1e6"}, {"-load", "-idle", "-1"}, {"-idle", "5"}, {"-seed", "many"}, {"-chaos", "-1s"}, {"-load", "-duration", "0s"}} {
		var out, errors bytes.Buffer
		require.Equal(t, 2, run(t.Context(), args, &out, &errors), args)
		require.Empty(t, out.String())
	}
}

// TestHelp is an answer and no fault; it names every mode, and every flag.
func TestHelp(t *testing.T) {
	for _, flag := range []string{"-h", "-help", "--help"} {
		var out, errors bytes.Buffer
		require.Zero(t, run(t.Context(), []string{flag}, &out, &errors))
		for _, word := range []string{"-once", "-sim", "-explore", "-chaos", "-load", "-defects", "-terminals", "-rate", "-duration", "-idle", "-hours", "-seed", "-json", "-dir", "Exit code"} {
			require.Contains(t, errors.String(), word)
		}
	}
}

// TestProofs: what simulates and explores ends with one object, which has a seed and a list of violations.
func TestProofs(t *testing.T) {
	for mode, args := range map[string][]string{"sim": {"-sim", "-hours", "0.05", "-seed", "5"}, "defects": {"-defects", "-seed", "5"}} {
		var out, story bytes.Buffer
		require.Zero(t, run(t.Context(), append(args, "-json"), &out, &story), "%s", story.String())
		var r struct {
			Mode       string
			Seed       uint64
			Violations *[]string
		}
		require.NoError(t, json.Unmarshal(out.Bytes(), &r))
		require.Equal(t, mode, r.Mode)
		require.EqualValues(t, 5, r.Seed)
		require.NotNil(t, r.Violations)
		require.Empty(t, *r.Violations)
	}
}

// quick are the defects that are looked for in every run of the tests; all of them where REALTIME_DEFECTS is "all".
var quick = map[string]bool{"absent-is-undone": true, "fee-kept": true, "pin-dropped": true, "new-key-on-retry": true}

// TestSeededDefects builds the program with faults of its own and looks for each in the mode that finds it quickest: the
// exit code is 1, and the violations have a trace.
func TestSeededDefects(t *testing.T) {
	program := filepath.Join(t.TempDir(), "realtime.exe")
	out, err := exec.Command("go", "build", "-tags", "seeded", "-o", program, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.GreaterOrEqual(t, len(defect.All), 30)
	for _, d := range defect.All {
		if !quick[d.Name] && os.Getenv("REALTIME_DEFECTS") != "all" {
			continue
		}
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			for round := 1; ; round++ {
				require.LessOrEqual(t, round, rounds[d.By], "%s does not find it", d.By)
				if found := look(t, program, d); found != "" {
					t.Logf("found in round %d, after %v: %s", round, time.Since(began).Round(time.Second), found)
					return
				}
			}
		})
	}
}

// How often each mode may be run until it has found a defect.
var rounds = map[defect.Mode]int{defect.Sim: 30, defect.Explore: 1, defect.Chaos: 30}

// look runs the program with a defect and returns what was found.
func look(t *testing.T, program string, d defect.Defect) string {
	args := map[defect.Mode][]string{defect.Sim: {"-sim", "-json"}, defect.Explore: {"-explore", "-json"}, defect.Chaos: {"-chaos", "3s", "-json"}}
	run := exec.Command(program, args[d.By]...)
	run.Env = append(os.Environ(), defect.Variable+"="+d.Name)
	out, err := run.Output()
	var r struct {
		Seed       uint64
		Violations []string
		Trace      []string
	}
	require.NoError(t, json.Unmarshal(out, &r))
	if len(r.Violations) == 0 {
		require.NoError(t, err)
		return ""
	}
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 1, exit.ExitCode())
	require.LessOrEqual(t, len(r.Trace), 100)
	return fmt.Sprintf("seed %d, %d violations, such as: %s", r.Seed, len(r.Violations), r.Violations[0])
}
