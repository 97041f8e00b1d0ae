package ledger

import (
	"context"
	"errors"
	"time"

	"github.com/posline/posline/examples/realtime/payment"
)

// Store is the truth about the money. What an operation does is payment.Apply's to say; a store reads, calls it, and
// writes, all or nothing. SQLite is the default (ledger/sqlite); the simulation has a model of it (ledger/model); all
// pass the suite of ledger/storetest.
type Store interface {
	// Submit does an operation and tells done its result, once and not before it is durable. Operations that come while
	// an earlier commit runs go together in the next. done is called from another goroutine, must not block, and may
	// submit more.
	Submit(op payment.Op, done func(payment.Result))

	// Join makes the caller the one process of that node: it returns the node's new epoch, and whatever an earlier
	// process of the node still submits is Fenced. The lease runs from now for as long as Renew extends it.
	Join(ctx context.Context, node int32) (epoch int64, err error)

	// Renew extends the lease of a node, by the store's clock; ErrFenced when another process has joined in its place.
	Renew(ctx context.Context, node int32, epoch int64) error

	// Row returns a row, or ErrNotFound.
	Row(ctx context.Context, id int64) (payment.Row, error)

	// Open returns rows that have not ended and that a node may take over at that time of its own: its own that are due,
	// and those of an owner that has lost its epoch or its lease. Those due first come first, at most limit of them.
	Open(ctx context.Context, node int32, epoch, now int64, limit int) ([]payment.Row, error)

	// SignIn records a terminal's new session in the place of that of its Version, 0 for none, and sets the new version;
	// ErrStale where another came between. Session returns the latest, or ErrNotFound. Used forgets the keys before, once
	// those of that version have been used.
	SignIn(ctx context.Context, s *TerminalSession) error
	Session(ctx context.Context, terminal string) (TerminalSession, error)
	Used(ctx context.Context, terminal string, version int64) error

	Outbox
	Reader

	// Prune forgets the marks without a row that are older than the given time, and returns how many. A frame that is
	// older is not taken for other reasons: its batch is over, and so are the keys of its code.
	Prune(ctx context.Context, before int64) (int, error)

	// LastID returns an ID that no row of that node is above; 0 without any.
	LastID(ctx context.Context, node int32) (int64, error)

	Close() error
}

// Outbox is how notices leave. A notice is written with its posting; its sequence number is given by who relays it,
// because rows do not become visible in the order in which they were inserted.
type Outbox interface {
	// Waiting returns the merchants that have notices due at that time, and when the next one after it is due; 0 for never.
	Waiting(ctx context.Context, now int64) (merchants []string, next int64, err error)

	// Number gives the merchant's notices that have none yet the next sequence numbers, in the order of their postings.
	Number(ctx context.Context, merchant string) error

	// Due returns the merchant's numbered notices that are due, lowest first: of several about one payment only the first.
	Due(ctx context.Context, merchant string, now int64, limit int) ([]Outgoing, error)

	// Delivered records that the merchant has confirmed notices, Failed that one is to be tried again at that time, or
	// never (0): it is a dead letter then, and those behind it may go.
	Delivered(ctx context.Context, ids []int64, at int64) error
	Failed(ctx context.Context, id int64, again int64) error

	// After returns the merchant's numbered notices with a greater sequence number, lowest first.
	After(ctx context.Context, merchant string, seq int64, limit int) ([]Outgoing, error)

	// Changed returns a channel that is closed when a notice has been added after the call.
	Changed() <-chan struct{}
}

// Reader is what the comparison of the books reads.
type Reader interface {
	Rows(ctx context.Context) ([]payment.Row, error)
	Postings(ctx context.Context) ([]Posted, error)
	Notices(ctx context.Context) ([]Outgoing, error)
}

// TerminalSession is what a sign-in leaves. A terminal may use the keys before until it has used the new ones.
type TerminalSession struct {
	Terminal string
	Version  int64
	Batch    int
	Keys     []byte   // field 62 of the answer: the work keys under the terminal's master key
	Before   [][]byte // those of earlier sessions, oldest first; nil once the new ones have been used
	At       int64
	Asked    []int64 // the terminal's clock in its latest sign-ins; what has one of these times again is none
}

// Posted is a posting in the books.
type Posted struct {
	ID       int64 // ascends
	Row      int64
	Kind     payment.PostingKind
	Merchant string
	Amount   int64 // minor units, positive
	Fee      int64
	Currency string // ISO 4217, three digits
	At       int64
	Entries  []payment.Entry
}

// Outgoing is a notice on its way.
type Outgoing struct {
	ID        int64 // of its posting
	Due       int64 // when it may go; 0 when it is delivered, or a dead letter
	Delivered bool
	Dead      bool
	Tries     int
	Row       int64
	Tell      Tell
}

// Tell is the body of a notice, as the merchant gets it.
type Tell struct {
	Key         string    `json:"key"`      // the same however often it is delivered
	Sequence    int64     `json:"sequence"` // counts the merchant's notices without a gap; 0 before it is given
	Type        string    `json:"type"`     // "paid", "reversed" for one that was paid before, or "refunded"
	Merchant    string    `json:"merchant"`
	Terminal    string    `json:"terminal"`
	Order       string    `json:"order"`
	Transaction string    `json:"transaction"` // the reference number on the receipt
	Channel     string    `json:"channel"`
	Amount      int64     `json:"amount"`   // minor units
	Currency    string    `json:"currency"` // ISO 4217, three letters
	Payer       string    `json:"payer"`    // masked
	At          time.Time `json:"at"`
}

// NewOutgoing makes the notice of a posting.
func NewOutgoing(id int64, p *payment.Posting) Outgoing {
	r := &p.Row
	return Outgoing{ID: id, Due: p.At, Row: r.ID, Tell: Tell{Key: p.Key(), Type: p.Kind.String(), Merchant: r.Merchant,
		Terminal: r.Origin.Terminal, Order: r.Order, Transaction: r.Reference(), Channel: r.Channel, Amount: p.Amount,
		Currency: currencyName(r.Currency), Payer: r.Payer, At: time.UnixMilli(p.At).UTC()}}
}

// currencyName returns the letters of a currency's number; the number itself of one that no channel here takes.
func currencyName(number string) string {
	if number == "156" {
		return "CNY"
	}
	return number
}

// ErrNotFound is the error of a row or session that is not there.
var ErrNotFound = errors.New("ledger: not found")

// ErrStale is the error of a change of something that somebody else has changed since it was read.
var ErrStale = errors.New("ledger: somebody was faster")

// ErrFenced is the error of a process whose node another has joined as.
var ErrFenced = errors.New("ledger: another process works as this node")

// LeaseTime is how long a node's lease runs, in milliseconds; it is renewed three times as often.
const LeaseTime = 6_000
