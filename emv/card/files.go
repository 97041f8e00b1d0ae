package card

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/cryptogram"
	"github.com/posline/posline/emv/oda"
)

// directoryFile is the SFI of the contact directory, a record an entry.
const directoryFile = 1

// What the card asks the terminal for. The first list of data for cryptograms and the one of contactless cards begin
// with what the cryptogram is computed over; CDOL2 has the response code in front.
var (
	cdol1    = emv.DOL("\x9F\x02\x06\x9F\x03\x06\x9F\x1A\x02\x95\x05\x5F\x2A\x02\x9A\x03\x9C\x01\x9F\x37\x04")
	cdol2    = append(emv.DOL("\x8A\x02"), cdol1...)
	pdolFast = append(emv.DOL("\x9F\x66\x04"), cdol1...)
)

// entries are the application's names in the order of the directory.
func (c *Card) entries() []Entry {
	return append([]Entry{{AID: c.config.AID, Label: c.config.Label, Priority: c.config.Priority}}, c.config.More...)
}

// The values of P2 of SELECT.
const (
	selectFirst = 0
	selectNext  = 2
)

// selectFile answers SELECT by name: a directory, or the application by one of its names, of which a part will do. A
// blocked card refuses it and does nothing else, EMV Book 3 section 6.5.3: the transaction under way goes on.
func (c *Card) selectFile(a apdu) ([]byte, status) {
	if c.cardBlocked {
		return nil, statusNoFunction
	}
	from := 0
	if a.p2 == selectNext && c.selected != nil {
		from = c.named + 1
	}
	c.Reset()
	switch {
	case a.p1 != 4 || a.p2 != selectFirst && a.p2 != selectNext:
		return nil, statusWrongP1P2
	case string(a.data) == emv.PPSE && c.config.Contactless:
		return c.fci(a.data, func(dst []byte) []byte {
			return emv.AppendTemplate(dst, 0xBF0C, func(dst []byte) []byte {
				for _, e := range c.entries() {
					dst = e.append(dst)
				}
				return dst
			})
		}), statusOK
	case string(a.data) == emv.PSE && !c.config.Contactless:
		return c.fci(a.data, func(dst []byte) []byte { return emv.AppendTLV(dst, 0x88, []byte{directoryFile}) }), statusOK
	}
	for i, e := range c.entries() {
		if i < from || len(a.data) < 5 || !bytes.HasPrefix(e.AID, a.data) {
			continue
		}
		c.selected, c.named = e.AID, i
		fci := c.fci(e.AID, func(dst []byte) []byte { return c.appendApplication(dst, e) })
		if c.applicationBlocked {
			return fci, statusInvalidated
		}
		return fci, statusOK
	}
	return nil, statusNoFile
}

// fci builds the file control information of a file.
func (c *Card) fci(name []byte, inside func(dst []byte) []byte) []byte {
	return emv.AppendTemplate(nil, 0x6F, func(dst []byte) []byte {
		return emv.AppendTemplate(emv.AppendTLV(dst, 0x84, name), 0xA5, inside)
	})
}

func (c *Card) appendApplication(dst []byte, e Entry) []byte {
	dst = e.appendNames(dst)
	if len(c.pdol) > 0 {
		dst = emv.AppendTLV(dst, 0x9F38, c.pdol)
	}
	return dst
}

// appendNames appends label and priority.
func (e Entry) appendNames(dst []byte) []byte {
	if e.Label != "" {
		dst = emv.AppendTLV(dst, 0x50, []byte(e.Label))
	}
	if e.Priority != 0 {
		dst = emv.AppendTLV(dst, 0x87, []byte{e.Priority})
	}
	return dst
}

// append appends an entry of the directory.
func (e Entry) append(dst []byte) []byte {
	return emv.AppendTemplate(dst, 0x61, func(dst []byte) []byte {
		return e.appendNames(emv.AppendTLV(dst, 0x4F, e.AID))
	})
}

