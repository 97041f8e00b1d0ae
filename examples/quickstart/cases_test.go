package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The saved cases pass against the host, and fail where they must: that is how a host is tested with the command line tool.
func TestCases(t *testing.T) {
	tool := filepath.Join(t.TempDir(), "iso8583.exe")
	out, err := exec.Command("go", "build", "-o", tool, "../iso8583").CombinedOutput()
	require.NoError(t, err, string(out))
	const master = "0123456789ABCDEFFEDCBA9876543210"
	keys, err := os.ReadFile("keys.json")
	require.NoError(t, err)
	require.Contains(t, string(keys), master)

	h, _, err := setUp(t.Output())
	require.NoError(t, err)
	h.master, err = knownMaster(master)
	require.NoError(t, err)
	server, err := h.server()
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go server.Serve(listener)
	defer server.Close()

	run := func(anew string, more ...string) (string, error) {
		args := []string{"run", "-to", listener.Addr().String(), "-spec", "unionpay-pos", "-frame", "binary2", "-new", anew, "-keys", "keys.json"}
		out, err := exec.Command(tool, append(args, more...)...).CombinedOutput()
		return string(out), err
	}
	files, err := filepath.Glob("cases/*.json")
	require.NoError(t, err)
	require.Len(t, files, 6)
	text, err := run("11,52,64", "cases")
	require.NoError(t, err, text)
	require.Equal(t, len(files), strings.Count(text, " passed\n"))

	text, err = run("11,52", "cases/sale.json")
	require.Error(t, err, "the code that stands in the file")
	require.Contains(t, text, "step 2: expected 00 in field 39, got A0")
	text, err = run("11,64", "cases/sale.json")
	require.Error(t, err, "the PIN block that stands in the file")
	require.Contains(t, text, "step 2: expected 00 in field 39, got 55")
	require.NotContains(t, text, "6217970000000000422")
}

func TestKnownMaster(t *testing.T) {
	for _, text := range []string{"", "01", strings.Repeat("x", 32), strings.Repeat("01", 24)} {
		_, err := knownMaster(text)
		require.Error(t, err, text)
		require.NotContains(t, err.Error(), "0101")
	}
}
