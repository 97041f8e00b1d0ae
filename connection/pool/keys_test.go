package pool

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
)

// crossed answers on the other of two lines.
func crossed(l *hostLine, frame []byte) {
	other := map[string]string{"a": "b", "b": "a"}[l.address]
	l.host.live(other).send(answerTo(frame))
}

func shared(h *host) Config {
	c := h.config("a", "b")
	c.SharedKeys = true
	return c
}

// TestAnswersOnAnyLine: whether waited for or started, and each to its own request.
func TestAnswersOnAnyLine(t *testing.T) {
	within(t, shared, func(t *testing.T, h *host, p *Pool) {
		h.set(func() { h.play = crossed })
		var wg sync.WaitGroup
		d := new(told)
		for i := range 100 {
			wg.Go(func() {
				reply, err := p.Exchange(t.Context(), sale(i), nil)
				require.NoError(t, err)
				require.Equal(t, string(answerTo(sale(i))), string(reply))
			})
			_, err := p.Start(sale(1000+i), nil, time.Time{}, d)
			require.NoError(t, err)
		}
		wg.Wait()
		synctest.Wait()
		require.Equal(t, 100, d.count())
		want := []string{}
		for i := range 100 {
			require.NoError(t, d.errs[i])
			want = append(want, string(answerTo(sale(1000+i))))
		}
		slices.Sort(d.ended)
		require.Equal(t, want, d.ended)
		require.EqualValues(t, 200, p.Stats().Foreign)
		require.Zero(t, p.Lines()[0].Stats.Unmatched+p.Lines()[1].Stats.Unmatched)
	})
}

// TestWithoutSharedKeys: an answer on another line is nobody's.
func TestWithoutSharedKeys(t *testing.T) {
	within(t, func(h *host) Config { return h.config("a", "b") }, func(t *testing.T, h *host, p *Pool) {
		h.set(func() { h.play = crossed })
		_, err := p.Exchange(t.Context(), sale(1), nil)
		require.ErrorIs(t, err, connection.ErrTimeout)
		require.EqualValues(t, 1, p.Lines()[0].Stats.Unmatched+p.Lines()[1].Stats.Unmatched)
		key, _, _ := testKey(sale(1))
		require.False(t, p.Elsewhere(p.lines[0].link.Load().conn, key, answerTo(sale(1))))
	})
}

// TestAnswerAfterReconnect: the host keeps what it could not deliver and sends it on the next connection.
func TestAnswerAfterReconnect(t *testing.T) {
	var late []string
	within(t, func(h *host) Config {
		c := shared(h)
		c.Connection.Hooks.Late = func(_ *connection.Conn, _ [32]byte, frame []byte) { late = append(late, string(frame)) }
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		h.set(func() { h.play = silence })
		end := async(p.On("a"), sale(1))
		synctest.Wait()
		h.live("a").Reset()
		_, err := end()
		require.Equal(t, connection.SentYes, connection.SentOf(err))
		synctest.Wait()

		// Its key is not used again on any line while the answer may come.
		for _, line := range []string{"a", "b"} {
			_, err = p.On(line).Exchange(t.Context(), sale(1), nil)
			require.ErrorIs(t, err, connection.ErrDuplicateKey)
			require.True(t, connection.SafeToRetry(err))
		}
		h.live("a").send(answerTo(sale(1)))
		synctest.Wait()
		require.Equal(t, []string{string(answerTo(sale(1)))}, late)
		require.EqualValues(t, 1, p.Stats().Late)

		h.set(func() { h.play = nil })
		_, err = p.On("b").Exchange(t.Context(), sale(1), nil)
		require.NoError(t, err, "it has come")
	})
}

