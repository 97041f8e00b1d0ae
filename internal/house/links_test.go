package house

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A program that imports these packages, as a terminal does, must not link what is in the way there: the incumbent
// library, which does not compile for 32-bit targets, the SM algorithms' module, an HTTP stack, a YAML parser.
func TestTerminalLinksLittle(t *testing.T) {
	pkgs := list(t, "./message", "./spec", "./emv", "./pinblock")
	require.Len(t, pkgs, 4)
	for _, pkg := range pkgs {
		for _, dep := range pkg.Deps {
			for _, unwanted := range []string{"github.com/moov-io/", "github.com/emmansun/", "net/http", "yaml", "github.com/stretchr/"} {
				if strings.Contains(dep, unwanted) {
					t.Errorf("%s links %s", pkg.ImportPath, dep)
				}
			}
		}
	}
}

// The connection package knows frames, never fields, and needs no more than the standard library.
func TestConnectionStandsAlone(t *testing.T) {
	for _, pkg := range list(t, "./connection/...") {
		for _, dep := range pkg.Deps {
			if strings.Contains(strings.SplitN(dep, "/", 2)[0], ".") && !strings.HasPrefix(dep, module+"/connection") {
				t.Errorf("%s links %s", pkg.ImportPath, dep)
			}
		}
	}
}

// A program with plain connections links neither TLS, nor a logger, nor gzip: those are packages beside connection.
func TestConnectionIsLight(t *testing.T) {
	pkgs := list(t, "./connection")
	require.Len(t, pkgs, 1)
	require.NotEmpty(t, pkgs[0].Deps)
	for _, dep := range pkgs[0].Deps {
		for _, heavy := range []string{"crypto/tls", "crypto/x509", "log", "log/slog", "compress/gzip", "compress/flate", "encoding/json", "net/http"} {
			if dep == heavy {
				t.Errorf("connection links %s", dep)
			}
		}
	}
}
