package card

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/oda"
)

// A Reader is a terminal's side of a chip transaction, for tests, simulators and examples: it sends the commands in their
// order and keeps what the card gave, so that its caller sees no APDU. What a terminal has to decide is not here but in
// package emv, as functions over Card and Terminal. Set Transmit and Terminal; it is for one transaction and not safe for
// concurrent use. It prints nothing of the card.
type Reader struct {
	// Transmit sends a command to the card and returns its response with SW1 SW2. Of a virtual card: Card.Transmit.
	Transmit func(command []byte) []byte

	// Over is how the card is read. The zero value is over contacts.
	Over emv.Interface

	// Terminal holds the terminal's data objects, those of the card's lists among them: amount, TVR, date, 9F37 ...
	// They may be changed between the commands, see Set; objects of the same tag count before the card's.
	Terminal emv.TLV

	card     emv.TLV // the card's data objects, without their templates
	selected emv.TLV // of them those of the selection
	answer   emv.TLV // those that came with the last cryptogram
	static   []byte  // to be authenticated
	unsound  error   // why there are no static data; a card that is not authenticated pays without them
	sent     []byte  // PDOL and CDOL data, for combined signatures
	atOnce   bool    // the cryptogram came with the processing options
	given    bool    // or with GENERATE AC
	ended    bool    // that was the last one
	chain    chain   // of the certificates, once the card is authenticated
	unproven bool    // the chain is good, and the card has yet to sign something
}

// Format hides what the reader holds, whatever the verb.
func (r *Reader) Format(f fmt.State, _ rune) { fmt.Fprint(f, "Reader(hidden)") }

// ErrResponse: the card's response is not what the command calls for.
var ErrResponse = errors.New("card: unexpected response")

// ErrNoApplication: the card has no application that the terminal has, or none that lets itself be selected.
var ErrNoApplication = errors.New("card: no common application")

// StatusError is a status word other than 9000.
type StatusError struct {
	Command byte // INS
	Status  uint16
}

// Error names both.
func (e *StatusError) Error() string {
	return fmt.Sprintf("card: command %02X: status %04X", e.Command, e.Status)
}

// TriesLeft returns how many PIN tries the card says are left; false when the status is of something else.
func (e *StatusError) TriesLeft() (int, bool) {
	switch {
	case e.Status&0xFFF0 == uint16(statusWrongPIN):
		return int(e.Status & 0xF), true
	case e.Status == uint16(statusBlocked):
		return 0, true
	}
	return 0, false
}

// command sends one and returns the data of its response.
func (r *Reader) command(cla, ins, p1, p2 byte, data []byte) ([]byte, error) {
	c := []byte{cla, ins, p1, p2}
	if len(data) > 255 {
		return nil, fmt.Errorf("%w: the card asks for more data than a command holds", ErrResponse)
	}
	if len(data) > 0 {
		c = append(append(c, byte(len(data))), data...)
	}
	return r.transmit(append(c, 0))
}

// maximumParts is in how many parts a response may come. EMV's have at most 256 octets.
const maximumParts = 8

// transmit sends a command and returns the data of its response. Where the way to the card leaves it to its user, as that
// of the protocol T=0 may, it fetches the response (61) and repeats a command with the length the card names (6C).
func (r *Reader) transmit(command []byte) ([]byte, error) {
	const lengthOnly = 5 // a command without data, of which the last octet is the length that is expected
	var data []byte
	next := command
	for range maximumParts {
		response := r.Transmit(next)
		if len(response) < 2 {
			return nil, ErrResponse
		}
		n := len(response) - 2
		data = append(data, response[:n]...)
		switch sw := uint16(response[n])<<8 | uint16(response[n+1]); {
		case sw == uint16(statusOK):
			return data, nil
		case sw>>8 == 0x61:
			next = []byte{0x00, insGetResponse, 0, 0, byte(sw)}
		case sw>>8 == 0x6C && len(next) == lengthOnly:
			next = append(next[:lengthOnly-1:lengthOnly-1], byte(sw))
		default:
			return data, &StatusError{command[1], sw}
		}
	}
	return nil, fmt.Errorf("%w: in too many parts", ErrResponse)
}

// insGetResponse is the instruction that fetches what the card has ready. ISO/IEC 7816-4 section 11.7.1.
const insGetResponse = 0xC0

// objects returns what is in a response, out of its templates.
func objects(response emv.TLV) (emv.TLV, error) {
	if err := response.Validate(nil); err != nil {
		return nil, err
	}
	var d emv.TLV
	for path, v := range response.Walk() {
		if tag := path[len(path)-1]; !tag.Constructed() {
			d = emv.AppendTLV(d, tag, v)
		}
	}
	return d, nil
}

// keep adds the objects of a response.
func (r *Reader) keep(response emv.TLV) error {
	d, err := objects(response)
	r.card = append(r.card, d...)
	return err
}

// Start gets the processing options and reads the records. A tapped card of Visa or UnionPay has given its cryptogram
// then; Done tells. ErrResponse: a data object came twice with different values, in the selection, the options or the records,
// so that nobody can tell which of them counts. After an error nothing of it is kept. EMV Book 3 section 10.2.
func (r *Reader) Start() error {
	r.chain, r.unproven = chain{}, false
	pdol, _ := r.card.Get(0x9F38)
	data, err := r.list(emv.DOL(pdol))
	if err != nil {
		return err
	}
	response, err := r.command(0x80, 0xA8, 0, 0, emv.AppendTLV(nil, 0x83, data))
	if err != nil {
		return err
	}
	r.sent = append(r.sent, data...)
	before := r.card
	r.card = nil
	if err = r.readApplication(response); err == nil {
		err = unambiguous(slices.Concat(r.selected, r.card))
	}
	if err != nil {
		r.card, r.answer, r.atOnce = before, nil, false
		return err
	}
	r.card = slices.Concat(r.card, before)
	return nil
}