// TestKeysAreKeptForLateWindow and no longer.
func TestKeysAreKeptForLateWindow(t *testing.T) {
	within(t, func(h *host) Config {
		c := shared(h)
		c.Connection.LateWindow = 20 * time.Second
		c.SuspectAfter = -1
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		h.set(func() { h.play = silence })
		_, err := p.On("a").Exchange(t.Context(), sale(1), nil)
		require.ErrorIs(t, err, connection.ErrTimeout)
		time.Sleep(20*time.Second - time.Millisecond)
		_, err = p.On("b").Exchange(t.Context(), sale(1), nil)
		require.ErrorIs(t, err, connection.ErrDuplicateKey)
		time.Sleep(time.Millisecond)
		h.set(func() { h.play = nil })
		_, err = p.On("b").Exchange(t.Context(), sale(1), nil)
		require.NoError(t, err)
	})
}

// TestDuplicateOnAnotherLine: keys in flight are unique over all lines.
func TestDuplicateOnAnotherLine(t *testing.T) {
	within(t, shared, func(t *testing.T, h *host, p *Pool) {
		h.set(func() { h.play = silence })
		end := async(p.On("a"), sale(1))
		synctest.Wait()
		_, err := p.On("b").Exchange(t.Context(), sale(1), nil)
		require.ErrorIs(t, err, connection.ErrDuplicateKey)
		_, err = p.On("b").Repeat(t.Context(), sale(1), nil)
		require.ErrorIs(t, err, connection.ErrDuplicateKey, "nor as a repeat")
		_, err = p.Start(sale(1), nil, time.Time{}, new(told))
		require.ErrorIs(t, err, connection.ErrDuplicateKey)
		require.Equal(t, 1, h.count("", "0200"))
		h.live("b").send(answerTo(sale(1)))
		reply, err := end()
		require.NoError(t, err)
		require.Equal(t, string(answerTo(sale(1))), reply)
	})
}

// TestRepeat: a repeat may use the key of what it repeats, on any line, and takes a late answer to that for its own.
func TestRepeat(t *testing.T) {
	within(t, shared, func(t *testing.T, h *host, p *Pool) {
		advice := request("0420", 5, "")
		h.set(func() { h.play = silence })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := p.On("a").Exchange(ctx, advice, nil)
		require.ErrorIs(t, err, connection.ErrTimeout)
		type outcome struct {
			reply []byte
			err   error
		}
		done := make(chan outcome)
		go func() {
			reply, err := p.On("b").Repeat(context.Background(), advice, nil)
			done <- outcome{reply, err}
		}()
		synctest.Wait()
		require.Equal(t, 1, h.count("b", "0420"))
		h.live("a").send(answerTo(advice)) // to the first sending, where that went
		o := <-done
		require.NoError(t, o.err)
		require.Equal(t, answerTo(advice), o.reply)
	})
}

// TestRepeatThatDidNotLeave: the key stays that of the first sending.
func TestRepeatThatDidNotLeave(t *testing.T) {
	within(t, shared, func(t *testing.T, h *host, p *Pool) {
		h.set(func() { h.play = silence })
		_, err := p.Exchange(t.Context(), sale(1), nil)
		require.ErrorIs(t, err, connection.ErrTimeout)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		for _, l := range p.lines {
			k := l.link.Load()
			k.conn.Close()
			k.taking.Store(true)
		}
		_, err = p.Repeat(gone, sale(1), nil)
		require.True(t, connection.SafeToRetry(err))
		ks := p.keys
		key, _, _ := testKey(sale(1))
		k := p.lines[0].link.Load()
		require.NoError(t, ks.enter(key, k, true))
		ks.leave(key, k, failure("exchange", connection.ErrClosed))
		require.ErrorIs(t, ks.enter(key, k, false), connection.ErrDuplicateKey)
	})
}

