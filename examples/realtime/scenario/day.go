package scenario

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/posline/posline/examples/realtime/books"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/ledger/sqlite"
	"github.com/posline/posline/examples/realtime/payment"
	"github.com/posline/posline/examples/realtime/simulator"
	"github.com/posline/posline/examples/realtime/terminal"
	"github.com/posline/posline/pinblock"
)

// dayWithin is how long the scripted day may take: it takes a few seconds.
const dayWithin = 2 * time.Minute

// Once runs the scripted day in that folder, which must be empty, and tells of each payment as it arrives. An error
// means that something went another way than the script.
func Once(ctx context.Context, folder string, seed uint64, out io.Writer) (Report, error) {
	w, err := NewWorld(daySetup(folder, seed, time.Second))
	if err != nil {
		return Report{}, err
	}
	r, err := w.day(ctx, out)
	return r, errors.Join(err, w.Close())
}

// daySetup is that of the scripted day, with a patience of the switch. The business day ends long after it, so that a
// void always finds its sale in its batch.
func daySetup(folder string, seed uint64, patience time.Duration) Setup {
	return Setup{Folder: folder, Seed: seed, Terminals: 2, Cards: 3, DayEnds: time.Now().Add(12 * time.Hour), Patience: patience, Timeout: 3 * patience}
}

// day plays the script and compares the books.
func (w *World) day(ctx context.Context, out io.Writer) (Report, error) {
	ctx, cancel := context.WithTimeout(ctx, dayWithin)
	defer cancel()
	began := time.Now()
	if err := w.Start(); err != nil {
		return Report{}, err
	}
	l, err := sqlite.OpenReader(w.config.Database)
	if err != nil {
		return Report{}, err
	}
	defer l.Close()
	d := &day{World: w, out: out, ledger: l}
	if err := d.open(ctx); err != nil {
		return Report{}, err
	}
	shown := d.showFirst()
	for i, step := range d.script() {
		if err := d.play(ctx, step); err != nil {
			return Report{}, err
		}
		if i == 0 {
			shown()
		}
	}
	if err := w.settle(ctx); err != nil {
		return Report{}, err
	}
	b, err := w.collect(ctx)
	if err != nil {
		return Report{}, err
	}
	d.close(b)
	return w.report("once", b, time.Since(began)), nil
}

// day tells what happens.
type day struct {
	*World
	out    io.Writer
	ledger *sqlite.Reader
	number int
}

func (d *day) say(format string, args ...any) { fmt.Fprintf(d.out, format+"\n", args...) }

// open signs the terminals in.
func (d *day) open(ctx context.Context) error {
	d.say("A day of two shops: sixteen payments by card and by pay code, each told from the terminal's key to the merchant's phone;")
	d.say("some are declined, voided, lost on the line or answered too late. At the end the books of all sides are compared.")
	d.say("")
	for i, t := range d.terminals {
		if err := t.SignIn(ctx); err != nil {
			return err
		}
		if err := t.Echo(ctx); err != nil {
			return err
		}
		e := d.config.Terminals[i]
		d.say("terminal %s of merchant %s has signed in: work keys for PIN and MAC (%d bits), check values right; echo answered",
			e.ID, e.Merchant, e.MACBits)
	}
	return nil
}

// showFirst keeps the first sale as it was on the line; show prints it, field by field, with what must be hidden hidden.
func (d *day) showFirst() (show func()) {
	var first atomic.Pointer[[]byte]
	watch := func(frame []byte) {
		m := dialect.Terminal.New()
		defer m.Wipe()
		if m.Unpack(frame) == nil && m.MTI() == "0200" {
			first.CompareAndSwap(nil, &frame)
		}
	}
	d.front.watch.Store(&watch)
	return func() {
		d.front.watch.Store(nil)
		frame := first.Load()
		m := dialect.Terminal.New()
		defer m.Wipe()
		if frame == nil || m.Unpack(*frame) != nil {
			return
		}
		d.say("\n    that sale on the line, between terminal and switch:")
		var text strings.Builder
		m.Describe(&text)
		for line := range strings.Lines(text.String()) {
			fmt.Fprint(d.out, "      | ", line)
		}
	}
}

// step is one thing that happens in the day.
type step struct {
	title    string
	terminal int
	do       func(ctx context.Context, t *terminal.Terminal) (terminal.Entry, error)
	want     terminal.Status // in the end
	code     string          // the response code that belongs to it; empty for any
	order    string          // whose events the merchant gets
	events   []string        // which ones
	again    bool            // the merchant has had such events for the order before
}

