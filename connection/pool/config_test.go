package pool

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
)

func TestConfigIsChecked(t *testing.T) {
	h := newHost(t)
	for name, break1 := range map[string]func(c *Config){
		"no lines":          func(c *Config) { c.Lines = nil },
		"no name":           func(c *Config) { c.Lines[0].Name = "" },
		"same name":         func(c *Config) { c.Lines[1].Name = "a" },
		"no address":        func(c *Config) { c.Lines[0].Address = "" },
		"accepted address":  func(c *Config) { c.Lines[0].Accept = true },
		"accepted demand":   func(c *Config) { c.Lines[0] = Line{Name: "a", Accept: true, OnDemand: true} },
		"window":            func(c *Config) { c.Lines[0].Window = -1 },
		"pick":              func(c *Config) { c.Pick = 9 },
		"no framing":        func(c *Config) { c.Connection.Framing = nil },
		"shared, no key":    func(c *Config) { c.SharedKeys, c.Connection.Key = true, nil },
		"shared, waits":     func(c *Config) { c.SharedKeys, c.Connection.Duplicates = true, connection.ContentionWait },
		"negative pause":    func(c *Config) { c.RetryMin = -1 },
		"negative idle":     func(c *Config) { c.IdleClose = -1 },
		"several at a time": func(c *Config) { c.Lines, c.Pick = nil, 9 },
	} {
		c := h.config("a", "b")
		break1(&c)
		_, err := New(c)
		require.Error(t, err, name)
	}
	require.Empty(t, h.dials, "nothing was dialled")
}

// TestLinesAreCounted from one in errors.
func TestLinesAreCounted(t *testing.T) {
	c := newHost(t).config("a", "b")
	c.Lines[1].Name = ""
	_, err := New(c)
	require.EqualError(t, err, "pool: line 2 has no name")
}

// TestDefaults are those that Config tells.
func TestDefaults(t *testing.T) {
	h := newHost(t)
	c := h.config("a")
	c.Echo, c.EchoIdle, c.Connection.Timeout = exchange0800("echo"), 0, 0
	c, err := c.checked()
	require.NoError(t, err)
	require.Equal(t, []time.Duration{30 * time.Second, 5 * time.Second, time.Minute, 500 * time.Millisecond, 30 * time.Second, 30 * time.Second, time.Minute},
		[]time.Duration{c.EchoIdle, c.EchoTimeout, c.IdleClose, c.RetryMin, c.RetryMax, c.Connection.Timeout, c.Connection.LateWindow})
	require.Equal(t, []int{3, 1024, 1024}, []int{c.SuspectAfter, c.Connection.MaxInFlight, c.Lines[0].Window})
	require.Equal(t, "tcp", c.Lines[0].Network)
}
