package spec

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestUnionPayNoTPDU holds that the header of six bytes stays, and that nothing of it changes places in a response.
func TestUnionPayNoTPDU(t *testing.T) {
	s, err := BuiltIn("unionpay-pos+no-tpdu")
	require.NoError(t, err)
	c := s.Config()
	require.Len(t, c.Header, 1)
	require.Equal(t, "h 12", c.Header[0].Format)
	require.Len(t, c.Responses, len(unionPayResponses))
	for _, d := range c.Responses {
		require.Empty(t, d.SwapHeader)
		require.NotEmpty(t, d.Echo)
	}
	require.NotEmpty(t, UnionPayPOS().Config().Responses[0].SwapHeader)
}