// play runs a step, waits for its consequences and tells of them.
func (d *day) play(ctx context.Context, s step) error {
	d.number++
	d.say("\n%2d. %s", d.number, s.title)
	t := d.terminals[s.terminal]
	pressed := time.Now()
	e, err := s.do(ctx, t)
	if err != nil && e.STAN == "" {
		return fmt.Errorf("%s: %w", s.title, err)
	}
	d.say("      terminal  %s", describe(e, err))
	if e.Status == terminal.Uncertain {
		if err := t.Flush(ctx); err != nil {
			return err
		}
		e = d.entry(s.terminal, e)
		d.say("      terminal  reversal answered after %s: %s", milliseconds(time.Since(pressed)), e.Status)
	}
	if e.Status != s.want || s.code != "" && e.Code != s.code {
		return fmt.Errorf("%s: terminal has it %s with code %q, not %s with %q", s.title, e.Status, e.Code, s.want, s.code)
	}
	for _, kind := range s.events {
		if err := d.told(ctx, s, kind, pressed); err != nil {
			return err
		}
	}
	return nil
}

func describe(e terminal.Entry, err error) string {
	what := "sale of " + yuan(e.Amount) + " by " + e.Method
	if e.Void() {
		what = "void of " + yuan(e.Amount)
	}
	what = fmt.Sprintf("STAN %s, %s: %s", e.STAN, what, e.Status)
	switch {
	case e.Code != "" && e.Code != "00":
		what += ", response code " + e.Code
	case e.Reference != "":
		what += ", reference " + e.Reference
	}
	if err != nil {
		what += fmt.Sprintf(" (%v)", err)
	}
	return what + ", after " + milliseconds(e.Took)
}

// entry is what the terminal's journal has about a transaction now.
func (d *day) entry(terminal int, e terminal.Entry) terminal.Entry {
	for _, now := range d.terminals[terminal].Journal() {
		if now.STAN == e.STAN && now.Batch == e.Batch {
			return now
		}
	}
	return e
}

// told waits until the merchant has been told of an order, and tells what was posted.
func (d *day) told(ctx context.Context, s step, kind string, pressed time.Time) error {
	merchant := d.merchants[d.config.Terminals[s.terminal].Merchant]
	wanted := 1
	if s.again {
		wanted = 2
	}
	n, at, ok := merchant.Wait(ctx, s.order, kind, wanted)
	if !ok {
		return fmt.Errorf("%s: the merchant was not told %q", s.title, kind)
	}
	postings, err := d.ledger.Postings(ctx)
	if err != nil {
		return err
	}
	for i := range postings {
		if p := &postings[i]; payment.Reference(p.Row) == n.Transaction && p.Kind.String() == n.Type {
			d.say("      ledger    %s", describePosting(p))
		}
	}
	verb := map[string]string{"paid": "ARRIVED", "reversed": "taken back"}[kind]
	d.say("      merchant  %s: %s for order %s, payer %s, %s after the key was pressed", verb, yuan(n.Amount), n.Order, n.Payer, milliseconds(at.Sub(pressed)))
	return nil
}

func describePosting(p *ledger.Posted) string {
	text := "posted"
	for _, e := range p.Entries {
		text += fmt.Sprintf("  %s %s", e.Account, yuan(e.Amount))
	}
	return text
}

// close tells the balances.
func (d *day) close(b *books.Books) {
	d.say("\nend of the day:")
	balances := make(map[string]int64)
	for _, p := range b.Postings {
		for _, e := range p.Entries {
			balances[e.Account] += e.Amount
		}
	}
	for _, account := range sortedKeys(balances) {
		kind, name, _ := strings.Cut(account, ":")
		switch kind {
		case "receivable":
			d.say("      the %s owes %s", name, yuan(balances[account]))
		case "payable":
			d.say("      merchant %s is owed %s", name, yuan(-balances[account]))
		default:
			d.say("      the acquirer keeps %s of %s", yuan(-balances[account]), account)
		}
	}
}

var paid, paidAndReversed = []string{"paid"}, []string{"paid", "reversed"}

