package payment

// Response codes that the switch gives for reasons of its own.
const (
	codeNotAllowed = "40" // it cannot be undone that way any more
	codeUnknown    = "98" // the outcome is not known
	codeFailed     = "96" // the switch itself is in trouble
	codeBarred     = "22" // the reversal was here first; or, to a reversal: it stands
	codeNoOriginal = "25"
	codeState      = "12" // the original is not in a state for it
	codeAmount     = "64" // it is not the original's amount, type or entry mode
	codeDuplicate  = "94" // the same number for something else, or the order is taken
	codeLimit      = "61"
	codeNotSent    = "92" // no way to the channel
	codeApproved   = "00"
)

// completionPercent is how much of a pre-authorisation may be completed.
const completionPercent = 115

// Apply says what an operation does to a store that is as the view says, and at that time. It is the only place where
// rows, claims, limits and postings follow from each other; a store reads, calls it, and writes.
func Apply(v View, op *Op, now int64) (Result, Write) {
	seedOp(v, op)
	result, w := apply(v, op, now)
	seedWrite(op, &result, &w)
	return result, w
}

func apply(v View, op *Op, now int64) (Result, Write) {
	if epoch, _ := v.Node(op.Node); epoch != op.Epoch {
		return Result{Kind: Fenced}, Write{}
	}
	switch op.Kind {
	case Admit:
		return admit(v, op)
	case Bar:
		return bar(v, op)
	case Change:
		return change(v, op, now)
	}
	return Result{Kind: Refused, Code: codeFailed}, Write{}
}

func admit(v View, op *Op) (Result, Write) {
	if mark, ok := v.Mark(op.Row.Origin); ok {
		return repeat(v, op, mark), Write{}
	}
	row := op.Row
	row.State, row.Undo, row.Rev = Sent, Keep, 1
	w := Write{Origin: row.Origin, Mark: Mark{ID: row.ID, At: row.At}, Marked: true}
	refuse := func(kind ResultKind, code string) (Result, Write) {
		return Result{Kind: kind, Code: code}, Write{Origin: row.Origin, Marked: true,
			Mark: Mark{Code: code, Amount: row.Amount, Hash: row.Hash, Order: row.Order, At: row.At}}
	}
	var parent Row
	if row.Kind == Completion || row.Kind.Carried() {
		var code string
		if parent, code = claimParent(v, op); code != "" {
			return refuse(Refused, code)
		}
		row.Parent, row.Order, row.Channel, row.Line, row.FeePPM = parent.ID, parent.Order, parent.Channel, parent.Line, parent.FeePPM
		row.Payer, row.Hash = parent.Payer, parent.Hash
		w.Rows = append(w.Rows, parent)
	} else {
		if v.Claim(row.Merchant, row.Order) {
			return refuse(OrderTaken, codeDuplicate)
		}
		w.Claim = append(w.Claim, row)
	}
	if row.Kind.Captures() {
		if op.Ceiling > 0 && v.Used(row.Merchant, row.Day)+row.Amount > op.Ceiling {
			return refuse(OverLimit, codeLimit)
		}
		w.Use = append(w.Use, Use{row.Merchant, row.Day, row.Amount})
	}
	w.Rows = append(w.Rows, row)
	return Result{Kind: Done, Row: row, Parent: parent}, w
}

// repeat answers a request whose origin is here already.
func repeat(v View, op *Op, mark Mark) Result {
	if mark.ID == 0 {
		switch {
		case mark.Code == "":
			return Result{Kind: Barred, Code: codeBarred}
		case mark.Amount != op.Row.Amount || mark.Hash != op.Row.Hash || mark.Order != op.Row.Order:
			return Result{Kind: Refused, Code: codeDuplicate}
		}
		return Result{Kind: Refused, Code: mark.Code}
	}
	row, _ := v.Row(mark.ID)
	asked := op.Row
	var parent Row
	if row.Parent != 0 {
		parent, _ = v.Row(row.Parent)
		asked.Order, asked.Hash = row.Order, row.Hash // which were taken from the parent
	}
	if (!row.Same(&asked) || parent.Origin != op.Original) && !seedUnmatched("repeat-unmatched") {
		return Result{Kind: Refused, Code: codeDuplicate}
	}
	return Result{Kind: Duplicate, Row: row, Parent: parent}
}

// claimParent finds the row that a completion, void or refund belongs to, and takes from it what the new row asks for.
func claimParent(v View, op *Op) (parent Row, code string) {
	row := &op.Row
	mark, ok := v.Mark(op.Original)
	if !ok || mark.ID == 0 {
		return parent, codeNoOriginal
	}
	parent, _ = v.Row(mark.ID)
	if parent.Merchant != row.Merchant || parent.Currency != row.Currency {
		return parent, codeNoOriginal
	}
	if parent.State != Approved || parent.Undo != Keep {
		return parent, codeState
	}
	switch {
	case row.Kind == Completion && parent.Kind == Auth:
		if parent.Captured > 0 || parent.Void != 0 {
			return parent, codeState
		}
		if row.Amount*100 > parent.Approved*completionPercent {
			return parent, codeAmount
		}
		parent.Captured += row.Amount
	case row.Kind == Void && (parent.Kind == Auth || parent.Kind.Captures()):
		if parent.Origin.Batch != row.Origin.Batch || parent.Origin.Terminal != row.Origin.Terminal {
			return parent, codeNoOriginal
		}
		if parent.Refunded > 0 || parent.Captured > 0 || parent.Void != 0 || parent.Settled != 0 {
			return parent, codeState
		}
		if row.Amount != parent.Approved {
			return parent, codeAmount
		}
		parent.Void = row.ID
	case row.Kind == Refund && parent.Kind.Captures() && parent.Void == 0:
		if parent.Refunded+row.Amount > parent.Approved {
			return parent, codeAmount
		}
		parent.Refunded += row.Amount
	default:
		return parent, codeState
	}
	parent.Rev++
	return parent, ""
}

