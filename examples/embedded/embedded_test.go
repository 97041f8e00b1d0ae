package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/internal/hosttest"
)

// target is a kind of machine that the archive and the application are built for here.
type target struct {
	compiler string
	run      []string // what runs the application, if not this machine itself
	settings []string
}

// targets are this machine and an ARM without floating point, by Debian's cross compiler and qemu-user.
var targets = map[string]target{
	"here": {compiler: "cc"},
	"arm": {
		"arm-linux-gnueabi-gcc", []string{"qemu-arm", "-L", "/usr/arm-linux-gnueabi"},
		[]string{"GOOS=linux", "GOARCH=arm", "GOARM=5", "CC=arm-linux-gnueabi-gcc"},
	},
}

// TestApplication builds the archive and the application in C and has it sell. It needs C compilers: .ci/terminal installs
// them and runs it.
func TestApplication(t *testing.T) {
	if os.Getenv("POSLINE_QEMU") == "" {
		t.Skip("needs C compilers and qemu-user; .ci/terminal runs it")
	}
	for name, target := range targets {
		t.Run(name, func(t *testing.T) {
			binary := build(t, target)
			h := hosttest.New(t)
			sell := func(folder, fen, track2, pin string) (string, int) {
				args := append(target.run[:len(target.run):len(target.run)], binary, folder, h.Address, fen, track2, hosttest.MasterHex, pin)
				out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
				code := 0
				if exit := (*exec.ExitError)(nil); err != nil {
					require.ErrorAs(t, err, &exit, string(out))
					code = exit.ExitCode()
				}
				return string(out), code
			}
			folder := t.TempDir()
			out, code := sell(folder, "5588", hosttest.Track2, hosttest.PIN)
			require.Zero(t, code, out)
			require.Equal(t, "APPROVED 5588 fen, STAN 000002, card 621797*********0422, reference 123456789012\n", out)
			require.Equal(t, int64(5588), h.Held())

			out, code = sell(folder, "100", hosttest.Track2, "9999")
			require.Equal(t, 1, code, out)
			require.Equal(t, "sale: 1 firmware: declined with code 55\n", out)

			out, code = sell(folder, "0", hosttest.Track2, hosttest.PIN)
			require.Equal(t, 3, code, out)

			h.Set(hosttest.Behaviour{Spoilt: true})
			out, code = sell(folder, "700", hosttest.Track2, hosttest.PIN)
			require.Equal(t, 2, code, out)
			require.NotContains(t, out, hosttest.PAN)
			h.Set(hosttest.Behaviour{})
			out, code = sell(folder, "5588", hosttest.Track2, hosttest.PIN)
			require.Zero(t, code, out)
			require.Equal(t, int64(2*5588), h.Held(), "what was unknown is reversed by the next run")

			out, code = sell(filepath.Join(folder, "none"), "1", hosttest.Track2, hosttest.PIN)
			require.Equal(t, 4, code, out)

			h.Address = ""
			out, code = sell(folder, "1", hosttest.Track2, hosttest.PIN)
			require.Equal(t, 4, code, out)
			require.Equal(t, "open: 4 no host is given\n", out)
		})
	}
}

func build(t *testing.T, target target) string {
	dir := t.TempDir()
	archive, binary := filepath.Join(dir, "libposline.a"), filepath.Join(dir, "terminal")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-buildmode=c-archive", "-o", archive, ".")
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=1"), target.settings...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	out, err = exec.Command(target.compiler, "-O2", "-s", "-Wall", "-Werror", "-I", dir, "-I", ".", "-o", binary, "demo/terminal.c", archive, "-lpthread").CombinedOutput()
	require.NoError(t, err, string(out))
	info, err := os.Stat(binary)
	require.NoError(t, err)
	t.Logf("the application with the archive: %d bytes", info.Size())
	return binary
}
