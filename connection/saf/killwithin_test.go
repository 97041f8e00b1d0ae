package saf

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// withinVariable makes the test binary a process that kills itself within a call to the system. Its value is
// "path life step call": the call of that number since the beginning of the first such step.
const withinVariable = "POSLINE_SAF_KILL_WITHIN"

var withinSteps = []string{"append", "end", "compaction"}

// TestKillWithin kills the process 300 times with SIGKILL, within the calls that append, end and compaction make, writes
// broken off at any byte: nothing acknowledged is lost, nothing made up, all is in order, and nothing is told as damage.
func TestKillWithin(t *testing.T) {
	kills := 300
	if testing.Short() {
		kills = 30
	}
	path := filepath.Join(t.TempDir(), "saf")
	b, done := newBooks(), map[string]int{}
	for life := range kills {
		step := withinSteps[life%len(withinSteps)]
		killed := b.live(t, path, life, step, 1+life/len(withinSteps)%12)
		if killed {
			done[step]++
		}
		s := open(t, path, plain)
		require.Empty(t, s.Recovery().Damage, "life %d", life)
		b.check(t, s, fmt.Sprint("life ", life))
		require.NoError(t, s.Close())
	}
	for _, step := range withinSteps {
		require.GreaterOrEqual(t, done[step], kills/len(withinSteps), step)
	}
	t.Logf("killed within %v; %d entries", done, len(b.order))
}

// live runs a process until it kills itself and enters in the books what it said before.
func (b *books) live(t *testing.T, path string, life int, step string, call int) (killed bool) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d %s %d", withinVariable, path, life, step, call))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	for lines := bufio.NewScanner(out); lines.Scan(); {
		word, frame, _ := strings.Cut(lines.Text(), " ")
		switch word {
		case "append":
			b.order = append(b.order, frame)
			b.state[frame] = &deeds{doubtful: true}
		case "appended":
			b.state[frame].acknowledged = true
		case "end":
			b.state[frame].ended = true
		case "withdrawn":
			b.state[frame].gone = true
		default:
			t.Fatal(lines.Text())
		}
	}
	cmd.Wait()
	code := cmd.ProcessState.ExitCode()
	return code == -1 || runtime.GOOS == "windows" && code == 1
}

// liveWithin appends and ends until the disk kills the process.
func liveWithin(args string) {
	var path string
	d := &killDisk{}
	fmt.Sscan(args, &path, &d.life, &d.target, &d.left)
	s, err := openFile(d, path, FileOptions{CardDataInPlaintext: true, CompactAt: 3000})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	entries, _ := s.Pending()
	for n := 0; ; n++ {
		frame := fmt.Sprintf("life %d frame %d %s", d.life, n, strings.Repeat("x", n%3*200))
		d.step = "append"
		fmt.Println("append", frame)
		id, err := s.Append("host", []byte(frame), time.Unix(1, 2))
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		fmt.Println("appended", frame)
		if entries = append(entries, Entry{ID: id, Frame: []byte(frame)}); len(entries) < 4 {
			continue
		}
		d.step = "end"
		oldest, outcome := entries[0], []Outcome{Delivered, Withdrawn}[n%2]
		entries = entries[1:]
		fmt.Println("end", string(oldest.Frame))
		if err := s.End(oldest.ID, outcome); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		if outcome == Withdrawn {
			fmt.Println("withdrawn", string(oldest.Frame))
		}
	}
}

// killDisk is the system's disk, but kills the process within a call.
type killDisk struct {
	systemDisk
	step, target string
	life         int
	left         int // calls of the target step until the one that kills
}

// call counts a call to the system; half does half of it.
func (d *killDisk) call(half func()) {
	if d.step != d.target {
		return
	}
	if d.left--; d.left == 0 {
		half()
		self, _ := os.FindProcess(os.Getpid())
		self.Kill()
		select {}
	}
}

func (d *killDisk) open(name string) (file, error) { return d.wrap(d.systemDisk.open(name)) }

func (d *killDisk) create(name string) (file, error) {
	if d.step != "" {
		d.step = "compaction"
	}
	d.call(func() {})
	return d.wrap(d.systemDisk.create(name))
}

func (d *killDisk) wrap(f file, err error) (file, error) {
	if err != nil {
		return nil, err
	}
	return &killFile{f, d}, nil
}

func (d *killDisk) rename(from, to string) error {
	d.call(func() {})
	err := d.systemDisk.rename(from, to)
	d.call(func() {})
	return err
}

func (d *killDisk) directory(name string) (syncer, error) {
	dir, err := d.systemDisk.directory(name)
	return killDirectory{dir, d}, err
}

type killDirectory struct {
	syncer
	d *killDisk
}

func (k killDirectory) Sync() error {
	k.d.call(func() {})
	return k.syncer.Sync()
}

type killFile struct {
	file
	d *killDisk
}

func (f *killFile) WriteAt(b []byte, at int64) (int, error) {
	f.d.call(func() { f.file.WriteAt(b[:part(len(b), f.d.life)], at) })
	n, err := f.file.WriteAt(b, at)
	f.d.call(func() {})
	return n, err
}

func (f *killFile) SyncData() error { f.d.call(func() {}); return f.file.SyncData() }
func (f *killFile) Sync() error     { f.d.call(func() {}); return f.file.Sync() }
