package spec

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExamples(t *testing.T) {
	require.Equal(t, []string{"example-as2805", "example-jcb", "example-mastercard", "example-mastercard-ipm", "example-mastercard-ipm-ebcdic",
		"example-unionpay-cups", "example-visa"}, ExampleNames())
	for _, name := range ExampleNames() {
		s, err := Example(name)
		require.NoError(t, err)
		require.Contains(t, s.Name(), "-like")
		require.Contains(t, s.Name(), "not certification material")
		bare, err := Example(name + "+no-header")
		if len(s.Config().Header) == 0 {
			require.Error(t, err)
			continue
		}
		require.NoError(t, err)
		require.Empty(t, bare.Config().Header)
		require.Contains(t, bare.Name(), "no-header")
	}
	for _, name := range []string{"example-nope", "", "example-visa+nope", "iso8583-1987-ascii", "../example-visa"} {
		_, err := Example(name)
		require.Error(t, err, name)
	}
}