func (c *Card) readDirectory(a apdu) ([]byte, status) {
	if c.config.Contactless || a.p2 != directoryFile<<3|4 {
		return nil, statusConditions
	}
	entries := c.entries()
	if a.p1 == 0 || int(a.p1) > len(entries) {
		return nil, statusNoRecord
	}
	return emv.AppendTemplate(nil, 0x70, entries[a.p1-1].append), statusOK
}

func (c *Card) readRecord(a apdu) ([]byte, status) {
	if a.p2&7 != 4 {
		return nil, statusWrongP1P2
	}
	file, ok := c.records[int(a.p2>>3)]
	if !ok {
		return nil, statusNoFile
	}
	if a.p1 == 0 || int(a.p1) > len(file) {
		return nil, statusNoRecord
	}
	return file[a.p1-1], statusOK
}

// The files of the application. The records with certificates hold one of them each, because the longest leave no room
// for more.
const (
	holderFile = 1
	dataFile   = 2
	fastFile   = 3 // of one tap: what the card brought to fast DDA
)

// personalise writes the card's files.
func (c *Card) personalise() error {
	c.aip.Set(emv.AIPCVM)
	c.aip.Set(emv.AIPTerminalRisk)
	if c.cdol2 = cdol2; c.config.AuthenticateInAC {
		c.cdol2 = c.listWithAnswer()
	} else {
		c.aip.Set(emv.AIPIssuerAuth)
	}
	if c.config.Contactless && schemeOf(c.rid).fast {
		c.pdol = pdolFast
	}
	if c.config.PKI != nil {
		c.aip.Set(emv.AIPSDA)
	}
	if c.signs() {
		c.aip.Set(emv.AIPDDA)
		c.aip.Set(emv.AIPCDA)
	}
	holder, err := c.holderRecord()
	if err != nil {
		return err
	}
	data, err := c.dataRecord()
	if err != nil {
		return err
	}
	signed := [][]byte{template(data)}
	if c.config.PKI != nil {
		certificates, err := c.certify(append(bytes.Clone(data), c.aip[:]...))
		if err != nil {
			return err
		}
		signed = append(signed, certificates...)
	}
	c.records = map[int][][]byte{holderFile: {template(holder)}, dataFile: signed}
	c.afl = emv.AFL{holderFile << 3, 1, 1, 0, dataFile << 3, 1, byte(len(signed)), 1}
	return nil
}

// listWithAnswer is a CDOL2 that asks for the issuer's answer, tag 91: an ARPC of 8 octets with a response code, or in
// method 2 one of 4 with the card status update.
func (c *Card) listWithAnswer() emv.DOL {
	length := byte(10)
	if c.profile.Response == cryptogram.Response2 {
		length = 8
	}
	return append(emv.DOL{0x91, length}, cdol2...)
}

// signs reports whether the card has a key of its own.
func (c *Card) signs() bool { return c.config.PKI != nil && !c.config.StaticOnly }

// template wraps the objects of a record.
func template(objects []byte) []byte { return emv.AppendTLV(nil, 0x70, objects) }

func (c *Card) holderRecord() ([]byte, error) {
	track2, err := c.chipTrack2()
	if err != nil {
		return nil, err
	}
	d, err := emv.AppendTrack2(nil, 0x57, track2)
	if err != nil {
		return nil, err
	}
	return emv.AppendTLV(d, 0x5F20, []byte(c.config.Name)), nil
}

// The rules of the cardholder verification method list, each if the terminal supports it: enciphered and plain PIN for
// the card, enciphered PIN online, signature; then none.
const (
	offlineRules = "\x44\x03\x41\x03"
	onlineRules  = "\x42\x03\x5E\x03\x1F\x00"
)

// cvmList has no amounts in its rules; Config.Data may give the card a list that has.
func (c *Card) cvmList() []byte {
	list := make([]byte, 8)
	switch {
	case c.config.PIN != "" && c.signs():
		list = append(list, offlineRules...)
	case c.config.PIN != "":
		list = append(list, offlineRules[2:]...)
	}
	return append(list, onlineRules...)
}

