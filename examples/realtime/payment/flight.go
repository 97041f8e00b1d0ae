package payment

// Rules are what a flight must know about its channel. Times are milliseconds.
type Rules struct {
	Queries   bool  // the channel can be asked how a payment went
	Patience  int64 // how long a terminal is kept waiting for a channel
	Ask       int64 // how long the channel may take for the payment itself; at most Patience
	Pause     int64 // before a query, and before the second try of what is tried until it succeeds
	MaxPause  int64 // tries are further and further apart, up to this
	FrameLife int64 // how long after it was sent a request may still reach whoever acts on it
	MaxAge    int64 // of a payment that a terminal may still reverse; 0 for any
}

// Phase is what a flight waits for.
type Phase uint8

// The phases, with what ends each.
const (
	Idle      Phase = iota
	Admitting       // the Result of Admit
	Asking          // the answer to Do
	Waiting         // a timer, before Query
	Querying        // the answer to Query
	Deciding        // the Result of the outcome
	GivingUp        // the Result of Unknown
	Undoing         // the answer to Undo
	Again           // a timer, before Undo or, for a row that is carried, Do
	Closing         // the Result of Reversed, or of a void's Approved
	Looking         // a reversal: the Result of Bar
	Flagging        // a reversal: the Result of Undo
	Adopting        // the Result of a new owner
	Resubmit        // a timer, before the operation whose result was not known is repeated
	Ended
	phases
)

var phaseNames = [phases]string{"idle", "admitting", "asking", "waiting", "querying", "deciding", "giving up", "undoing",
	"again", "closing", "looking", "flagging", "adopting", "resubmit", "ended"}

// String implements fmt.Stringer.
func (p Phase) String() string {
	if p >= phases {
		return "no phase"
	}
	return phaseNames[p]
}

// Flight is the work on one payment at one node. It is plain data and comparable; the zero value with Rules, Node and
// Epoch is ready for the event that begins it: Requested, ReversalAsked or Adopted.
type Flight struct {
	Rules Rules
	Node  int32
	Epoch int64

	Phase  Phase
	After  Phase  // of Resubmit: what it goes back to
	Row    Row    // as it was committed last
	Parent Row    // of a completion, void or refund
	Op     Op     // the operation whose result is waited for
	ID     uint32 // of the last command: a result or timer with another is too late
	Reply  bool   // the terminal waits
	Tries  int
}

// EventKind is what happens to a flight.
type EventKind uint8

// The events.
const (
	Requested     EventKind = 1 + iota // a terminal asks for Row, Original and Ceiling
	ReversalAsked                      // a terminal reverses what Row names
	Adopted                            // Row was left behind
	Committed                          // Result of the operation ID
	Answered                           // Answer to what ID asked the channel
	Fired                              // the timer ID
	eventKinds
)

var eventNames = [eventKinds]string{"", "requested", "reversal asked", "adopted", "committed", "answered", "fired"}

// String implements fmt.Stringer.
func (k EventKind) String() string {
	if k >= eventKinds {
		return "no event"
	}
	return eventNames[k]
}

// Event is something that happens to a flight.
type Event struct {
	Kind     EventKind
	Now      int64
	ID       uint32
	Row      Row
	Original Origin
	Ceiling  int64
	Result   Result
	Answer   Answer
}

// Outcome is what a channel knows. The zero value is the careful one.
type Outcome uint8

// The outcomes.
const (
	OutcomeUnknown  Outcome = iota // it may hold money
	OutcomeApproved                // to Do and Query: it does
	OutcomeDeclined                // it does not, and never will
	OutcomeAbsent                  // it has never heard of it, but it may still be on its way
	OutcomeUnsent                  // to Do: nothing has left this machine, and nothing will
	OutcomeUndone                  // to Undo: it held money, or might have, and never will again
	outcomes
)

var outcomeNames = [outcomes]string{"unknown", "approved", "declined", "absent", "unsent", "undone"}

// String implements fmt.Stringer.
func (o Outcome) String() string {
	if o >= outcomes {
		return "no outcome"
	}
	return outcomeNames[o]
}

// Answer is what a channel says. Whoever makes one has compared it with what was asked.
type Answer struct {
	Outcome Outcome
	Code    string // response code, field 39
	Amount  int64  // approved; 0 for all of it
	Auth    string
	Ref     string
}

// CommandKind is what a flight wants done.
type CommandKind uint8

// The commands.
const (
	Commit CommandKind = 1 + iota // Op; its result comes as Committed, once
	Ask                           // Verb over the channel of Row; the answer comes as Answered, once, within Within
	Arm                           // a timer of Within milliseconds, in place of the last one; it comes as Fired
	Reply                         // the terminal gets Code and what Row has; without a Code it gets nothing
	Alarm                         // people should look at Row
)

// Verb is what a channel is asked to do.
type Verb uint8

// The verbs.
const (
	Do    Verb = 1 + iota // move the money of Row
	Query                 // how did Row go?
	Take                  // back Row: it must not hold money any more
)

// Command is something a flight wants done.
type Command struct {
	Kind   CommandKind
	ID     uint32
	Op     Op
	Verb   Verb
	Row    Row
	Parent Row  // of Row, for Do
	Again  bool // it may have been asked before
	Within int64
	Code   string
}