// script is the day.
func (d *day) script() []step {
	lost := func(fault simulator.Fault) func() { return func() { d.front.faults.Plan(fault) } }
	return []step{
		{title: "A card is swiped, with PIN", do: d.byCard("D-01", 55_88, 0, nil), want: terminal.Approved, order: "D-01", events: paid},
		{title: "A WeChat pay code is scanned", terminal: 1, do: d.byCode("D-02", 18_00, nil), want: terminal.Approved, order: "D-02", events: paid},
		{title: "A larger one: the payer types a password, the switch asks until it is done", do: d.byCode("D-03", 268_00, nil),
			want: terminal.Approved, order: "D-03", events: paid},
		{title: "A card without enough money", do: d.byCard("D-04", 99_51, 1, nil), want: terminal.Declined, code: "51"},
		{title: "A wrong PIN", terminal: 1, do: d.byCardWith("D-05", 12_00, 1, wrongPIN), want: terminal.Declined, code: "55"},
		{title: "The right PIN", terminal: 1, do: d.byCard("D-05", 12_00, 1, nil), want: terminal.Approved, order: "D-05", events: paid},
		{title: "The first sale is voided", do: d.voidOf(0, "D-01"), want: terminal.Approved, order: "D-01", events: []string{"reversed"}},
		{title: "The pay-code sale is voided", terminal: 1, do: d.voidOf(1, "D-02"), want: terminal.Approved, order: "D-02", events: []string{"reversed"}},
		{title: "The answer to a sale is lost on its way to the terminal", do: d.byCard("D-06", 31_40, 2, lost(lostAnswer)),
			want: terminal.Undone, order: "D-06", events: paidAndReversed},
		{title: "The same order once more", do: d.byCard("D-06", 31_40, 2, nil), want: terminal.Approved,
			order: "D-06", events: paid, again: true},
		{title: "And once too often, by pay code", do: d.byCode("D-06", 31_40, nil), want: terminal.Declined, code: "94"},
		{title: "The bank holds the money but says nothing: the switch reverses, nobody is told", terminal: 1,
			do: d.byCard("D-07", 77_00, 1, func() { d.bank.Faults.Plan(simulator.Silent) }), want: terminal.Undone},
		{title: "The wallet takes the money but its answer is lost: the switch asks", do: d.byCode("D-08", 45_00, func() { d.wallet.Faults.Plan(simulator.Silent) }),
			want: terminal.Approved, order: "D-08", events: paid},
		{title: "A request comes twice", terminal: 1, do: d.byCard("D-09", 20_00, 0, lost(twiceRequest)), want: terminal.Approved, order: "D-09", events: paid},
		{title: "A request comes late, after its reversal", do: d.byCode("D-10", 64_00, func() {
			d.front.faults.Storm(0, 4*time.Second)
			d.front.faults.Plan(lateRequest)
		}), want: terminal.Undone},
		{title: "The merchant's receiver is out of order twice", terminal: 1, do: d.byCode("D-11", 9_90, func() {
			d.merchants[merchantIDs[1]].Faults.Plan(simulator.Deaf, simulator.Silent)
		}), want: terminal.Approved, order: "D-11", events: paid},
	}
}

type doing = func(ctx context.Context, t *terminal.Terminal) (terminal.Entry, error)

// byCard is a sale with the PIN of the card; first arranges what goes wrong.
func (d *day) byCard(order string, amount int64, number int, first func()) doing {
	return func(ctx context.Context, t *terminal.Terminal) (terminal.Entry, error) {
		if first != nil {
			first()
		}
		c := d.cards[number]
		return t.Sale(ctx, terminal.Sale{Order: order, Amount: amount, Track2: c.track2, PIN: c.pin})
	}
}

func (d *day) byCardWith(order string, amount int64, number int, pin func(right pinblock.PIN) (pinblock.PIN, error)) doing {
	return func(ctx context.Context, t *terminal.Terminal) (terminal.Entry, error) {
		c := d.cards[number]
		wrong, err := pin(c.pin)
		if err != nil {
			return terminal.Entry{}, err
		}
		return t.Sale(ctx, terminal.Sale{Order: order, Amount: amount, Track2: c.track2, PIN: wrong})
	}
}

// wrongPIN differs from the right one in its first digits, which are the ones that the bank's verification value covers.
func wrongPIN(right pinblock.PIN) (pinblock.PIN, error) {
	digits := right.AppendClear(nil)
	defer clear(digits)
	digits[0] = '0' + (digits[0]-'0'+5)%10
	return pinblock.ParsePIN(digits)
}

func (d *day) byCode(order string, amount int64, first func()) doing {
	return func(ctx context.Context, t *terminal.Terminal) (terminal.Entry, error) {
		if first != nil {
			first()
		}
		code, err := d.payers.code()
		if err != nil {
			return terminal.Entry{}, err
		}
		return t.Sale(ctx, terminal.Sale{Order: order, Amount: amount, PayCode: code})
	}
}

func (d *day) voidOf(terminalNumber int, order string) doing {
	return func(ctx context.Context, t *terminal.Terminal) (terminal.Entry, error) {
		for _, e := range d.terminals[terminalNumber].Journal() {
			if e.Order == order && e.Status == terminal.Approved {
				return t.Void(ctx, e)
			}
		}
		return terminal.Entry{}, errors.New("no such sale")
	}
}
