package simulation

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/mac"
	"github.com/posline/posline/examples/realtime/books"
	"github.com/posline/posline/examples/realtime/channel"
	"github.com/posline/posline/examples/realtime/simulator"
)

// world is the whole system at a moment of virtual time.
type world struct {
	random  *rand.Rand
	now     time.Duration // since the beginning
	queue   agenda
	order   uint64
	stormy  bool // faults happen
	rush    bool // and more of them: a business day ends
	selling bool // customers come

	store     *store
	nodes     []*node
	tills     []*simTill
	bank      *simulator.Bank
	wallet    *simulator.Wallet
	codecs    codecs
	keys      keys
	cards     []simCard
	codes     int // pay codes handed out
	receivers map[string]*receiver
	attacker  attacker

	crashes    int
	faults     map[string]int
	violations []string
	lines      []string // of the log, the youngest
}

type codecs struct {
	bank   *channel.BankCodec
	wallet *channel.WalletCodec
}

type keys struct {
	zonePIN  crypto.PINKey
	zoneMAC  crypto.MACKey
	wallet   crypto.MACKey
	hash     *mac.MAC
	merchant *mac.MAC
}

// beginning is the wall clock at the start of every run: the end of a business day is near.
var beginning = time.Date(2026, 11, 30, 15, 30, 0, 0, time.UTC) // 23:30 in China

// happening is something that will happen.
type happening struct {
	at    time.Duration
	order uint64
	do    func()
}

// agenda is a heap by time, and by the order in which they were planned.
type agenda []happening

func (e agenda) Len() int { return len(e) }
func (e agenda) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].order < e[j].order
}
func (e agenda) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *agenda) Push(x any)   { *e = append(*e, x.(happening)) }
func (e *agenda) Pop() any {
	old := *e
	last := old[len(old)-1]
	old[len(old)-1] = happening{}
	*e = old[:len(old)-1]
	return last
}

// after plans something.
func (w *world) after(d time.Duration, do func()) {
	w.order++
	heap.Push(&w.queue, happening{w.now + max(d, 0), w.order, do})
}

// until lets everything happen up to that time.
func (w *world) until(end time.Duration) {
	for len(w.queue) > 0 && w.queue[0].at <= end {
		next := heap.Pop(&w.queue).(happening)
		w.now = next.at
		next.do()
	}
	w.now = end
}

// chance is true once in so many times, in a storm.
func (w *world) chance(in int) bool { return w.stormy && w.random.IntN(in) == 0 }

// between draws a time.
func (w *world) between(low, high time.Duration) time.Duration {
	return low + time.Duration(w.random.Int64N(int64(high-low)+1))
}

func (w *world) fault(kind string) { w.faults[kind]++ }

// How often a message meets a fault: once in so many.
const (
	lossOnce   = 60
	doubleOnce = 80
	lateOnce   = 60
	lateMost   = 2 * patience
	rushOnce   = 4
)

// send carries a message over a line: it is lost, comes twice, late, or before one that was sent earlier.
func (w *world) send(line string, deliver func()) {
	pace := func() time.Duration { return w.between(200*time.Microsecond, 8*time.Millisecond) }
	double, late := doubleOnce, lateOnce
	if w.rush {
		double, late = rushOnce, rushOnce
	}
	switch {
	case w.chance(lossOnce):
		w.fault(line + " lost")
		return
	case w.chance(double):
		w.fault(line + " twice")
		w.after(pace()+w.between(0, lateMost), deliver)
	case w.chance(late):
		w.fault(line + " late")
		w.after(w.between(0, lateMost), deliver)
		return
	}
	w.after(pace(), deliver)
}

// keepLines is how much of the log is kept.
const keepLines = 400_000

func (w *world) log(format string, args ...any) {
	if len(w.lines) >= 2*keepLines {
		w.lines = append(w.lines[:0], w.lines[keepLines:]...)
	}
	w.lines = append(w.lines, fmt.Sprintf("%12s  ", w.now.Truncate(time.Microsecond))+fmt.Sprintf(format, args...))
}

const (
	traceLines = 60
	anyWord    = 8 // characters from which a word is taken to name something
)

// trace returns the lines of the log that have to do with a violation, and the crashes around them: those that name what
// it names, and what these name.
func (w *world) trace(violation string) []string {
	names := make(map[string]bool)
	note := func(text string) {
		for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" ,:;()", r) }) {
			if len(word) >= anyWord && strings.ContainsAny(word, "0123456789") && strings.ToUpper(word) == word && !strings.HasPrefix(word, "8984") {
				names[word] = true
			}
		}
	}
	note(violation)
	var kept []string
	for range 2 {
		kept = kept[:0]
		for _, line := range w.lines {
			if strings.HasSuffix(line, "VIOLATION "+violation) {
				kept = append(kept, line)
				break // what came after it has not led to it
			}
			if strings.Contains(line, "####") && len(kept) > 0 {
				kept = append(kept, line)
				continue
			}
			for _, word := range strings.FieldsFunc(line[14:], func(r rune) bool { return strings.ContainsRune(" ,:;()", r) }) {
				if names[word] {
					kept = append(kept, line)
					break
				}
			}
		}
		for _, line := range kept {
			if !strings.Contains(line, "####") && len(names) < 6 {
				note(line[14:])
			}
		}
	}
	for len(kept) > 0 && strings.Contains(kept[len(kept)-1], "####") {
		kept = kept[:len(kept)-1]
	}
	if len(kept) > traceLines {
		kept = append(append([]string{}, kept[:traceLines/2]...), kept[len(kept)-traceLines/2:]...)
	}
	return kept
}

// books are those of all sides.
func (w *world) books() *books.Books {
	b := w.store.books()
	b.Holdings = map[string]map[string]simulator.Holding{"bank": w.bank.Holdings(), "wallet": w.wallet.Holdings()}
	for id, r := range w.receivers {
		b.Told[id] = r.told
	}
	for _, t := range w.tills {
		b.Terminals[t.wire.ID], b.Merchants[t.wire.ID] = t.journal.Entries(), t.wire.Merchant
		if t.state.Open.Kind != 0 {
			b.Pending++
		}
	}
	return b
}
