package saf

import (
	"bufio"
	"context"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posline/posline/connection"
	"github.com/stretchr/testify/require"
)

// childVariable makes the test binary the process that is going to be killed. Its value is "directory address mode".
const childVariable = "POSLINE_SAF_CHILD"

func TestMain(m *testing.M) {
	if args := os.Getenv(childVariable); args != "" {
		var dir, address, mode string
		fmt.Sscan(args, &dir, &address, &mode)
		child(dir, address, mode)
		os.Exit(0)
	}
	if args := os.Getenv(withinVariable); args != "" {
		liveWithin(args)
	}
	if args := os.Getenv(lockVariable); args != "" {
		fight(args)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const killDestinations = 3

// advice is what the child sends: its STAN, its destination and a checksum by which a made-up one would show.
func advice(stan uint64, destination string) string {
	text := fmt.Sprintf("0420%06d%s", stan, destination)
	return fmt.Sprintf("%s%08x", text, crc32.ChecksumIEEE([]byte(text)))
}

func killKey(frame []byte) (key [32]byte, kind uint8, err error) {
	copy(key[:], frame[4:10])
	if kind = connection.KindRequest; frame[2] == '3' {
		kind = connection.KindResponse
	}
	return key, kind, nil
}

// child adds advices until it is killed, and tells each one before and after; in mode "drain" it forwards what is
// left and ends.
func child(dir, address, mode string) {
	must := func(err error) {
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
	}
	framing, err := connection.FramingByName("binary2")
	must(err)
	c, err := connection.Dial(context.Background(), "tcp", address, connection.Config{Framing: framing, Key: killKey})
	must(err)
	seal := aead(&testing.T{}, 7)
	store, err := OpenFile(filepath.Join(dir, "saf"), FileOptions{Seal: seal, CompactAt: 8 << 10})
	must(err)
	if r := store.Recovery(); r.Damage != nil {
		must(r.Damage[0].Err)
	}
	counters, err := OpenCounters(filepath.Join(dir, "counters"))
	must(err)
	stan, err := counters.Counter("stan", 1, 999_999, 20)
	must(err)
	q, err := New(Config{Store: store, Route: to(c), RetryMin: time.Millisecond})
	must(err)
	if mode == "drain" {
		must(q.Flush(context.Background()))
		must(q.Close())
		fmt.Println("drained")
		return
	}
	fmt.Println("ready")
	for d := range killDestinations {
		go func() {
			for {
				n, err := stan.Next()
				must(err)
				frame := advice(n, fmt.Sprint("host", d))
				fmt.Println("try", frame)
				_, err = q.Add(fmt.Sprint("host", d), []byte(frame))
				must(err)
				fmt.Println("recorded", frame)
			}
		}()
	}
	select {}
}

// TestKill kills the process 100 times at random moments. Every advice whose Add returned is delivered, each
// destination gets its advices in order, and none that was not added; no STAN comes twice.
func TestKill(t *testing.T) {
	kills := 100
	if testing.Short() {
		kills = 20
	}
	h := startKillHost(t)
	dir := t.TempDir()
	tried, recorded := map[string]bool{}, map[string]bool{}
	for i := range kills {
		from := []string{"ready", "recorded"}[i%2] // half of the kills may come before anything is done
		for _, line := range runChild(t, dir, h.address, "add", from, time.Duration(rand.N(12_000))*time.Microsecond) {
			switch word, frame, _ := strings.Cut(line, " "); word {
			case "try":
				require.False(t, tried[frame], "STAN twice: %s", frame)
				tried[frame] = true
			case "recorded":
				recorded[frame] = true
			case "ready":
			default:
				t.Fatal(line)
			}
		}
	}
	require.Contains(t, runChild(t, dir, h.address, "drain", "", 0), "drained")
	require.GreaterOrEqual(t, len(recorded), kills/2, "the test has done some work")

	h.mu.Lock()
	defer h.mu.Unlock()
	delivered := map[string]bool{}
	newest := map[string]string{}
	again := 0
	for _, frame := range h.got {
		require.True(t, tried[frame], "made up: %q", frame)
		if delivered[frame] {
			again++
			continue
		}
		delivered[frame] = true
		destination := frame[10:15]
		require.Greater(t, frame[4:10], newest[destination], "out of order")
		newest[destination] = frame[4:10]
	}
	for frame := range recorded {
		require.True(t, delivered[frame], "lost: %s", frame)
	}
	t.Logf("%d kills: %d advices tried, %d recorded, %d delivered, %d of them again", kills, len(tried), len(recorded), len(delivered), again)
}

// runChild runs a child until it ends, or is killed so long after a line that starts with from, and returns its lines.
func runChild(t *testing.T, dir, address, mode, from string, life time.Duration) (lines []string) {
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %s %s", childVariable, dir, address, mode))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var kill *time.Timer
	for scanner := bufio.NewScanner(out); scanner.Scan(); {
		lines = append(lines, scanner.Text())
		if kill == nil && from != "" && strings.HasPrefix(scanner.Text(), from) {
			kill = time.AfterFunc(life, func() { cmd.Process.Kill() })
		}
	}
	cmd.Wait()
	if kill != nil {
		kill.Stop()
	}
	return lines
}

type killHost struct {
	address string
	mu      sync.Mutex
	got     []string
}

func startKillHost(t *testing.T) *killHost {
	h := new(killHost)
	framing, err := connection.FramingByName("binary2")
	require.NoError(t, err)
	s := &connection.Server{Config: connection.Config{Framing: framing, Key: killKey,
		Handler: func(_ *connection.Conn, frame, reply []byte) ([]byte, error) {
			h.mu.Lock()
			h.got = append(h.got, string(frame))
			h.mu.Unlock()
			reply = append(reply, frame...)
			reply[2] = '3'
			return reply, nil
		}}}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go s.Serve(ln)
	t.Cleanup(func() { s.Close() })
	h.address = ln.Addr().String()
	return h
}