// TestStrayAnswers: what nobody waits for, or waits for no more, disturbs nobody.
func TestStrayAnswers(t *testing.T) {
	var unmatched, late atomic.Int32
	within(t, func(h *host) Config {
		c := shared(h)
		c.Connection.Hooks.Unmatched = func(*connection.Conn, connection.Unmatched) { unmatched.Add(1) }
		c.Connection.Hooks.Late = func(*connection.Conn, [32]byte, []byte) { late.Add(1) }
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		h.set(func() {
			h.play = func(l *hostLine, frame []byte) {
				l.send(answerTo(frame))
				for _, line := range []string{"a", "b"} {
					h.live(line).send(answerTo(frame)) // thrice
				}
			}
		})
		for i := range 50 {
			reply, err := p.Exchange(t.Context(), sale(i), nil)
			require.NoError(t, err)
			require.Equal(t, string(answerTo(sale(i))), string(reply))
		}
		synctest.Wait()
		require.EqualValues(t, 100, unmatched.Load()+late.Load(), "each is told")
	})
}

// TestTombstonesAreBounded: a host that answers nothing cannot make the pool remember without end.
func TestTombstonesAreBounded(t *testing.T) {
	h := newHost(t)
	c := h.config("a")
	c.SharedKeys, c.Lines[0].Window = true, 100
	h.refuse["a"] = fmt.Errorf("down")
	p := open(t, c)
	k := &link{}
	for i := range 100_000 {
		key, _, _ := testKey(sale(i))
		require.NoError(t, p.keys.enter(key, k, false))
		p.keys.leave(key, k, &connection.Error{Sent: connection.SentYes, Err: connection.ErrTimeout})
	}
	total := 0
	for i := range p.keys.shards {
		total += len(p.keys.shards[i].entries)
	}
	require.LessOrEqual(t, total, 4*1024)
	require.Greater(t, total, 1024)

	c = h.config("a", "b")
	c.SharedKeys, c.Lines[0].Window, c.Lines[1].Window = true, 2000, 3000
	require.Equal(t, 4*5000/keyShards, open(t, c).keys.limit)
}

// TestKeyThatPanics: relays send what others sent them.
func TestKeyThatPanics(t *testing.T) {
	within(t, func(h *host) Config {
		c := shared(h)
		c.Connection.Key = func(frame []byte) ([32]byte, uint8, error) { panic("6222021234567890128") }
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		_, err := p.Exchange(t.Context(), sale(1), nil)
		require.ErrorIs(t, err, connection.ErrPanicked)
		require.NotContains(t, err.Error(), "6222")
		_, err = p.Start(sale(1), nil, time.Time{}, new(told))
		require.ErrorIs(t, err, connection.ErrPanicked)
	})
}

// TestUnknownKeys: an answer to a request that never was is not late.
func TestUnknownKeys(t *testing.T) {
	within(t, shared, func(t *testing.T, h *host, p *Pool) {
		k, late := p.keys.find([32]byte{1})
		require.Nil(t, k)
		require.False(t, late)
		h.live("a").send(answerTo(sale(77)))
		synctest.Wait()
		require.Zero(t, p.Stats().Late)
		require.EqualValues(t, 1, p.Lines()[0].Stats.Unmatched)
	})
}

// TestLateIsNotUnmatched: an answer that comes too late is counted once, whichever line brings it.
func TestLateIsNotUnmatched(t *testing.T) {
	within(t, shared, func(t *testing.T, h *host, p *Pool) {
		h.set(func() { h.play = silence })
		_, err := p.On("a").Exchange(t.Context(), sale(5), nil)
		require.ErrorIs(t, err, connection.ErrTimeout)
		h.live("b").send(answerTo(sale(5)))
		synctest.Wait()
		require.EqualValues(t, 1, p.Stats().Late)
		require.Zero(t, p.Lines()[1].Stats.Unmatched)
	})
}

