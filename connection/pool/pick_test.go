package pool

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestLeavesASlowLine: requests move away from a line that answers slowly, without any failure, and come back.
func TestLeavesASlowLine(t *testing.T) {
	within(t, func(h *host) Config {
		h.slow["a"], h.slow["b"], h.slow["c"] = 10*time.Millisecond, 10*time.Millisecond, 10*time.Millisecond
		return h.config("a", "b", "c")
	}, func(t *testing.T, h *host, p *Pool) {
		share := func() map[string]int {
			before := map[string]int{"a": h.count("a", "0200"), "b": h.count("b", "0200"), "c": h.count("c", "0200")}
			for i := range 300 {
				go p.Exchange(t.Context(), sale(i), nil)
				time.Sleep(2 * time.Millisecond)
			}
			time.Sleep(3 * time.Second)
			for line := range before {
				before[line] = h.count(line, "0200") - before[line]
			}
			return before
		}
		even := share()
		for line, n := range even {
			require.Greater(t, n, 50, line)
		}
		h.set(func() { h.slow["a"] = time.Second })
		share()
		require.Less(t, share()["a"], 20)
		h.set(func() { h.slow["a"] = 10 * time.Millisecond })
		time.Sleep(2 * time.Minute)
		for line, n := range share() {
			require.Greater(t, n, 50, line)
		}
	})
}

// TestWaitingIsNoLatency: what requests wait for room does not make the lines look slow.
func TestWaitingIsNoLatency(t *testing.T) {
	within(t, func(h *host) Config {
		h.slow["a"], h.slow["b"] = time.Second, time.Second
		c := h.config("a", "b")
		c.Lines[0].Window, c.Lines[1].Window = 1, 1
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		var ends []func() (string, error)
		d := new(told)
		for i := range 4 {
			ends = append(ends, async(p, sale(i)))
			_, err := p.Start(sale(10+i), nil, time.Time{}, d)
			require.NoError(t, err)
		}
		for _, end := range ends {
			_, err := end()
			require.NoError(t, err)
		}
		time.Sleep(5 * time.Second)
		for _, l := range p.Lines() {
			require.InDelta(t, 0.75, l.Latency.Seconds(), 0.1, "%s: a second, some seconds ago", l.Name)
		}
		time.Sleep(time.Hour)
		for _, l := range p.Lines() {
			require.EqualValues(t, leastLatency, l.Latency, "what choosing goes by")
		}
	})
}

func TestPickFill(t *testing.T) {
	within(t, func(h *host) Config {
		h.slow["a"], h.slow["b"] = time.Second, time.Second
		c := h.config("a", "b")
		c.Pick, c.Lines[0].Window, c.Lines[1].Window = PickFill, 3, 3
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		for i := range 5 {
			go p.Exchange(t.Context(), sale(i), nil)
			synctest.Wait()
		}
		require.Equal(t, 3, h.count("a", "0200"))
		require.Equal(t, 2, h.count("b", "0200"))
		time.Sleep(2 * time.Second)
	})
}

// TestAffinity: requests with equal keys take the same line, and when a line goes only its own move.
func TestAffinity(t *testing.T) {
	terminal := func(frame []byte) (uint64, bool) {
		var n uint64
		_, err := fmt.Sscanf(string(frame[10:]), "T%d", &n)
		return n, err == nil
	}
	within(t, func(h *host) Config {
		c := h.config("a", "b", "c", "d")
		c.Affinity = terminal
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		stan := 0
		lineOf := func(n int) string {
			stan++
			frame := request("0200", stan, fmt.Sprintf("T%d", n))
			_, err := p.Exchange(t.Context(), frame, nil)
			require.NoError(t, err)
			all := h.all()
			line, _, _ := cut(all[len(all)-1])
			return line
		}
		lines, per := map[int]string{}, map[string]int{}
		for n := range 400 {
			lines[n] = lineOf(n)
			per[lines[n]]++
		}
		for line, n := range per {
			require.InDelta(t, 100, n, 25, "terminals on line %s", line)
		}
		for n := range 400 {
			require.Equal(t, lines[n], lineOf(n))
		}
		h.set(func() { h.refuse["b"] = errors.New("down") })
		h.live("b").Reset()
		synctest.Wait()
		for n := range 400 {
			if now := lineOf(n); lines[n] != "b" {
				require.Equal(t, lines[n], now)
			} else {
				require.NotEqual(t, "b", now)
			}
		}
		_, err := p.Exchange(t.Context(), sale(999_999), nil)
		require.NoError(t, err, "one without a terminal takes any")
	})
}

