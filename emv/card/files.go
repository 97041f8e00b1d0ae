package card

import (
	"bytes"
	"strings"

	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/oda"
)

// The names of the directories a terminal looks for: EMV Book 1 12.2, Book B 3.3.
var (
	directory            = []byte("1PAY.SYS.DDF01")
	contactlessDirectory = []byte("2PAY.SYS.DDF01")
)

// directoryFile is the SFI of the contact directory's one record.
const directoryFile = 1

// What the card asks the terminal for. The first list of data for cryptograms and the one of contactless cards begin
// with what the cryptogram is computed over; CDOL2 has the response code in front.
var (
	cdol1    = emv.DOL("\x9F\x02\x06\x9F\x03\x06\x9F\x1A\x02\x95\x05\x5F\x2A\x02\x9A\x03\x9C\x01\x9F\x37\x04")
	cdol2    = append(emv.DOL("\x8A\x02"), cdol1...)
	pdolFast = append(emv.DOL("\x9F\x66\x04"), cdol1...)
)

// selectFile answers SELECT by name: a directory or the application.
func (c *Card) selectFile(a apdu) ([]byte, status) {
	c.Reset()
	if a.p1 != 4 {
		return nil, statusWrongP1P2
	}
	switch {
	case bytes.Equal(a.data, contactlessDirectory) && c.config.Contactless:
		return c.fci(contactlessDirectory, func(dst []byte) []byte {
			return emv.AppendTemplate(dst, 0xBF0C, c.appendEntry)
		}), statusOK
	case bytes.Equal(a.data, directory) && !c.config.Contactless:
		return c.fci(directory, func(dst []byte) []byte { return emv.AppendTLV(dst, 0x88, []byte{directoryFile}) }), statusOK
	case len(a.data) >= 5 && bytes.HasPrefix(c.config.AID, a.data):
		c.selected = true
		return c.fci(c.config.AID, c.appendApplication), statusOK
	}
	return nil, statusNoFile
}

// fci builds the file control information of a file.
func (c *Card) fci(name []byte, inside func(dst []byte) []byte) []byte {
	return emv.AppendTemplate(nil, 0x6F, func(dst []byte) []byte {
		return emv.AppendTemplate(emv.AppendTLV(dst, 0x84, name), 0xA5, inside)
	})
}

func (c *Card) appendApplication(dst []byte) []byte {
	dst = emv.AppendTLV(dst, 0x50, []byte(c.config.Label))
	dst = emv.AppendTLV(dst, 0x87, []byte{1})
	if len(c.pdol) > 0 {
		dst = emv.AppendTLV(dst, 0x9F38, c.pdol)
	}
	return dst
}

// appendEntry appends the application's entry in a directory.
func (c *Card) appendEntry(dst []byte) []byte {
	return emv.AppendTemplate(dst, 0x61, func(dst []byte) []byte {
		dst = emv.AppendTLV(dst, 0x4F, c.config.AID)
		dst = emv.AppendTLV(dst, 0x50, []byte(c.config.Label))
		return emv.AppendTLV(dst, 0x87, []byte{1})
	})
}

func (c *Card) readDirectory(a apdu) ([]byte, status) {
	if c.config.Contactless || a.p2 != directoryFile<<3|4 {
		return nil, statusConditions
	}
	if a.p1 != 1 {
		return nil, statusNoRecord
	}
	return emv.AppendTemplate(nil, 0x70, c.appendEntry), statusOK
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
)

// personalise writes the card's files.
func (c *Card) personalise() error {
	c.aip.Set(emv.AIPCVM)
	c.aip.Set(emv.AIPTerminalRisk)
	c.aip.Set(emv.AIPIssuerAuth)
	if c.config.Contactless && schemeOf(c.rid).fast {
		c.pdol = pdolFast
	}
	if c.config.PKI != nil {
		c.aip.Set(emv.AIPSDA)
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

// cvmList has no amounts in its rules.
func (c *Card) cvmList() []byte {
	list := make([]byte, 8)
	switch {
	case c.config.PIN != "" && c.config.PKI != nil:
		list = append(list, offlineRules...)
	case c.config.PIN != "":
		list = append(list, offlineRules[2:]...)
	}
	return append(list, onlineRules...)
}

// dataRecord is the record that offline authentication is over.
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
		{0x9F07, []byte{0xFF, 0x00}}, {0x8C, cdol1}, {0x8D, cdol2}, {0x8E, c.cvmList()},
		{0x9F0D, make([]byte, 5)}, {0x9F0E, make([]byte, 5)}, {0x9F0F, make([]byte, 5)},
		{0x9F08, []byte{0x00, 0x30}}, {0x9F49, emv.DefaultDDOL}, {0x9F4A, []byte{0x82}},
	} {
		d = emv.AppendTLV(d, o.tag, o.value)
	}
	return d, nil
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
	if objects, c.pair, err = pki.AppendICC(objects, c.config.PAN, static); err != nil {
		return nil, err
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
	case 0x9F17:
		return emv.AppendTLV(nil, tag, []byte{byte(c.tries)}), statusOK
	}
	return nil, statusNoData
}
