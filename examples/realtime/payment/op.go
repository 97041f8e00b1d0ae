package payment

// OpKind is what a flight wants of its store.
type OpKind uint8

// The operations. Each is done whole or not at all, and is on the disk when its result says Done.
const (
	Admit  OpKind = 1 + iota // a new row, as Sent
	Bar                      // what a reversal names: if it has not come it never will
	Change                   // a row, from the revision it was read at
	opKinds
)

var opNames = [opKinds]string{"", "admit", "bar", "change"}

// String implements fmt.Stringer.
func (k OpKind) String() string {
	if k >= opKinds {
		return "no operation"
	}
	return opNames[k]
}

// Op is an operation.
type Op struct {
	Kind     OpKind
	Row      Row    // the new row, what the reversal names, or the row as it is to be with the Rev it was read at
	Original Origin // Admit of a completion, void or refund: what it belongs to
	Ceiling  int64  // Admit: the most that the merchant may take in the business day; 0 for no limit
	Node     int32  // who asks
	Epoch    int64
}

// ResultKind is what became of an operation.
type ResultKind uint8

// The results.
const (
	Done          ResultKind = 1 + iota
	Duplicate                // Admit, Bar: it is here already, as Result.Row
	OrderTaken               // another payment holds, or may hold, the money for the order
	Barred                   // its reversal was here first
	OverLimit                // the merchant's limit of the day
	Stale                    // Change: somebody was faster, Result.Row is how it is now
	Fenced                   // the node's epoch is over: another process has its place
	Refused                  // for the reason of Result.Code
	Failed                   // not done: the store is in trouble
	ResultUnknown            // the store did not say
	resultKinds
)

var resultNames = [resultKinds]string{"", "done", "duplicate", "order taken", "barred", "over limit", "stale", "fenced", "refused", "failed", "unknown"}

// String implements fmt.Stringer.
func (k ResultKind) String() string {
	if k >= resultKinds {
		return "no result"
	}
	return resultNames[k]
}

// Result is what became of an operation.
type Result struct {
	Kind   ResultKind
	Row    Row
	Parent Row    // of a completion, void or refund, where Kind is Done or Duplicate
	Code   string // response code of a refusal
}

// Mark is what an Origin stands for: a row, or, without one, a request that nothing may come of any more because its
// reversal was here first (no Code) or because it was refused (with the Code that it was told).
type Mark struct {
	ID          int64
	Code        string
	Amount      int64
	Hash, Order string
	At          int64
}

// View is what Apply reads of a store.
type View interface {
	Mark(o Origin) (Mark, bool)
	Row(id int64) (Row, bool)
	Claim(merchant, order string) bool         // somebody has the order
	Used(merchant string, day int32) int64     // what the merchant has taken, or may have taken
	Node(node int32) (epoch int64, alive bool) // its latest epoch, and whether its lease has not ended
}

// PostingKind is why money moves.
type PostingKind uint8

// The kinds. Each posting has its notice, of the same kind.
const (
	Paid      PostingKind = 1 + iota
	TakenBack             // Paid is undone, by a void or a reversal
	Refunded
	postingKinds
)

var postingNames = [postingKinds]string{"", "paid", "reversed", "refunded"}

// String returns the kind as a notice names it.
func (k PostingKind) String() string {
	if k >= postingKinds {
		return "no kind"
	}
	return postingNames[k]
}

// Posting moves an amount between the channel that owes it and the merchant who is owed it, less the fee. It is of a
// row, and a row has at most one of each kind.
type Posting struct {
	Row    Row
	Kind   PostingKind
	Amount int64 // positive
	Fee    int64
	At     int64
}

// Entry is one side of a posting. What an account gets is positive; the entries of a posting sum to zero.
type Entry struct {
	Account string
	Amount  int64
}

// Entries returns the sides of the posting; those of nothing are left out.
func (p *Posting) Entries() []Entry {
	sign := int64(1)
	if p.Kind != Paid {
		sign = -1
	}
	list := []Entry{
		{"receivable:" + p.Row.Channel, sign * p.Amount},
		{"payable:" + p.Row.Merchant, sign * (p.Fee - p.Amount)},
	}
	if p.Fee != 0 {
		list = append(list, Entry{"fees", -sign * p.Fee})
	}
	return list
}

// Key is the posting's, and its notice's, for ever.
func (p *Posting) Key() string { return p.Row.Reference() + "-" + p.Kind.String() }

// Write is what an operation changes.
type Write struct {
	Origin   Origin
	Mark     Mark
	Marked   bool  // insert the mark
	Rows     []Row // new at Rev 1, else replaced
	Claim    []Row // whose orders are taken by them
	Release  []Row // whose orders are free again
	Use      []Use // of the merchants' limits
	Postings []Posting
}

// Use is a change of what a merchant has taken in a business day.
type Use struct {
	Merchant string
	Day      int32
	Amount   int64
}