// readApplication takes over the processing options and reads the records. A cryptogram of this transaction comes with the
// options: one in a record, or in the selection, is none.
func (r *Reader) readApplication(options emv.TLV) error {
	if tag, v, _, err := emv.Next(options); err == nil && tag == 0x80 && len(v) > 2 {
		r.card = emv.AppendTLV(emv.AppendTLV(nil, 0x82, v[:2]), 0x94, v[2:])
	} else if err := r.keep(options); err != nil {
		return err
	}
	if _, r.atOnce = r.card.Get(0x9F26); r.atOnce {
		_, told := r.card.Get(0x9F27) // a tap may tell it by tag 9F10
		if err := wholeCryptogram(r.card, told); err != nil {
			return err
		}
		r.answer = bytes.Clone(r.card)
	}
	return r.readRecords()
}

// unambiguous refuses objects of the same tag with different values.
func unambiguous(objects emv.TLV) error {
	values := map[emv.Tag]string{}
	for tag, v := range objects.All() {
		if before, again := values[tag]; again && before != string(v) {
			return fmt.Errorf("%w: tag %v twice", ErrResponse, tag)
		}
		values[tag] = string(v)
	}
	return nil
}

func (r *Reader) readRecords() error {
	var afl emv.AFL
	v, ok := r.card.Get(0x94)
	if ok || !r.atOnce { // a tap may have said everything
		var err error
		if afl, err = emv.ParseAFL(v); err != nil {
			return err
		}
	}
	records := map[emv.RecordRef][]byte{}
	for ref := range afl.Records() {
		record, err := r.command(0x00, 0xB2, byte(ref.Record), byte(ref.SFI)<<3|4, nil)
		if err != nil {
			return err
		}
		if err := r.keep(record); err != nil {
			return err
		}
		records[ref] = record
	}
	value, _ := r.card.Get(0x82)
	aip, err := emv.ParseAIP(value)
	if err != nil {
		return err
	}
	tagList, _ := r.card.Get(0x9F4A)
	r.static, r.unsound = oda.AppendStaticData(nil, afl, func(ref emv.RecordRef) ([]byte, bool) {
		record, ok := records[ref]
		return record, ok
	}, tagList, aip)
	return nil
}

// list fills in a data object list.
func (r *Reader) list(l emv.DOL) ([]byte, error) {
	return l.AppendData(nil, r.Value, nil)
}

// Set gives the terminal's data object a value, in place of the one it has.
func (r *Reader) Set(t emv.Tag, value []byte) {
	var d emv.TLV
	for tag, v := range r.Terminal.All() {
		if tag != t {
			d = emv.AppendTLV(d, tag, v)
		}
	}
	r.Terminal = emv.AppendTLV(d, t, value)
}

// Value returns a data object of the terminal or else of the card.
func (r *Reader) Value(t emv.Tag) ([]byte, bool) {
	if v, ok := r.Terminal.Get(t); ok {
		return v, true
	}
	v, ok := r.card.Get(t)
	return v, ok
}

// Card returns the data objects the card has given so far, without their templates: what the functions of package emv take
// for the card. Of several with a tag the first counts: that of the last cryptogram or of Get stands before that of the
// options and records, and those before that of the selection. What an answer brings along that was not asked for stands
// behind. The caller does not change them.
func (r *Reader) Card() emv.TLV { return r.card }

// TVR returns the terminal verification results so far, tag 95 of the terminal's objects; zero without it.
func (r *Reader) TVR() emv.TVR {
	v, _ := r.Terminal.Get(0x95)
	tvr, _ := emv.ParseTVR(v)
	return tvr
}

// AddTVR adds bits to the terminal verification results.
func (r *Reader) AddTVR(bits emv.TVR) {
	tvr := r.TVR().Or(bits)
	r.Set(0x95, tvr[:])
}

// Done returns which cryptogram the card gave last, also where a tapped card says it in tag 9F10 alone; false when it gave
// none yet. Only what came with the cryptogram counts.
func (r *Reader) Done() (emv.CID, bool) {
	if !r.atOnce && !r.given {
		return 0, false
	}
	cid, err := emv.CardCID(emv.AppendTLV(bytes.Clone(r.answer), 0x84, r.get(0x84)))
	return cid, err == nil
}

// Field55 builds field 55 of the objects there are, in the order of the tags.
func (r *Reader) Field55(tags ...emv.Tag) emv.TLV {
	var d []byte
	for _, t := range tags {
		if v, ok := r.Value(t); ok {
			d = emv.AppendTLV(d, t, v)
		}
	}
	return d
}

// Get asks the card for a data object, such as the counters 9F36, 9F13 and 9F17, and keeps it. Of a template it keeps what
// is inside, behind everything else. A card that does not have it answers with a *StatusError; ErrResponse: it answers with
// something else, of which nothing is kept.
func (r *Reader) Get(t emv.Tag) error {
	response, err := r.command(0x80, 0xCA, byte(t>>8), byte(t), nil)
	if err != nil {
		return err
	}
	tag, _, rest, err := emv.Next(response)
	if err != nil || tag != t || len(rest) > 0 {
		return fmt.Errorf("%w: not the object %v alone", ErrResponse, t)
	}
	got, err := objects(response)
	switch {
	case err != nil:
		return err
	case t.Constructed():
		r.card = slices.Concat(r.card, got)
	default:
		r.card = slices.Concat(got, r.card)
	}
	return nil
}
