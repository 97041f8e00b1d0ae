//go:build unix

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/realtime/ledger/sqlite"
	"github.com/posline/posline/examples/realtime/scenario"
)

// limitVariable says how long a file of the program may be, as on a disk that is nearly full.
const limitVariable = "REALTIME_FILE_LIMIT"

func init() { beforeProgram = limitFiles }

func limitFiles() {
	if limit, err := strconv.ParseUint(os.Getenv(limitVariable), 10, 64); err == nil {
		signal.Ignore(syscall.SIGXFSZ)
		syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: limit})
	}
}

// program is the program in a process of its own.
type program struct {
	t       *testing.T
	command *exec.Cmd
	out     bytes.Buffer
	mu      sync.Mutex
	told    []string // lines of standard error
	more    chan struct{}
}

func execute(t *testing.T, environment []string, args ...string) *program {
	self, err := os.Executable()
	require.NoError(t, err)
	p := &program{t: t, command: exec.Command(self, args...), more: make(chan struct{}, 1)}
	p.command.Env = append(append(os.Environ(), programVariable+"=1"), environment...)
	p.command.Stdout = &p.out
	stderr, err := p.command.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, p.command.Start())
	t.Cleanup(func() { p.command.Process.Kill() })
	go p.read(stderr)
	return p
}

func (p *program) read(r io.Reader) {
	for lines := bufio.NewScanner(r); lines.Scan(); {
		p.mu.Lock()
		p.told = append(p.told, lines.Text())
		p.mu.Unlock()
		select {
		case p.more <- struct{}{}:
		default:
		}
	}
	close(p.more)
}

// says waits until a line with that text has come so many times.
func (p *program) says(text string, times int) {
	p.t.Helper()
	for open := true; ; _, open = <-p.more {
		p.mu.Lock()
		all := strings.Join(p.told, "\n")
		p.mu.Unlock()
		if strings.Count(all, text) >= times {
			return
		}
		require.True(p.t, open, "it never says %q:\n%s", text, all)
	}
}

func (p *program) signal(signals ...syscall.Signal) {
	for _, s := range signals {
		require.NoError(p.t, p.command.Process.Signal(s))
	}
}

// ends waits for the end and returns the exit code.
func (p *program) ends() int {
	for range p.more {
	}
	p.command.Wait()
	return p.command.ProcessState.ExitCode()
}

// agrees waits for the end and requires that all books agree.
func (p *program) agrees() scenario.Report {
	p.t.Helper()
	code := p.ends()
	require.Zero(p.t, code, "%s\n%s", strings.Join(p.told, "\n"), p.out.String())
	var r scenario.Report
	require.NoError(p.t, json.Unmarshal(p.out.Bytes(), &r))
	require.Empty(p.t, r.Violations)
	return r
}

// TestGoesOnAfterKill kills the program itself, and what it has started, in the middle of a storm. What was under way is
// finished by the next run on the folder, and all books agree.
func TestGoesOnAfterKill(t *testing.T) {
	folder := t.TempDir()
	left, sales := 0, 0
	for kills := 0; kills < 2 || left == 0; kills++ {
		require.Less(t, kills, 20, "nothing was under way when it was killed")
		p := execute(t, nil, "-chaos", "10m", "-json", "-dir", folder)
		began := sales
		waitFor(t, folder, func(rows, notices int) bool { return rows > 1 && notices > began+15 })
		p.signal(syscall.SIGKILL)
		p.ends()
		waitFor(t, folder, func(rows, notices int) bool {
			left, sales = left+rows, notices
			return true
		})
	}
	r := execute(t, nil, "-chaos", "1s", "-json", "-dir", folder).agrees()
	require.Greater(t, r.Events, sales/2)
	t.Logf("%d payments were under way at the kills; %d sales, %d postings", left, r.Sales, r.Postings)
}

// waitFor reads the ledger until it is as wanted.
func waitFor(t *testing.T, folder string, wanted func(rows, notices int) bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(5 * time.Millisecond) {
		require.True(t, time.Now().Before(end))
		if _, err := os.Stat(filepath.Join(folder, "keeping.json")); err != nil {
			continue
		}
		l, err := sqlite.OpenReader(filepath.Join(folder, "ledger.db"))
		require.NoError(t, err)
		rows, _, notices, err := l.Open(t.Context())
		l.Close()
		if err == nil && wanted(rows, notices) { // it may not have its tables yet
			return
		}
	}
}

// TestInterrupts: the first signal lets what is under way come to its end, and a second ends the program at once; the next
// run goes on.
func TestInterrupts(t *testing.T) {
	folder := t.TempDir()
	p := execute(t, nil, "-json", "-dir", folder)
	p.says("ARRIVED", 2)
	busy := execute(t, nil, "-json", "-dir", folder)
	require.Equal(t, 2, busy.ends(), "another one has the folder")
	require.Contains(t, strings.Join(busy.told, "\n"), "another process")
	p.signal(syscall.SIGSTOP, syscall.SIGINT, syscall.SIGTERM, syscall.SIGCONT)
	require.Equal(t, exitAtOnce, p.ends())
	require.Empty(t, p.out.String())

	p = execute(t, nil, "-json", "-dir", folder)
	p.says("ARRIVED", 3)
	p.signal(syscall.SIGTERM)
	r := p.agrees()
	require.GreaterOrEqual(t, r.Approved, 3)

	once := execute(t, nil, "-once", "-dir", folder)
	require.Equal(t, 2, once.ends())
	require.Contains(t, strings.Join(once.told, "\n"), "choose an empty one")

	database := filepath.Join(folder, "ledger.db")
	data, err := os.ReadFile(database)
	require.NoError(t, err)
	copy(data[100:], bytes.Repeat([]byte("damage"), 300))
	require.NoError(t, os.WriteFile(database, data, 0o600))
	damaged := execute(t, nil, "-json", "-dir", folder)
	require.Equal(t, 2, damaged.ends())
	require.Contains(t, strings.Join(damaged.told, "\n"), "restore it from a copy")
}

// TestDiskFull: where there is no space for the ledger any more the program says what to do and takes nothing that would be
// lost; with space again it goes on with what was under way.
func TestDiskFull(t *testing.T) {
	folder := t.TempDir()
	p := execute(t, []string{limitVariable + "=600000"}, "-json", "-dir", folder)
	p.says("make space on its disk", 1)
	p.says("uncertain", 2) // lines about how things stand: it goes on to try
	p.signal(syscall.SIGINT, syscall.SIGTERM)
	require.Equal(t, exitAtOnce, p.ends())

	p = execute(t, nil, "-json", "-dir", folder)
	p.says("ARRIVED", 3)
	p.signal(syscall.SIGINT)
	p.agrees()
}
