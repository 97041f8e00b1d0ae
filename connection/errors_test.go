package connection_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
)

// Of several errors the worst counts: whoever asks wants to send again. What an *Error says holds for its causes too.
func TestSentOf(t *testing.T) {
	of := func(sent connection.Sent, cause error) error {
		return &connection.Error{Op: "exchange", Sent: sent, Err: cause}
	}
	no, maybe, yes := of(connection.SentNo, io.EOF), of(connection.SentMaybe, io.EOF), of(connection.SentYes, io.EOF)
	for name, c := range map[string]struct {
		err  error
		want connection.Sent
	}{
		"none":                        {nil, connection.SentMaybe},
		"another":                     {io.EOF, connection.SentMaybe},
		"joined others":               {errors.Join(io.EOF, context.Canceled), connection.SentMaybe},
		"not sent":                    {no, connection.SentNo},
		"wrapped":                     {fmt.Errorf("sale: %w", yes), connection.SentYes},
		"wrapped with another":        {fmt.Errorf("%w: %w", io.EOF, no), connection.SentNo},
		"joined with nothing known":   {errors.Join(no, io.EOF), connection.SentNo},
		"twice not sent":              {errors.Join(no, fmt.Errorf("line 2: %w", no)), connection.SentNo},
		"sent at the second attempt":  {errors.Join(no, yes), connection.SentYes},
		"sent at the first":           {errors.Join(yes, no), connection.SentYes},
		"maybe at the second":         {errors.Join(no, maybe), connection.SentMaybe},
		"maybe, then sent":            {errors.Join(maybe, yes, maybe), connection.SentYes},
		"in the depth":                {fmt.Errorf("a: %w", errors.Join(no, fmt.Errorf("b: %w", errors.Join(io.EOF, maybe)))), connection.SentMaybe},
		"the sign-on before was sent": {of(connection.SentNo, errors.Join(io.EOF, yes)), connection.SentNo},
	} {
		require.Equal(t, c.want, connection.SentOf(c.err), name)
		require.Equal(t, c.want == connection.SentNo, connection.SafeToRetry(c.err), name)
	}
}
