package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/posline/posline/message"
	"github.com/posline/posline/spec"
)

// hypothesis is a variant of a spec and a division of the input, and how the one reads the other.
type hypothesis struct {
	candidate *candidate
	variant   *variant
	division  division

	messages int
	read     int     // messages that were read to their end
	share    float64 // of the bytes, read before a fault, summed up over the messages
	bits     float64 // that what was read has less than bytes of its size could hold
	doubts   int     // values that are read and make no sense
	faults   float64 // what those of messages count
	fault    string  // the first one
	doubt    string
}

// longest bounds what may be a message: no length header in use tells more.
const longest = 1 << 16

var errTooLong = errors.New("longer than any message")

// test reads the messages of a division.
func test(v *variant, d division) hypothesis {
	h := hypothesis{variant: v, division: d, messages: len(d.messages)}
	for i, m := range d.messages {
		err := errTooLong
		if len(m.wire) <= longest {
			err = v.message.UnpackAliasing(m.wire) // which stays
		}
		if err == nil {
			h.read++
			h.share++
			h.bits += evidence(v.message, d.alphabet)
			h.suspect(m)
			continue
		}
		h.count(m, err)
		if tried := i + 1; h.read == 0 && tried == enoughFaults {
			rest := float64(len(d.messages)) / float64(tried)
			h.share, h.bits, h.faults = h.share*rest, h.bits*rest, h.faults*rest
			break // the others are no better
		}
	}
	return h
}

// enoughFaults is after how many messages, of which none can be read, no others are looked at.
const enoughFaults = 9

// count takes in a message with a fault in it.
func (h *hypothesis) count(m sampled, err error) {
	if h.fault == "" {
		h.fault = at(m, err.Error())
	}
	h.faults += bitsPerFault
	var fault *message.Error
	if !errors.As(err, &fault) || fault.Offset <= 0 || len(m.wire) == 0 {
		return
	}
	skipped := min(h.variant.header, fault.Offset) // what is read as a header proves nothing
	h.share += float64(min(fault.Offset, len(m.wire)-1)-skipped) / float64(len(m.wire))
	if errors.Is(fault, message.ErrTruncated) {
		h.faults += bitsPerCut - bitsPerFault
	}
	if found := evidence(h.variant.message, h.division.alphabet); found > bitsPerType {
		h.bits += found
		h.suspectType(m)
		h.suspectTimes(m)
	}
}

// The weights of what is not information in bytes.
const (
	bitsPerDoubt   = 12
	bitsPerChoice  = 6
	bitsPerType    = 8
	bitsPerFault   = 24
	bitsPerCut     = 12 // of a message that ends too early
	bitsPerRest    = 12 // of what is left behind the last message
	bitsForAll     = 24 // of what reads everything, for what does not
	bitsPerForm    = 12 // of a form of dump that is not the likeliest
	bitsPerExample = 3  // of a spec that is one network's, for one of everybody's
)

// complete tells that all of the input is read.
func (h hypothesis) complete() bool { return h.read == h.messages && h.division.whole }

// score is how many bits speak for the hypothesis.
func (h hypothesis) score() float64 {
	score := h.bits - h.faults - bitsPerDoubt*float64(h.doubts) - bitsPerChoice*float64(h.variant.choices)
	switch {
	case h.complete():
		score += bitsForAll
	case !h.division.whole && !h.division.cutOff:
		score -= bitsPerRest
	}
	if h.division.named {
		score -= bitsPerForm
	}
	if strings.HasPrefix(h.variant.name, "example-") {
		score -= bitsPerExample
	}
	return score
}

// suspect looks for values that a message of another format would rather have.
func (h *hypothesis) suspect(from sampled) {
	h.suspectType(from)
	h.suspectTimes(from)
	if err := h.variant.message.Validate(); err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		h.suspicion(from, first)
	}
}

func (h *hypothesis) suspicion(from sampled, what string) {
	if h.doubts++; h.doubt == "" {
		h.doubt = at(from, what)
	}
}

