package emv

import "bytes"

// AIDMatch is how an application of the card answers to one of the terminal's.
type AIDMatch uint8

// The matches. With a partial match the card's AID begins with the terminal's and is longer.
const (
	NoMatch AIDMatch = iota
	PartialMatch
	ExactMatch
)

// MatchAID compares the AID of a card application (ADF name) with one the terminal supports, 5 to 16 octets each. Which
// terminal applications may be matched in part is the terminal's application selection indicator; EMV Book 1 section
// 12.3.
func MatchAID(card, terminal []byte) AIDMatch {
	switch {
	case len(terminal) < 5 || len(card) > 16 || !bytes.HasPrefix(card, terminal):
		return NoMatch
	case len(card) == len(terminal):
		return ExactMatch
	}
	return PartialMatch
}
