package connection

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestInboxWipes what an answer used of the memory for it, and forgets what waited when the connection ends.
func TestInboxWipes(t *testing.T) {
	b := &inbox{active: 2}
	in := &inbound{frame: make([]byte, 4, 100), reply: make([]byte, 0, 100)}
	answer := append(in.reply, "6222020200012345678"...)
	b.finished(in, len(answer))
	require.Equal(t, make([]byte, len(answer)), answer)
	require.Equal(t, 1, b.active)
	b.finished(&inbound{reply: make([]byte, 0, 4)}, 5) // it has memory of its own
	require.Zero(t, b.active)
	require.Zero(t, (*inbox)(nil).busy()+(*inbox)(nil).activeLen())

	for _, order := range []Order{OrderNone, OrderKey} {
		b := &inbox{}
		var all []*inbound
		for range 4 {
			in := &inbound{frame: []byte("6222020200012345678")}
			all = append(all, in)
			b.enter(in, order)
		}
		first := b.take(&settings{})
		b.drop()
		for _, in := range all[1:] {
			require.Equal(t, make([]byte, 19), in.frame[:19])
			require.Nil(t, in.next)
		}
		require.Equal(t, 1, b.busy())
		b.finished(first, 0)
		require.Zero(t, b.busy())
		require.Nil(t, b.take(&settings{}))
	}
}

// TestOrderOfTaking: without order the oldest is next. With OrderKey frames of one key are taken one after another, as
// they came, and whatever waits for no other is taken.
func TestOrderOfTaking(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		order := []Order{OrderNone, OrderKey, OrderConn}[seed%3]
		b, cfg := &inbox{}, &settings{}
		var waiting, active []*inbound // what a look at all of them would find
		indexOf := func(in *inbound) int {
			for i := range waiting {
				if waiting[i] == in {
					return i
				}
			}
			return -1
		}
		busy := func(key [32]byte, before []*inbound) bool {
			for _, in := range append(active[:len(active):len(active)], before...) {
				if order == OrderKey && in.order == key {
					return true
				}
			}
			return false
		}
		for range 200 {
			switch r.IntN(3) {
			case 0:
				in := &inbound{order: [32]byte{byte(r.IntN(4))}}
				waiting = append(waiting, in)
				b.enter(in, order)
			case 1:
				in := b.take(cfg)
				if in == nil {
					for i, left := range waiting {
						require.True(t, busy(left.order, waiting[:i]), "one that could be taken was not")
					}
					continue
				}
				i := indexOf(in)
				require.False(t, busy(in.order, waiting[:i]), "it waits for another")
				require.True(t, order == OrderKey || i == 0, "it is not the oldest")
				waiting, active = append(waiting[:i:i], waiting[i+1:]...), append(active, in)
			case 2:
				if len(active) > 0 {
					i := r.IntN(len(active))
					b.finished(active[i], 0)
					active = append(active[:i:i], active[i+1:]...)
				}
			}
			require.Equal(t, len(waiting), b.waiting)
			require.Equal(t, len(active), b.active)
		}
		for _, in := range active {
			b.finished(in, 0)
		}
		for in := b.take(cfg); in != nil; in = b.take(cfg) {
			b.finished(in, 0)
		}
		require.Zero(t, b.busy())
		require.Empty(t, b.behind, "keys of nobody")
		require.Equal(t, frameList{}, b.ready)
	}
}

// TestFramesBehindOthersCostNothing: what waits for a frame with its key is not looked at before that has been handled.
func TestFramesBehindOthersCostNothing(t *testing.T) {
	b := &inbox{}
	for range 1000 {
		in := inbounds.Get().(*inbound)
		clear(in.order[:]) // of a frame that had this memory before
		b.enter(in, OrderKey)
	}
	for left := 1000; left > 0; left-- {
		require.Same(t, b.ready.first, b.ready.last, "one is ready")
		in := b.take(&settings{})
		require.Nil(t, b.ready.first)
		b.finished(in, 0)
	}
	require.Nil(t, b.ready.first)
}

// TestOneWorkerAtATime is on its way: while it has not looked at what is ready, no other is started, and never more than
// Workers run.
func TestOneWorkerAtATime(t *testing.T) {
	ran := make(chan struct{}, 10)
	b := &inbox{work: func() { ran <- struct{}{} }}
	b.enter(&inbound{}, OrderNone)
	cfg := &settings{Config: Config{Workers: 2}}
	for range 3 {
		b.startWorker(cfg)
	}
	<-ran
	require.Equal(t, 1, b.workers)
	for range 3 {
		b.workerDue = false
		b.startWorker(cfg)
	}
	<-ran
	require.Equal(t, 2, b.workers)
	b.workers, b.workerDue, b.ready = 0, false, frameList{}
	b.startWorker(cfg)
	require.Zero(t, b.workers, "there is nothing to do")
	require.Empty(t, ran)
}
