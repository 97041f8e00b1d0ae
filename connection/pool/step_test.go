package pool

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/internal/stepclock"
)

// TestTheClockIsSet: the same story on a machine whose clock is right and on those whose clock is set again and again,
// forwards and back. What waits and how long, and when lines are asked, closed and dialled, does not change.
func TestTheClockIsSet(t *testing.T) {
	want := []string{
		"3s 1 answered",
		"8s 2 no answer in time, sent",
		"13s 3 no answer in time, sent", "13.5s 4 answered", // 4 waited for the place of 3
		"17s 5 no answer in time, not sent", "19s 6 no answer in time, sent", // 5 had waited for two seconds
		"23.8s echo", "34.1s echo",
		"40s failures 1",                         // the line had been up for long
		"41s failures 2",                         // it had not
		"43s 7 no line takes requests, not sent", // after Wait
		"43.1s 8 answered", "1m3.1s asleep",
	}
	stepclock.Each(t, func(t *testing.T, clock *stepclock.Clock, step time.Duration) {
		s := &story{host: newHost(t), clock: clock, step: step, began: time.Now()}
		s.aLine(t)
		s.aLineOnDemand(t)
		require.Equal(t, want, s.told)
	})
}

// story is what happens on a machine whose clock is set ten times a second.
type story struct {
	host  *host
	clock *stepclock.Clock
	step  time.Duration
	began time.Time

	mu   sync.Mutex
	told []string
}

func (s *story) tell(what ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = append(s.told, fmt.Sprint(time.Since(s.began).Round(10*time.Millisecond), " ", fmt.Sprint(what...)))
}

// goOn lets time pass.
func (s *story) goOn(d time.Duration) {
	for ; d > 0; d -= 100 * time.Millisecond {
		s.clock.Step(s.step)
		time.Sleep(100 * time.Millisecond)
	}
	synctest.Wait()
}

// teller tells how a request ended.
type teller struct {
	*story
	stan int
}

func (o teller) Complete(_ []byte, err error) {
	var failed *connection.Error
	switch {
	case errors.As(err, &failed):
		why := failed.Err
		if errors.Is(err, ErrNoLine) {
			why = ErrNoLine
		}
		o.tell(o.stan, " ", why, ", ", map[connection.Sent]string{connection.SentNo: "not sent", connection.SentYes: "sent"}[failed.Sent])
	default:
		o.tell(o.stan, " answered")
	}
}

// send sends a request and waits for it aside; start starts one with a deadline of its own.
func (s *story) send(p *Pool, stan int) {
	end := async(p, sale(stan))
	go func() {
		_, err := end()
		teller{s, stan}.Complete(nil, err)
	}()
	synctest.Wait()
}

func (s *story) start(t *testing.T, p *Pool, stan int, within time.Duration) {
	_, err := p.Start(sale(stan), nil, time.Now().Add(within), teller{s, stan})
	require.NoError(t, err)
}

// aLine has room for one request.
func (s *story) aLine(t *testing.T) {
	answers := map[string]time.Duration{"000001": 3 * time.Second, "000004": 500 * time.Millisecond}
	s.host.play = func(l *hostLine, frame []byte) {
		if string(frame[:4]) == "0800" {
			s.tell("echo")
			l.send(answerTo(frame))
		} else if wait := answers[string(frame[4:10])]; wait > 0 {
			time.AfterFunc(wait, func() { l.send(answerTo(frame)) })
		}
	}
	c := s.host.config("a")
	c.clock, c.Wait, c.SuspectAfter, c.Lines[0].Window = s.clock.Now, 2*time.Second, -1, 1
	c.Echo, c.EchoIdle = exchange0800("echo"), 10_300*time.Millisecond // never when something else happens
	p, err := New(c)
	require.NoError(t, err)
	defer p.Close()
	synctest.Wait()
	s.send(p, 1)
	s.goOn(3 * time.Second)
	s.send(p, 2)
	s.goOn(5 * time.Second)
	s.send(p, 3)
	s.goOn(time.Second)
	s.send(p, 4)
	s.goOn(5 * time.Second)
	s.send(p, 6)
	s.goOn(time.Second)
	s.start(t, p, 5, 2*time.Second)
	s.goOn(25 * time.Second)
	s.host.live("a").Reset()
	synctest.Wait()
	s.tell("failures ", p.Lines()[0].Failures)
	s.goOn(time.Second)
	s.host.set(func() { s.host.refuse["a"] = errors.New("refused") })
	s.host.live("a").Reset()
	synctest.Wait()
	s.tell("failures ", p.Lines()[0].Failures)
	s.send(p, 7)
	s.goOn(2 * time.Second)
}

func (s *story) aLineOnDemand(t *testing.T) {
	s.host.set(func() { s.host.play = nil })
	c := s.host.config("b")
	c.clock, c.IdleClose, c.Lines[0].OnDemand = s.clock.Now, 20*time.Second, true
	c.Changed = func(l LineStatus) {
		if l.State == Asleep && l.Connects > 0 {
			s.tell("asleep")
		}
	}
	p, err := New(c)
	require.NoError(t, err)
	defer p.Close()
	s.goOn(100 * time.Millisecond)
	s.send(p, 8)
	s.goOn(25 * time.Second)
}
