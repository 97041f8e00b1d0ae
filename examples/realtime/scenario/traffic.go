package scenario

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/posline/posline/examples/realtime/payment"
	"github.com/posline/posline/examples/realtime/terminal"
)

// shop keeps one terminal busy: each order is tried until it is paid or given up, and now and then a sale is voided or an
// order that is paid already is tried once more.
type shop struct {
	*World
	terminal *terminal.Terminal
	name     string
	pause    time.Duration // longest between two orders
	random   *rand.Rand
	orders   int
}

const (
	triesOfOrder = 3
	voidEvery    = 10
	againEvery   = 8
)

// sell works until the context ends.
func (s *shop) sell(ctx context.Context) {
	for ctx.Err() == nil {
		s.orders++
		s.order(ctx, fmt.Sprintf("%s-%05d", s.name, s.orders))
		select {
		case <-time.After(time.Duration(s.random.Int64N(int64(s.pause) + 1))):
		case <-ctx.Done():
		}
	}
}

func (s *shop) order(ctx context.Context, number string) {
	amount := 1_00 + s.random.Int64N(250_00)
	for range triesOfOrder {
		e, err := s.try(ctx, number, amount)
		if ctx.Err() != nil {
			return
		}
		if err != nil && e.STAN == "" { // nothing was sent: the switch is down, or a reversal is not through
			time.Sleep(20 * time.Millisecond)
			continue
		}
		if e.Status != terminal.Approved {
			continue
		}
		if s.random.IntN(againEvery) == 0 {
			s.try(ctx, number, amount)
		}
		if s.random.IntN(voidEvery) == 0 {
			s.terminal.Void(ctx, e)
		}
		return
	}
}

func (s *shop) try(ctx context.Context, number string, amount int64) (terminal.Entry, error) {
	sale := terminal.Sale{Order: number, Amount: amount}
	if s.random.IntN(5) < 2 {
		code, err := s.payers.code()
		if err != nil {
			return terminal.Entry{}, err
		}
		sale.PayCode = code
		return s.terminal.Sale(ctx, sale)
	}
	c := s.cards[s.random.IntN(len(s.cards))]
	sale.Track2, sale.PIN = c.track2, c.pin
	return s.terminal.Sale(ctx, sale)
}

// trade lets every terminal sell until the context ends; it returns a function that waits until all have stopped.
func (w *World) trade(ctx context.Context, pause time.Duration) (wait func()) {
	done := make(chan struct{})
	for i, t := range w.terminals {
		s := &shop{World: w, terminal: t, name: w.shopName(i), pause: pause, random: w.random(uint64(i))}
		go func() {
			s.sell(ctx)
			done <- struct{}{}
		}()
	}
	return func() {
		for range w.terminals {
			<-done
		}
	}
}

// shopName begins the numbers of a terminal's orders; those of each run are others.
func (w *World) shopName(i int) string {
	name := "T" + w.config.Terminals[i].ID[6:]
	if w.kept.Runs > 1 {
		name += fmt.Sprint("-", w.kept.Runs)
	}
	return name
}

// status is one line about how things stand.
func (w *World) status() string {
	var approved, declined, undone, voided, uncertain int
	var amount int64
	for _, t := range w.terminals {
		for _, e := range t.Journal() {
			switch {
			case e.Kind != payment.Sale:
			case e.Status == terminal.Approved:
				approved++
				amount += e.Amount
			case e.Status == terminal.Declined:
				declined++
			case e.Status == terminal.Undone:
				undone++
			case e.Status == terminal.Voided:
				voided++
			default:
				uncertain++
			}
		}
	}
	told := 0
	for _, m := range w.merchants {
		n, _, _ := m.Count()
		told += n
	}
	return fmt.Sprintf("%s  approved %d (%s)  declined %d  undone %d  voided %d  uncertain %d  merchants told %d",
		time.Now().Format(time.TimeOnly), approved, yuan(amount), declined, undone, voided, uncertain, told)
}
