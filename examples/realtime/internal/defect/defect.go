// Package defect names the faults that can be seeded into this program, to see its proofs find them. Without the build tag
// seeded none of them exists: Is is false, and the files that hold them are not compiled. With it, the environment
// variable REALTIME_DEFECT names the one that is active.
//
// A defect stands in a file seeded.go of its package, behind a hook that is empty in the file sound.go beside it.
package defect

// Variable is the environment variable that names the active defect.
const Variable = "REALTIME_DEFECT"

// Defect is a fault that can be seeded.
type Defect struct {
	Name string `json:"name"`
	What string `json:"what"`
	By   Mode   `json:"found_by"` // the quickest to find it
}

// Mode is a way to run the program.
type Mode string

// The modes.
const (
	Sim     Mode = "sim"
	Explore Mode = "explore"
	Chaos   Mode = "chaos"
)

// All are the defects.
var All = []Defect{
	// Of what is not known.
	{"guess-declined", "a bank that does not answer is taken for one that has declined", Sim},
	{"absent-is-undone", "a bank that has never heard of a payment is taken for one that will never do it", Sim},
	{"absent-is-declined", "a wallet that has never heard of a payment is taken for one that has declined it", Sim},
	{"undo-once", "an undoing that is not answered is taken for done", Sim},
	{"give-up-quietly", "a payment without an answer is given up and not taken back", Sim},
	{"silence-is-declined", "a terminal takes silence for a refusal", Sim},
	{"unknown-code-declined", "a terminal takes the codes of an unknown outcome for refusals", Sim},
	{"unknown-is-declined", "the switch takes the bank's codes of an unknown outcome for refusals", Sim},
	{"only-00-approved", "the switch takes approvals with other codes than 00 for refusals", Sim},
	{"reversal-given-up", "a terminal takes a reversal for done after its second try", Sim},

	// Of the money.
	{"partial-as-whole", "the whole of what was approved in part is posted", Sim},
	{"partial-shown-whole", "a terminal shows the whole of what was approved in part", Sim},
	{"posting-of-asked", "what was asked for is posted, and not what was approved", Sim},
	{"fee-kept", "the fee of what is taken back is not given back", Sim},
	{"fee-rounded-down", "fees are rounded down", Sim},
	{"refund-twice", "refunds are posted twice as high", Sim},
	{"void-unposted", "a void takes money back that stays in the books", Sim},
	{"currency-lost", "some payments are kept in another currency", Sim},

	// Of orders and limits.
	{"order-unclaimed", "an order is not claimed by its payment", Sim},
	{"order-not-freed", "an order whose payment failed stays taken", Sim},
	{"limit-ignored", "a merchant's limit does not hold", Sim},
	{"limit-not-freed", "what a merchant gave back stays on its limit", Sim},

	// Of order, of repetition and of who works on what.
	{"forget-early-reversal", "the reversal of a sale that has not come yet is not remembered", Sim},
	{"reversal-unflagged", "a reversal is answered and not recorded", Sim},
	{"lost-update", "a change is made whatever came between", Explore},
	{"stale-is-done", "a change that came too late is taken for done", Explore},
	{"epoch-ignored", "a process works on after another has its place", Sim},
	{"ids-start-over", "a new process counts references from 1", Sim},
	{"nothing-adopted", "what a dead process has left behind is not taken up", Sim},

	{"repeat-unmatched", "another request under the number of an earlier one is taken for that one", Sim},
	{"refunded-reversed", "what was given back in part can be reversed as well", Sim},
	{"reversal-unmatched", "a reversal is not compared with what it reverses", Sim},

	// Of what must be durable.
	{"unknown-commit-done", "a commit without a result is taken for done", Sim},
	{"reply-before-commit", "a terminal is answered before the outcome is recorded", Explore},
	{"intent-after-write", "the channel hears of a payment before it is recorded", Sim},
	{"told-before-commit", "the store tells results before they are on the disk", Chaos},
	{"send-unrecorded", "a terminal sends what is not on its disk", Sim},
	{"show-unrecorded", "a terminal shows a result that is not on its disk", Sim},
	{"stan-reused", "a terminal forgets its last number with its power", Sim},

	// Of keys, codes and PINs.
	{"mac-unchecked", "the switch does not check the codes of requests", Sim},
	{"device-unchecked", "the switch takes a device for any terminal that it says it is", Sim},
	{"sign-in-replayed", "the switch takes a sign-in that was heard on the line and sent again", Sim},
	{"answer-mac-wrong", "the switch answers with wrong codes", Sim},
	{"answer-unverified", "a terminal does not check the codes of answers", Sim},
	{"bank-unverified", "the switch does not check the codes of the bank's answers", Sim},
	{"bank-unmatched", "the switch takes any answer of the bank for the one to its request", Sim},
	{"wallet-unverified", "the switch does not check the signatures of the wallet's answers", Sim},
	{"wallet-unmatched", "the switch takes any answer of the wallet for the one to its request", Sim},
	{"answer-unmatched", "a terminal takes any answer for the one to its request", Sim},
	{"sign-in-ordered", "a sign-in of a time to come, which needs no key, keeps the terminal's own out until then", Sim},
	{"keys-before-refused", "the keys of a terminal end when others are given, also where it does not get them", Sim},
	{"keys-cached", "the switch does not learn of a sign-in at another node", Sim},
	{"pin-dropped", "the bank does not get the PIN", Sim},
	{"pin-untranslated", "the bank gets the PIN under the terminal's key", Sim},
	{"pan-kept", "card numbers are kept in the clear", Sim},
	{"field-90-date", "a reversal does not name the time of its original", Sim},
	{"bad-is-declined", "a terminal takes an answer with a wrong code for a refusal", Sim},

	// Of notices.
	{"notice-missing", "what is taken back has no notice", Chaos},
	{"notice-tried-once", "a notice that fails is not sent again", Chaos},
	{"new-key-on-retry", "a notice that is sent again has another key", Chaos},
	{"stream-skips", "a stream that is resumed misses a notice", Chaos},
}