// dataRecord is the record that offline authentication is over, with the objects that the configuration wants otherwise.
func (c *Card) dataRecord() ([]byte, error) {
	d, err := emv.AppendCN(nil, 0x5A, c.config.PAN)
	if err != nil {
		return nil, err
	}
	if d, err = emv.AppendDate(d, 0x5F24, c.config.Expiry); err != nil {
		return nil, err
	}
	d = emv.AppendTLV(d, 0x5F34, c.sequence())
	if d, err = emv.AppendN(d, 0x5F28, uint64(c.config.Country), 2); err != nil {
		return nil, err
	}
	for _, o := range []struct {
		tag   emv.Tag
		value []byte
	}{
		{0x9F07, []byte{0xFF, 0x00}}, {0x8C, cdol1}, {0x8D, c.cdol2}, {0x8E, c.cvmList()},
		{0x9F0D, make([]byte, 5)}, {0x9F0E, make([]byte, 5)}, {0x9F0F, make([]byte, 5)},
		{0x9F08, []byte{0x00, 0x30}}, {0x9F49, emv.DefaultDDOL}, {0x9F4A, []byte{0x82}},
	} {
		d = emv.AppendTLV(d, o.tag, o.value)
	}
	if d = replaced(d, c.config.Data); len(template(d)) > maximumRecord {
		return nil, fmt.Errorf("%w: data of more than a record holds", ErrConfig)
	}
	return d, nil
}

// maximumRecord is how long a record is at most, so that a response has room for it. EMV Book 1 section 9.4.2.
const maximumRecord = 254

// replaced returns the objects with the values that others have for them, and those others that were not there. What has
// no value then is left out.
func replaced(objects, others emv.TLV) (d emv.TLV) {
	write := func(t emv.Tag, v []byte) {
		if len(v) > 0 {
			d = emv.AppendTLV(d, t, v)
		}
	}
	for t, v := range objects.All() {
		if other, ok := others.Get(t); ok {
			v = other
		}
		write(t, v)
	}
	for t, v := range others.All() {
		if _, there := objects.Get(t); !there {
			write(t, v)
		}
	}
	return d
}

// certify returns the records with the issuer's and the card's certificates and the signed static data.
func (c *Card) certify(static []byte) ([][]byte, error) {
	pki := c.config.PKI
	if !strings.HasPrefix(c.config.PAN, pki.Issuer.Identifier) || pki.CA.RID != c.rid {
		return nil, &oda.Error{What: "test PKI", Err: oda.ErrIssuer}
	}
	objects, err := pki.AppendStatic(pki.AppendIssuer(nil), [2]byte{0xDA, 0xC0}, static)
	if err != nil {
		return nil, err
	}
	if c.signs() {
		if objects, c.pair, err = pki.AppendICC(objects, c.config.PAN, static); err != nil {
			return nil, err
		}
	}
	var small []byte
	var records [][]byte
	for tag, v := range emv.TLV(objects).All() {
		if len(v) > 100 {
			records = append(records, template(emv.AppendTLV(nil, tag, v)))
		} else {
			small = emv.AppendTLV(small, tag, v)
		}
	}
	return append(records, template(small)), nil
}

// getData answers GET DATA for the counters a terminal may ask for.
func (c *Card) getData(a apdu) ([]byte, status) {
	switch tag := emv.Tag(a.p1)<<8 | emv.Tag(a.p2); tag {
	case 0x9F36:
		return emv.AppendTLV(nil, tag, []byte{byte(c.counter >> 8), byte(c.counter)}), statusOK
	case 0x9F13:
		return emv.AppendTLV(nil, tag, []byte{byte(c.lastOnline >> 8), byte(c.lastOnline)}), statusOK
	case 0x9F17:
		return emv.AppendTLV(nil, tag, []byte{byte(c.tries)}), statusOK
	default:
		if v, ok := c.data[tag]; ok {
			return emv.AppendTLV(nil, tag, v), statusOK
		}
	}
	return nil, statusNoData
}