// TestOn: what must take a line waits for it while others work.
func TestOn(t *testing.T) {
	within(t, func(h *host) Config { return h.config("a", "b") }, func(t *testing.T, h *host, p *Pool) {
		h.set(func() { h.refuse["a"] = errors.New("down") })
		h.live("a").Reset()
		synctest.Wait()
		end := async(p.On("a"), request("0400", 1, ""))
		time.Sleep(time.Second)
		_, err := p.Exchange(t.Context(), sale(1), nil)
		require.NoError(t, err, "others do not wait behind it")
		h.set(func() { delete(h.refuse, "a") })
		_, err = end()
		require.NoError(t, err)
		require.Equal(t, 1, h.count("a", "0400"))
		require.Zero(t, h.count("b", "0400"))
		require.Nil(t, p.On("x"))
	})
}

// TestOnWaitsForAsLongAsWait after its line has gone, however long it has waited for room before.
func TestOnWaitsForAsLongAsWait(t *testing.T) {
	within(t, func(h *host) Config {
		h.play = silence
		c := h.config("a", "b")
		c.Lines[0].Window, c.Wait, c.Connection.Timeout, c.SuspectAfter = 1, 2*time.Second, time.Minute, -1
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		first := async(p.On("a"), sale(1))
		synctest.Wait()
		start := time.Now()
		second := async(p.On("a"), sale(2))
		time.Sleep(10 * time.Second)
		h.set(func() { h.refuse["a"] = errors.New("down") })
		h.live("a").Reset()
		_, err := first()
		require.Error(t, err)
		_, err = second()
		require.ErrorIs(t, err, ErrNoLine)
		require.Equal(t, 12*time.Second, time.Since(start))
	})
}

// TestLatency: up at once, down by samples and by time, and never out of its range.
func TestLatency(t *testing.T) {
	var l latency
	at := int64(1)
	require.Equal(t, leastLatency, l.now(at))
	l.record(int64(100*time.Millisecond), at)
	require.EqualValues(t, 100*time.Millisecond, l.now(at))
	require.InDelta(t, float64(75*time.Millisecond), float64(l.now(at+halfLife/2)), float64(time.Millisecond))
	require.InDelta(t, float64(50*time.Millisecond), float64(l.now(at+halfLife)), float64(time.Millisecond))
	require.InDelta(t, float64(25*time.Millisecond), float64(l.now(at+2*halfLife)), float64(time.Millisecond))
	require.Equal(t, leastLatency, l.now(at+100*halfLife))
	for past := int64(0); past < 3*halfLife; past += halfLife / 7 {
		require.GreaterOrEqual(t, l.now(at+past), l.now(at+past+halfLife/7))
	}
	l.record(int64(36*time.Millisecond), at)
	require.EqualValues(t, 99*time.Millisecond, l.now(at), "one fast answer does not make a slow line fast: it counts for a 64th")
	for range 1000 {
		l.record(int64(20*time.Millisecond), at)
	}
	require.InDelta(t, float64(20*time.Millisecond), float64(l.now(at)), float64(time.Millisecond))
	l.record(int64(time.Hour), at)
	require.Equal(t, mostLatency, l.now(at))
	require.Equal(t, mostLatency, l.now(at-5), "a clock that seems to go back")
	require.Positive(t, l.now(at+halfLife*9/10), "no overflow")
}

// TestCost is what a request would wait for: those before it and its own answer.
func TestCost(t *testing.T) {
	var k link
	k.latency.record(int64(time.Second), 1)
	require.EqualValues(t, time.Second, k.cost(1))
	k.load.Store(3)
	require.EqualValues(t, 4*time.Second, k.cost(1))
}

// TestStandby: lines that stand by are signed on and take over when the last of the others has gone, not before.
func TestStandby(t *testing.T) {
	within(t, func(h *host) Config {
		c := h.config("a", "b", "c")
		c.Lines[2].Standby = true
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		require.Equal(t, []State{Online, Online, Online}, states(p))
		send := func(n int) {
			for i := range n {
				_, err := p.Exchange(t.Context(), sale(i), nil)
				require.NoError(t, err)
			}
		}
		send(30)
		require.Zero(t, h.count("c", "0200"))
		h.set(func() { h.refuse["a"], h.refuse["b"] = errors.New("down"), errors.New("down") })
		h.live("a").Reset()
		synctest.Wait()
		send(10)
		require.Zero(t, h.count("c", "0200"))
		h.live("b").Reset()
		synctest.Wait()
		send(10)
		require.Equal(t, 10, h.count("c", "0200"))
		h.set(func() { h.refuse = map[string]error{} })
		time.Sleep(time.Minute)
		send(10)
		require.Equal(t, 10, h.count("c", "0200"), "the others are back")
	})
}

// TestMix is that of splitmix64: these are the first numbers that it draws with the seed 1234567.
func TestMix(t *testing.T) {
	x := uint64(1234567)
	for _, want := range []uint64{6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821} {
		x += 0x9e3779b97f4a7c15
		require.Equal(t, want, mix(x))
	}
}
