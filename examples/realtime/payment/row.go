package payment

// Kind is what a row is. The zero value is none.
type Kind uint8

// The kinds. A void takes back a sale, a pre-authorisation or a completion whole, a refund takes back a sale or a
// completion in part or whole, and a completion takes what a pre-authorisation has reserved.
const (
	Sale Kind = 1 + iota
	Auth
	Completion
	Void
	Refund
	kinds
)

var kindNames = [kinds]string{"", "sale", "pre-authorisation", "completion", "void", "refund"}

// Known reports whether k is one of the kinds.
func (k Kind) Known() bool { return k > 0 && k < kinds }

// String implements fmt.Stringer.
func (k Kind) String() string {
	if !k.Known() {
		return "no kind"
	}
	return kindNames[k]
}

// Captures reports whether an approval moves money to the merchant.
func (k Kind) Captures() bool { return k == Sale || k == Completion }

// Carried reports whether a row of the kind is carried through once it is recorded: it is asked for again until there is
// an answer, and nobody can reverse it.
func (k Kind) Carried() bool { return k == Void || k == Refund }

// State is how a row stands.
type State uint8

// The states. Sent is committed before the channel hears of the payment. Unknown says that the channel has not
// answered and that the payment is being taken back. An approved row that has an Undo is posted, and being taken back.
const (
	Sent State = 1 + iota
	Unknown
	Approved
	Declined
	Reversed
	states
)

var stateNames = [states]string{"", "SENT", "UNKNOWN", "APPROVED", "DECLINED", "REVERSED"}

// Known reports whether s is one of the states.
func (s State) Known() bool { return s > 0 && s < states }

// String implements fmt.Stringer.
func (s State) String() string {
	if !s.Known() {
		return "no state"
	}
	return stateNames[s]
}

// Undo is why a payment is to be taken back.
type Undo uint8

// The reasons.
const (
	Keep    Undo = iota
	Asked        // its terminal has sent a reversal
	GivenUp      // its channel does not say how it went
	undos
)

var undoNames = [undos]string{"", "asked", "given up"}

// String implements fmt.Stringer.
func (u Undo) String() string {
	if u >= undos {
		return "no reason"
	}
	return undoNames[u]
}

// Origin names a request for ever: no terminal uses a STAN twice in a batch. There is no date in it.
type Origin struct {
	Acquirer string // identification code, field 32
	Terminal string // field 41
	Batch    string // field 60.2, six digits
	STAN     string // field 11, six digits
}

// Row is what is kept of a payment. It is plain data and comparable. Times are milliseconds since 1970, amounts minor
// units. There is no card number in it.
type Row struct {
	ID    int64 // unique for ever, also when a database is lost: see Reference
	Kind  Kind
	State State
	Undo  Undo

	Origin   Origin
	Merchant string // field 42
	Order    string // the merchant's own number; empty for a void or refund
	Amount   int64  // asked for
	Currency string // ISO 4217, three digits
	Entry    string // POS entry mode, field 22
	Payer    string // masked card number or pay code
	Hash     string // keyed hash of the same

	Parent   int64 // row that a completion, void or refund belongs to
	Approved int64 // what the channel has approved: less than Amount after a partial approval
	Captured int64 // of a pre-authorisation: what completions have taken, or are about to
	Refunded int64 // what refunds have taken back, or are about to
	Void     int64 // row of the void that takes it back
	FeePPM   int64 // of Approved, in millionths
	Day      int32 // business day, YYYYMMDD
	Settled  int32 // settlement day, YYYYMMDD; 0 while it is open: what is settled or paid out is not reversed any more

	Channel    string // bank, wallet: who holds the money
	Line       string // of the channel
	ChannelRef string // what the channel calls the payment, up to 32 characters
	Auth       string // authorisation code, field 38, up to 6 characters
	Code       string // response code for the terminal, field 39

	At    int64 // when the request came, which is the time in its messages to the channel
	Owner int32 // the node that works on it
	Epoch int64 // of the owner
	Due   int64 // when somebody must look at it again at the latest; 0 when it has ended
	Rev   int64 // counts the changes
}

// Ended reports whether nothing is to be done for the row any more.
func (r *Row) Ended() bool {
	switch r.State {
	case Declined, Reversed:
		return true
	case Approved:
		return r.Undo == Keep
	}
	return false
}

// Posted reports whether the row's money is on the merchant's account.
func (r *Row) Posted() bool { return r.Kind.Captures() && r.State == Approved }

// Same reports whether a request is the one that a row was made from, and not another under its number.
func (r *Row) Same(request *Row) bool {
	return r.Kind == request.Kind && r.Amount == request.Amount && r.Order == request.Order && r.Hash == request.Hash &&
		r.Currency == request.Currency && r.Merchant == request.Merchant
}

// reversedBy reports whether a reversal is of the row, and not of something else under its number.
func (r *Row) reversedBy(asked *Row) bool {
	return r.Kind == asked.Kind && r.Amount == asked.Amount && r.Entry == asked.Entry && r.Merchant == asked.Merchant
}

// Fee returns the fee on an amount, rounded half up.
func (r *Row) Fee(amount int64) int64 { return (amount*r.FeePPM + 500_000) / 1_000_000 }

// committed returns the row as a Change leaves it.
func (r Row) committed() Row {
	r.Rev++
	if r.Ended() {
		r.Due = 0
	} else {
		r.Due = max(r.Due, 1) // stores look for open rows by it
	}
	return r
}
