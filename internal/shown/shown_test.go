package shown_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/internal/shown"
)

const secret = "7391645580"

type hidden struct{ text string }

func (hidden) Format(f fmt.State, _ rune) { fmt.Fprint(f, "hidden") }

type half struct{ Text string } // hides from fmt, not from JSON

func (half) Format(f fmt.State, _ rune) { fmt.Fprint(f, "half") }

type choosy string // hides under some verbs only

func (choosy) String() string { return "choosy" }

func TestIn(t *testing.T) {
	for _, v := range []any{secret, []byte(secret), [10]byte([]byte(secret)), struct{ s string }{secret}, half{secret}, choosy(secret), &half{secret}} {
		require.NotEmpty(t, shown.In(v, []byte(secret)), "%T", v)
	}
	require.Empty(t, shown.In(hidden{secret}, []byte(secret)))
	require.Equal(t, "%p", shown.Inside(hidden{secret}, []byte(secret)))
	require.Contains(t, shown.Inside(&hidden{secret}, []byte(secret)), "in an unexported field", "under %p it is an address")
	require.Empty(t, shown.Inside(func() string { return secret }, []byte(secret)))
	require.Empty(t, shown.In("something else", []byte(secret)))
}

// Every verb is looked at for itself: a value that shows under one of them is found.
func TestEveryVerb(t *testing.T) {
	for _, verb := range "vsqxXdtoObceEfgGU" {
		require.NotEmpty(t, shown.In(under{verb}, []byte(secret)), "%c", verb)
	}
}

type under struct{ verb rune }

func (u under) Format(f fmt.State, verb rune) {
	if verb == u.verb {
		fmt.Fprint(f, secret)
	}
}
