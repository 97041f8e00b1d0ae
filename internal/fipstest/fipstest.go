// Package fipstest runs a test where FIPS 140 mode is enforced, which a process cannot turn on for itself.
package fipstest

import (
	"crypto/fips140"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Enforced reports whether FIPS 140 mode is enforced. Where it is not, the calling test runs again in a process where
// it is, must pass there, and has nothing left to do here.
func Enforced(t *testing.T) bool {
	t.Helper()
	if fips140.Enforced() {
		return true
	}
	again := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	again.Env = append(os.Environ(), "GODEBUG=fips140=only")
	out, err := again.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Fatalf("%v\n%s", err, out)
	}
	return false
}
