package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/internal/hosttest"
)

// device is the program at work: what a customer and a cashier do with it.
type device struct {
	t      *testing.T
	cmd    *exec.Cmd
	keypad io.WriteCloser
	screen *bufio.Scanner
}

// start builds the program for a target and starts it, through an emulator where that is named.
func start(t *testing.T, h *hosttest.Host, folder, emulator string, tags string, settings ...string) *device {
	dir := t.TempDir()
	binary, keyFile := filepath.Join(dir, "terminal"), filepath.Join(dir, "key")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-tags", tags, "-o", binary, ".")
	build.Env = append(append(os.Environ(), "CGO_ENABLED=0"), settings...)
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	require.NoError(t, os.WriteFile(keyFile, []byte(hosttest.MasterHex+"\n"), 0o600))

	command := []string{binary, "29800013", "848290441116000", keyFile, folder, h.Address}
	if emulator != "" {
		command = append([]string{emulator}, command...)
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stderr = os.Stderr
	cmd.Env = append(os.Environ(), "SSL_CERT_FILE="+h.Authority)
	d := &device{t: t, cmd: cmd}
	d.keypad, err = cmd.StdinPipe()
	require.NoError(t, err)
	screen, err := cmd.StdoutPipe()
	require.NoError(t, err)
	d.screen = bufio.NewScanner(screen)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return d
}

func (d *device) shows() string {
	d.t.Helper()
	require.True(d.t, d.screen.Scan(), "the program has ended")
	return d.screen.Text()
}

func (d *device) types(line string) {
	_, err := fmt.Fprintln(d.keypad, line)
	require.NoError(d.t, err)
}

func (d *device) sells(amount int) string {
	d.types(fmt.Sprintf("sale %d %s", amount, hosttest.Track2))
	require.Equal(d.t, "PIN?", d.shows())
	d.types(hosttest.PIN)
	return d.shows()
}

// What a loaded machine may take.
const (
	waitLimit = 30 * time.Second
	waitStep  = 10 * time.Millisecond
)

const approved = "APPROVED CNY 55.88 card 621797*********0422 ref 123456789012 auth A00001"

// targets are those whose program runs here; POSLINE_QEMU adds the ones that need Debian's qemu-user.
func targets() map[string][]string {
	list := map[string][]string{"here": {""}}
	if runtime.GOOS == "linux" && runtime.GOARCH == "amd64" {
		list["386"] = []string{"", "GOARCH=386"}
	}
	if os.Getenv("POSLINE_QEMU") != "" {
		list["arm"] = []string{"qemu-arm", "GOOS=linux", "GOARCH=arm", "GOARM=5"}
		list["mips"] = []string{"qemu-mips", "GOOS=linux", "GOARCH=mips", "GOMIPS=softfloat"}
		list["riscv64"] = []string{"qemu-riscv64", "GOOS=linux", "GOARCH=riscv64"}
	}
	return list
}

// TestProgram sells, is killed while the host has not answered, and reverses when it starts again.
func TestProgram(t *testing.T) {
	for name, target := range targets() {
		t.Run(name, func(t *testing.T) {
			h := hosttest.New(t)
			folder := t.TempDir()
			d := start(t, h, folder, target[0], "", target[1:]...)
			require.Equal(t, "sign-in OK", d.shows())
			require.Equal(t, approved, d.sells(5588))
			if name == "386" {
				requireSmall(t, d.cmd.Process.Pid)
			}
			d.types("sale 5588")
			require.Contains(t, d.shows(), "? sale")

			h.Set(hosttest.Behaviour{Silent: true})
			d.types("sale 700 " + hosttest.Track2)
			require.Equal(t, "PIN?", d.shows())
			d.types(hosttest.PIN)
			require.Eventually(t, func() bool { return h.Held() == 6288 }, waitLimit, waitStep)
			require.NoError(t, d.cmd.Process.Kill())
			d.cmd.Wait()
			h.Set(hosttest.Behaviour{})

			again := start(t, h, folder, target[0], "", target[1:]...)
			require.Equal(t, "sign-in OK", again.shows())
			require.Equal(t, int64(5588), h.Held())
			require.NoError(t, again.keypad.Close())
			require.False(t, again.screen.Scan())
			require.NoError(t, again.cmd.Wait())
		})
	}
}

func TestProgramOverTLS(t *testing.T) {
	h := hosttest.NewTLS(t)
	d := start(t, h, t.TempDir(), "", "tls")
	require.Equal(t, "sign-in OK", d.shows())
	require.Equal(t, approved, d.sells(5588))
}

// requireSmall holds the memory of a program that has made a sale, as the kernel counts it.
func requireSmall(t *testing.T, pid int) {
	const limit = 6000 // kB
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(status), "VmHWM:")
	require.True(t, found)
	var resident int
	_, err = fmt.Sscan(rest, &resident)
	require.NoError(t, err)
	t.Logf("%d kB resident at most", resident)
	require.Less(t, resident, limit)
}
