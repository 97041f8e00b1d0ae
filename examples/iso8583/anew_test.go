package main

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message"
	"github.com/posline/posline/spec"
)

// Without -stan the numbers begin with the time of day, so that two runs have others.
func TestNumbersBeginByTheClock(t *testing.T) {
	codec, err := message.Compile(spec.ISO8583v1987ASCII())
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(13*time.Hour + 14*time.Minute + 15*time.Second)
		want, err := strconv.Atoi(time.Now().Format("150405"))
		require.NoError(t, err)
		n := renewal{}
		require.NoError(t, n.load(&console{}, codec))
		require.Equal(t, want, n.next())
		require.Equal(t, want+1, n.next())
		n = renewal{first: 7}
		require.NoError(t, n.load(&console{}, codec))
		require.Equal(t, 7, n.next())
	})
}
