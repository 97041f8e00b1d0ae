package pool

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
)

// TestOnDemand: a line is dialled by the first request, and closed when it has not been used for a while.
func TestOnDemand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		c := h.config("a")
		c.Lines[0].OnDemand, c.IdleClose = true, time.Minute
		c.SignOff, c.Echo, c.EchoIdle = exchange0800("off"), exchange0800("echo"), 10*time.Second
		p := open(t, c)
		synctest.Wait()
		require.True(t, p.Ready(), "it would be dialled")
		require.Empty(t, h.dialTimes("a"))
		for round := range 3 {
			for i := range 3 {
				_, err := p.Exchange(t.Context(), sale(i), nil)
				require.NoError(t, err)
				time.Sleep(50 * time.Second)
			}
			require.Len(t, h.dialTimes("a"), round+1)
			require.Equal(t, Online, p.Lines()[0].State)
			time.Sleep(13 * time.Second)
			require.Equal(t, Asleep, p.Lines()[0].State, "echoes do not keep it open")
		}
		require.Equal(t, 3, count(h, "off"))
	})
}

func count(h *host, text string) (n int) {
	for _, s := range h.all() {
		if strings.HasSuffix(s, text) {
			n++
		}
	}
	return n
}

// TestGrows: lines on demand are dialled one after another as the windows fill.
func TestGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		c := h.config("a", "b", "c")
		for i := range c.Lines {
			h.slow[c.Lines[i].Name] = time.Second
			c.Lines[i].OnDemand, c.Lines[i].Window = true, 2
		}
		p := open(t, c)
		var ends []func() (string, error)
		for i, lines := range []int{1, 1, 2, 2, 3, 3, 3} {
			ends = append(ends, async(p, sale(i)))
			synctest.Wait()
			require.Equal(t, lines, h.opened(), "request %d", i)
		}
		for _, end := range ends {
			_, err := end()
			require.NoError(t, err)
		}
	})
}

// TestDialBackup: the line that stands by on demand is dialled when the first one fails, not before.
func TestDialBackup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		c := h.config("net", "modem")
		c.Lines[0].OnDemand = true
		c.Lines[1].OnDemand, c.Lines[1].Standby = true, true
		p := open(t, c)
		synctest.Wait()
		for range 3 {
			_, err := p.Exchange(t.Context(), sale(1), nil)
			require.NoError(t, err)
			time.Sleep(time.Hour)
		}
		require.Empty(t, h.dialTimes("modem"))
		h.set(func() { h.refuse["net"] = errors.New("no carrier") })
		_, err := p.Exchange(t.Context(), sale(1), nil)
		require.NoError(t, err)
		require.Len(t, h.dialTimes("modem"), 1)
		require.Equal(t, 1, h.count("modem", "0200"))
		time.Sleep(time.Hour)
		require.Equal(t, []State{Asleep, Asleep}, states(p))
		h.set(func() { delete(h.refuse, "net") })
		_, err = p.Exchange(t.Context(), sale(1), nil)
		require.NoError(t, err)
		require.Equal(t, 1, h.count("modem", "0200"), "the first line again")
	})
}

// TestOnDemandFails: a request learns in time that nothing left, and the next one dials at once.
func TestOnDemandFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		h.refuse["a"] = errors.New("no carrier")
		c := h.config("a")
		c.Lines[0].OnDemand, c.Wait = true, 3*time.Second
		p := open(t, c)
		for range 3 {
			synctest.Wait()
			before := len(h.dialTimes("a"))
			start := time.Now()
			_, err := p.Exchange(t.Context(), sale(1), nil)
			require.ErrorIs(t, err, ErrNoLine)
			require.ErrorContains(t, err, "no carrier")
			require.Equal(t, 3*time.Second, time.Since(start))
			require.Equal(t, start, h.dialTimes("a")[before])
			time.Sleep(time.Hour)
		}
	})
}

// TestNoBackupWhileTheFirstIsComing: a line that stands by is not dialled for a request that a slow dial will serve.
func TestNoBackupWhileTheFirstIsComing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		c := h.config("net", "modem")
		c.Lines[0].OnDemand = true
		c.Lines[1].OnDemand, c.Lines[1].Standby = true, true
		c.Connection.Dialer = func(ctx context.Context, network, address string) (net.Conn, error) {
			time.Sleep(time.Second)
			return h.dial(ctx, network, address)
		}
		p := open(t, c)
		synctest.Wait()
		first, second := async(p, sale(1)), async(p, sale(2))
		time.Sleep(500 * time.Millisecond)
		third := async(p, sale(3))
		for _, end := range []func() (string, error){first, second, third} {
			_, err := end()
			require.NoError(t, err)
		}
		time.Sleep(10 * time.Second)
		require.Empty(t, h.dialTimes("modem"))
	})
}

