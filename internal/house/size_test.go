package house

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTerminalWeight holds what a program for a small terminal, linux/arm without hardware floating point, grows by when
// it takes of package emv what testdata/size/emv does: nearly all of it.
func TestTerminalWeight(t *testing.T) {
	const limit = 400_000 // bytes, as a device holds it: without symbols and debug information
	without, with := weigh(t, "fmt"), weigh(t, "emv")
	t.Logf("fmt %d bytes, emv %d bytes, difference %d", without, with, with-without)
	require.Less(t, with-without, int64(limit))
}

// TestConnectionWeight holds what dialling, an exchange and closing with package connection add to a program for such a
// terminal that dials with package net and prints with package fmt.
func TestConnectionWeight(t *testing.T) {
	const limit = 400_000
	without, with := weigh(t, "net"), weigh(t, "connection")
	t.Logf("net %d bytes, connection %d bytes, difference %d", without, with, with-without)
	require.Less(t, with-without, int64(limit))
}

// weigh builds a program of testdata/size and returns the size of the binary, which grows in steps of 64 KiB.
func weigh(t *testing.T, program string) int64 {
	t.Helper()
	binary := filepath.Join(t.TempDir(), program)
	cmd := exec.Command("go", "build", "-ldflags=-s -w", "-o", binary, "./testdata/size/"+program)
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm", "GOARM=5", "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	info, err := os.Stat(binary)
	require.NoError(t, err)
	return info.Size()
}

// TestEMVLinksNoCryptography holds that a terminal program that only reads chip data carries no cipher.
func TestEMVLinksNoCryptography(t *testing.T) {
	for _, pkg := range list(t, "./emv") {
		for _, dep := range pkg.Deps {
			require.False(t, dep == "crypto" || strings.HasPrefix(dep, "crypto/") || strings.Contains(dep, "/crypto"), "emv links %s", dep)
			require.False(t, strings.Contains(firstElement(dep), ".") && !strings.HasPrefix(dep, module), "emv links %s", dep)
		}
	}
}