func (h *hypothesis) suspectType(from sampled) {
	mti := h.variant.message.MTI()
	if want, ok := edition(h.variant.name); ok && mti[0] != want {
		h.suspicion(from, "message type "+mti+" is of another edition of the standard")
	}
	if !plausibleType([4]byte{mti[0] - '0', mti[1] - '0', mti[2] - '0', mti[3] - '0'}) {
		h.suspicion(from, "message type "+mti+" is none of the standard's")
	}
}

func (h *hypothesis) suspectTimes(from sampled) {
	m := h.variant.message
	for _, f := range h.variant.times {
		if !m.Has(f.number) {
			continue
		}
		v := m.Field(f.number)
		if _, err := v.Time(time.Now()); err != nil && strings.Trim(v.Text(), "0") != "" {
			h.suspicion(from, fmt.Sprintf("field %d is no %s", f.number, f.form))
		} else if err == nil {
			h.bits += 4 // of ten thousand values of four digits some four hundred are dates or times
		}
	}
}

// edition is the first digit of the message types of a built-in spec.
func edition(name string) (digit byte, ok bool) {
	for year, digit := range map[string]byte{"1987": '0', "1993": '1', "2003": '2'} {
		if strings.HasPrefix(name, "iso8583-"+year) {
			return digit, true
		}
	}
	return 0, false
}

func at(m sampled, what string) string {
	if m.place != "" {
		return m.place + ": " + what
	}
	return what
}

// evidence is how many bits of a message's bytes are not free once the spec is known: bytes of any other format would
// fit with a chance of one in two to that power. alphabet is how many bits a byte may have at all.
func evidence(m *message.Message, alphabet float64) float64 {
	found := 0.0
	for number := range m.Numbers() {
		v := m.Field(number)
		found += max(0, alphabet*float64(len(v.Wire()))-information(v))
	}
	return found + bitsPerType
}

// information is how many bits a value of its form can hold.
func information(v message.Value) float64 {
	attribute := v.Attribute()
	length := 0.0
	if !attribute.Fixed() {
		length = math.Log2(float64(attribute.Max) + 1)
	}
	parts := 0.0
	for _, part := range v.Parts() {
		parts += information(part) + bitsPerTag
	}
	if parts > 0 { // there are none where a message was not read to its end
		return length + parts
	}
	return length + float64(v.Len())*bitsPerCharacter(attribute.Content)
}

const bitsPerTag = 3

// bitsPerCharacter is the logarithm of how many characters a content has.
func bitsPerCharacter(c spec.Content) float64 {
	switch c &^ spec.ContentP {
	case spec.ContentN:
		return 3.32
	case spec.ContentZ, spec.ContentH:
		return 4
	case spec.ContentB:
		return 8
	case spec.ContentA, spec.ContentAN:
		return 5.95
	default:
		return 6.57
	}
}

// sureness is how sure the hypothesis is beside others.
func (h hypothesis) sureness(others []hypothesis) string {
	if !h.complete() {
		if h.read > 0 || h.bits >= bitsPerFault && !slices.ContainsFunc(others, hypothesis.complete) {
			return "in part"
		}
		return "no"
	}
	margin := math.Inf(1)
	for _, o := range others {
		if o.complete() {
			margin = min(margin, h.score()-o.score())
		}
	}
	switch {
	case margin < 10 || h.doubts > 1 || h.bits < 30 && margin < 20:
		return "possible"
	case margin >= 15 && h.doubts == 0 && h.bits >= 100:
		return "certain"
	default:
		return "likely"
	}
}

func (h hypothesis) how() string {
	how := fmt.Sprintf("reads %d of %d", h.read, h.messages)
	if h.read < h.messages {
		how += fmt.Sprintf(", %.0f %% of the bytes", 100*h.share/float64(h.messages))
	}
	return how
}

func (h hypothesis) why() string {
	switch {
	case h.fault != "":
		return h.fault
	case !h.division.whole:
		return "something is left behind the last message"
	case h.doubt != "":
		return "in doubt: " + h.doubt
	}
	return ""
}
