package scenario

import (
	"context"

	"github.com/posline/posline/examples/realtime/acquirer"
	"github.com/posline/posline/examples/realtime/books"
	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/ledger/sqlite"
	"github.com/posline/posline/examples/realtime/simulator"
	"github.com/posline/posline/examples/realtime/terminal"
)

// collect reads the books of all sides.
func (w *World) collect(ctx context.Context) (*books.Books, error) {
	l, err := sqlite.OpenReader(w.config.Database)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	b := &books.Books{Terminals: make(map[string][]terminal.Entry), Merchants: make(map[string]string), Told: make(map[string][]ledger.Tell),
		Streamed: make(map[string][]ledger.Tell)}
	if b.Rows, err = l.Rows(ctx); err != nil {
		return nil, err
	}
	if b.Postings, err = l.Postings(ctx); err != nil {
		return nil, err
	}
	if b.Notices, err = l.Notices(ctx); err != nil {
		return nil, err
	}
	b.Holdings = map[string]map[string]simulator.Holding{acquirer.Bank: w.bank.Holdings(), acquirer.Wallet: w.wallet.Holdings()}
	for id, m := range w.merchants {
		b.Told[id] = m.Order()
		if w.setup.Direct {
			b.Streamed = nil // nobody listens
			continue
		}
		for _, e := range m.Stream() {
			b.Streamed[id] = append(b.Streamed[id], e.Notice)
		}
	}
	for i, t := range w.terminals {
		e := w.config.Terminals[i]
		b.Pending += t.Pending()
		b.Terminals[e.ID], b.Merchants[e.ID] = t.Journal(), e.Merchant
	}
	return b, nil
}