// TestKeyAfterARepeatThatDidNotLeave: the key of a request that was not answered is free when its time is over, also if a
// repeat that never left ran out of time in between.
func TestKeyAfterARepeatThatDidNotLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		c := shared(h)
		c.Connection.LateWindow = 10 * time.Second
		h.refuse["a"], h.refuse["b"] = errors.New("down"), errors.New("down")
		p := open(t, c)
		key, _, _ := testKey(sale(1))
		k, late := new(link), &connection.Error{Sent: connection.SentYes, Err: connection.ErrTimeout}
		require.NoError(t, p.keys.enter(key, k, false))
		p.keys.leave(key, k, late)
		time.Sleep(7 * time.Second)
		require.NoError(t, p.keys.enter(key, k, true))
		time.Sleep(5 * time.Second)
		p.keys.shard(&key).dropTombs(p.now()) // as a request with a key of the shard does
		p.keys.leave(key, k, failure("exchange", connection.ErrTimeout))
		require.NoError(t, p.keys.enter(key, k, false))
		p.keys.leave(key, k, nil)
		require.Empty(t, p.keys.shard(&key).entries)

		require.NoError(t, p.keys.enter(key, k, false))
		p.keys.leave(key, k, late)
		time.Sleep(time.Second)
		require.NoError(t, p.keys.enter(key, k, true))
		p.keys.leave(key, k, failure("exchange", connection.ErrTimeout))
		require.ErrorIs(t, p.keys.enter(key, k, false), connection.ErrDuplicateKey, "its time is not over")
	})
}

// TestDuplicatesLeaveNoTrace: a request that is refused for its key takes no place.
func TestDuplicatesLeaveNoTrace(t *testing.T) {
	within(t, shared, func(t *testing.T, h *host, p *Pool) {
		h.set(func() { h.play = silence })
		first := async(p, sale(1))
		synctest.Wait()
		_, err := p.Exchange(t.Context(), sale(1), nil)
		require.ErrorIs(t, err, connection.ErrDuplicateKey)
		_, err = p.Start(sale(1), nil, time.Time{}, new(told))
		require.ErrorIs(t, err, connection.ErrDuplicateKey)
		require.NotNil(t, p.spare.started, "its memory is used again")
		inFlight := 0
		for _, l := range p.Lines() {
			inFlight += l.InFlight
		}
		require.Equal(t, 1, inFlight)
		_, err = first()
		require.ErrorIs(t, err, connection.ErrTimeout)
	})
}

// TestTombstonesGoOneByOne: that one's time is over says nothing about the next.
func TestTombstonesGoOneByOne(t *testing.T) {
	s := keyShard{entries: map[[32]byte]keyEntry{}}
	for id := range uint64(3) {
		key := [32]byte{byte(id)}
		s.entries[key] = keyEntry{tomb: id + 1}
		s.tombs = append(s.tombs, keyTomb{key, id + 1, int64(id + 1)})
	}
	for now := range int64(4) {
		s.dropTombs(now)
		require.Len(t, s.tombs, 3-int(now))
		require.Len(t, s.entries, 3-int(now))
		for id := uint64(1); id <= 3; id++ {
			require.Equal(t, int64(id) > now, s.kept(id))
		}
	}
}

// TestKeyOfARepeatThatWasAnswered: the other sending may be answered still, for LateWindow.
func TestKeyOfARepeatThatWasAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		c := shared(h)
		c.Connection.LateWindow = 10 * time.Second
		h.refuse["a"], h.refuse["b"] = errors.New("down"), errors.New("down")
		p := open(t, c)
		key, _, _ := testKey(sale(1))
		for _, answered := range []bool{true, false} {
			k := new(link)
			require.NoError(t, p.keys.enter(key, k, false))
			p.keys.leave(key, k, &connection.Error{Sent: connection.SentYes, Err: connection.ErrTimeout})
			require.NoError(t, p.keys.enter(key, k, true))
			p.keys.leave(key, k, nil)
			require.ErrorIs(t, p.keys.enter(key, k, false), connection.ErrDuplicateKey)
			if answered {
				_, late := p.keys.find(key)
				require.True(t, late)
			} else {
				time.Sleep(10 * time.Second)
			}
			require.NoError(t, p.keys.enter(key, k, false))
			p.keys.leave(key, k, nil)
		}
	})
}