func bar(v View, op *Op) (Result, Write) {
	mark, ok := v.Mark(op.Row.Origin)
	switch {
	case !ok:
		return Result{Kind: Done}, Write{Origin: op.Row.Origin, Mark: Mark{Amount: op.Row.Amount, At: op.Row.At}, Marked: true}
	case mark.ID == 0:
		return Result{Kind: Barred}, Write{}
	}
	row, _ := v.Row(mark.ID)
	return Result{Kind: Duplicate, Row: row}, Write{}
}

func change(v View, op *Op, now int64) (Result, Write) {
	was, ok := v.Row(op.Row.ID)
	switch {
	case !ok:
		return Result{Kind: Refused, Code: codeFailed}, Write{}
	case was.Rev != op.Row.Rev:
		parent, _ := v.Row(was.Parent)
		return Result{Kind: Stale, Row: was, Parent: parent}, Write{}
	case !legal(&was, &op.Row) || !mayOwn(v, op, &was):
		return Result{Kind: Refused, Row: was, Code: codeFailed}, Write{}
	}
	row := op.Row.committed()
	w := Write{Rows: []Row{row}}
	result := Result{Kind: Done, Row: row}
	if row.Parent != 0 {
		result.Parent, _ = v.Row(row.Parent)
	}
	if row.State != was.State {
		w.follow(&was, &row, now)
		w.followParent(&was, &row, &result.Parent, now)
	}
	return result, w
}

// legal reports whether a row may become another.
func legal(was, row *Row) bool {
	if was.Undo != Keep && row.Undo == Keep && row.State != Declined {
		return false
	}
	if was.State == row.State {
		return row.State != Declined && row.State != Reversed
	}
	open := was.State == Sent || was.State == Unknown
	switch row.State {
	case Unknown:
		return was.State == Sent && row.Undo != Keep && !row.Kind.Carried()
	case Approved:
		return open && row.Undo == Keep && row.Approved > 0 && row.Approved <= row.Amount
	case Declined:
		return open && row.Kind != Void
	case Reversed:
		return (open || was.State == Approved) && was.Undo != Keep && was.Refunded == 0 && was.Captured == 0 && was.Void == 0 && !row.Kind.Carried()
	}
	return false
}

// mayOwn reports whether the one who asks may work on the row: it is the owner's, or its owner's time is over.
func mayOwn(v View, op *Op, was *Row) bool {
	if op.Row.Owner == was.Owner && op.Row.Epoch == was.Epoch {
		return op.Row.State == was.State || was.Owner == op.Node && was.Epoch == op.Epoch
	}
	if op.Row.Owner != op.Node || op.Row.Epoch != op.Epoch {
		return false
	}
	epoch, alive := v.Node(was.Owner)
	return was.Owner == op.Node || was.Ended() || epoch != was.Epoch || !alive
}

// follow adds what the change of a row's state means for its order, its limit and the money.
func (w *Write) follow(was, row *Row, now int64) {
	ended := row.State == Declined || row.State == Reversed
	if ended && (row.Kind == Sale || row.Kind == Auth) {
		w.Release = append(w.Release, *row)
	}
	if row.Kind.Captures() {
		switch {
		case row.State == Approved && row.Approved < row.Amount:
			w.Use = append(w.Use, Use{row.Merchant, row.Day, row.Approved - row.Amount})
		case ended && was.State == Approved:
			w.Use = append(w.Use, Use{row.Merchant, row.Day, -row.Approved})
		case ended:
			w.Use = append(w.Use, Use{row.Merchant, row.Day, -row.Amount})
		}
	}
	switch {
	case row.Posted() && !was.Posted():
		w.Postings = append(w.Postings, Posting{*row, Paid, row.Approved, row.Fee(row.Approved), now})
	case was.Posted() && row.State == Reversed:
		w.Postings = append(w.Postings, Posting{*row, TakenBack, row.Approved, row.Fee(row.Approved), now})
	case row.Kind == Refund && row.State == Approved:
		w.Postings = append(w.Postings, Posting{*row, Refunded, row.Approved, 0, now})
	}
}

// followParent adds what the end of a completion, void or refund means for the row it belongs to.
func (w *Write) followParent(was, row, parent *Row, now int64) {
	switch {
	case row.Parent == 0:
		return
	case row.Kind == Void && row.State == Approved:
		before := *parent
		parent.State, parent.Due = Reversed, 0
		w.follow(&before, parent, now)
	case row.Kind == Refund && row.State == Declined:
		parent.Refunded -= row.Amount
	case row.Kind == Completion && (row.State == Declined || row.State == Reversed):
		parent.Captured -= was.Approved
		if was.State != Approved {
			parent.Captured -= row.Amount
		}
	case row.Kind == Completion && row.State == Approved:
		parent.Captured -= row.Amount - row.Approved
	default:
		return
	}
	parent.Rev++
	w.Rows = append(w.Rows, *parent)
}