// TestGrowsWhileDialling: requests that come together get as many lines as they need, although the first is not there yet.
func TestGrowsWhileDialling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		c := h.config("a", "b", "c")
		for i := range c.Lines {
			h.slow[c.Lines[i].Name] = 4 * time.Second
			c.Lines[i].OnDemand, c.Lines[i].Window = true, 1
		}
		c.Connection.Dialer, c.Connection.Timeout = slowDial(h, time.Second), 8*time.Second
		p := open(t, c)
		synctest.Wait()
		var ends []func() (string, error)
		for i := range 3 {
			ends = append(ends, async(p, sale(i)))
		}
		time.Sleep(3*time.Second + time.Millisecond)
		require.Equal(t, []State{Online, Online, Online}, states(p))
		for _, end := range ends {
			_, err := end()
			require.NoError(t, err)
		}
	})
}

func slowDial(h *host, takes time.Duration) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		time.Sleep(takes)
		return h.dial(ctx, network, address)
	}
}

// TestReadyWhileDialling: a request would be sent once the line on demand is there, whoever has asked for it.
func TestReadyWhileDialling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		c := h.config("a")
		c.Lines[0].OnDemand = true
		c.Connection.Dialer = slowDial(h, time.Second)
		p := open(t, c)
		synctest.Wait()
		end := async(p, sale(1))
		synctest.Wait()
		require.Equal(t, []State{Connecting}, states(p))
		require.True(t, p.Ready())
		_, err := end()
		require.NoError(t, err)

		p = open(t, func() Config { c := h.config("a"); c.Connection.Dialer = slowDial(h, time.Second); return c }())
		synctest.Wait()
		require.Equal(t, []State{Connecting}, states(p))
		require.False(t, p.Ready(), "a line that is dialled anyway may not come")
	})
}

// TestEverythingIsUse of a line on demand: frames without answers, and requests that got none.
func TestEverythingIsUse(t *testing.T) {
	for name, use := range map[string]func(t *testing.T, p *Pool, i int){
		"Post": func(t *testing.T, p *Pool, i int) { require.NoError(t, p.Post(t.Context(), request("0820", i, ""))) },
		"time out": func(t *testing.T, p *Pool, i int) {
			_, err := p.Exchange(t.Context(), sale(i), nil)
			require.ErrorIs(t, err, connection.ErrTimeout)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHost(t)
				h.play = silence
				c := h.config("a")
				c.Lines[0].OnDemand, c.IdleClose, c.SuspectAfter = true, time.Minute, -1
				p := open(t, c)
				for i := range 30 {
					use(t, p, i)
					time.Sleep(10 * time.Second)
				}
				require.Len(t, h.dialTimes("a"), 1)
				time.Sleep(time.Minute)
				require.Equal(t, []State{Asleep}, states(p))
			})
		})
	}
}

// TestDrainWhileOthersHope: who waits for a line on demand that is drained while it is dialled gets the next one.
func TestDrainWhileOthersHope(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		c := h.config("a", "b")
		c.Lines[0].OnDemand, c.Lines[1].OnDemand = true, true
		c.Lines[0].Dialer = func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }
		p := open(t, c)
		synctest.Wait()
		end := async(p, sale(1))
		synctest.Wait()
		require.Equal(t, []State{Connecting, Asleep}, states(p))
		require.NoError(t, p.Drain(t.Context(), "a"))
		_, err := end()
		require.NoError(t, err)
		require.Equal(t, 1, h.count("b", "0200"))
	})
}

// TestHopeForALineThatIsDialledAnyway: while one is on its way for the first time, those on demand sleep; once it has
// failed they are dialled.
func TestHopeForALineThatIsDialledAnyway(t *testing.T) {
	for fails, dials := range map[bool]int{false: 0, true: 1} {
		synctest.Test(t, func(t *testing.T) {
			h := newHost(t)
			if fails {
				h.refuse["a"] = errors.New("down")
			}
			c := h.config("a", "b")
			c.Lines[0].Dialer, c.Lines[1].OnDemand = slowDial(h, time.Second), true
			p := open(t, c)
			synctest.Wait()
			_, err := p.Exchange(t.Context(), sale(1), nil)
			require.NoError(t, err)
			require.Len(t, h.dialTimes("b"), dials)
		})
	}
}
