//go:build unix

package main

import (
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// A report goes into a pipe or device as it is; a file would be put in its place.
func TestRunReportToPipe(t *testing.T) {
	file := writeFile(t, "case.json", goodCase)
	host, end := startHost(t, "-count", "1")
	defer end()
	pipe := filepath.Join(t.TempDir(), "report")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	read := make(chan string)
	go func() {
		f, err := os.Open(pipe)
		if err != nil {
			read <- err.Error()
			return
		}
		defer f.Close()
		text, err := io.ReadAll(f)
		if err != nil {
			text = []byte(err.Error())
		}
		read <- string(text)
	}()
	r := try("", append([]string{"run", "-to", host, "-junit", pipe, file}, wireFlags...)...)
	require.NotEqual(t, exitTrouble, r.status, r.errors)
	info, err := os.Lstat(pipe)
	require.NoError(t, err)
	require.Equal(t, os.ModeNamedPipe, info.Mode().Type())
	require.Contains(t, <-read, "<testsuite ")
}
