package house

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/message"
	"github.com/posline/posline/spec"
)

// TestReadmeProgram takes the program out of the README, vets and builds it, and lets it talk to a host.
func TestReadmeProgram(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	_, after, found := strings.Cut(string(readme), "```go\npackage main\n")
	require.True(t, found, "the README has no program")
	body, _, found := strings.Cut(after, "\n```\n")
	require.True(t, found)
	file := filepath.Join(t.TempDir(), "main.go")
	require.NoError(t, os.WriteFile(file, []byte("package main\n"+body+"\n"), 0o600))

	goTool(t, "vet", file)
	program := filepath.Join(t.TempDir(), "program.exe")
	goTool(t, "build", "-o", program, file)
	formatted, err := exec.Command("gofmt", "-l", file).CombinedOutput()
	require.NoError(t, err)
	require.Empty(t, string(formatted), "the program is not gofmt-clean")

	out, err := exec.Command(program, serve(t)).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "response code 00\n")
	require.Contains(t, string(out), "0210")
	require.False(t, strings.Contains(string(out), "4761739001010119"), "the card number is in the output")
}

// serve starts a host that approves everything and returns its address.
func serve(t *testing.T) string {
	t.Helper()
	codec := message.MustCompile(spec.ISO8583v1987ASCII())
	framing, err := connection.FramingByName("binary2")
	require.NoError(t, err)
	host := &connection.Server{Config: connection.Config{Framing: framing, Handler: func(_ *connection.Conn, frame, reply []byte) ([]byte, error) {
		request := codec.New()
		if err := request.Unpack(frame); err != nil {
			return nil, err
		}
		response, err := message.Response(request)
		if err != nil {
			return nil, err
		}
		response.Set(39, "00")
		return response.AppendPack(reply)
	}}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go host.Serve(listener)
	t.Cleanup(func() { host.Close() })
	return listener.Addr().String()
}

func goTool(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = "../.."
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}
