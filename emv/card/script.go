package card

import (
	"bytes"
	"encoding/binary"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/cryptogram"
)

// The instructions of issuer scripts. EMV Book 3 section 6.5.
const (
	insCardBlock          = 0x16
	insApplicationUnblock = 0x18
	insApplicationBlock   = 0x1E
	insPINChange          = 0x24
	insPutData            = 0xDA
	insUpdateRecord       = 0xDC
)

// scriptMAC is how many bytes of MAC the commands of a script have.
const scriptMAC = 8

// changeable are the data PUT DATA may change: limits of offline transactions, and UnionPay's of electronic cash.
var changeable = map[emv.Tag]bool{
	0x9F14: true, 0x9F23: true, 0x9F53: true, 0x9F54: true, 0x9F58: true, 0x9F59: true, 0x9F5C: true,
	0x9F6B: true, 0x9F6D: true, 0x9F77: true, 0x9F78: true, 0x9F79: true,
}

// secured takes a command of an issuer script. It belongs to a transaction whose issuer was asked; after one that the card
// refuses, for its MAC or for anything else, the transaction takes no more.
func (c *Card) secured(command []byte) status {
	deal := c.waiting()
	if deal == nil && c.deal.given == 2 && c.deal.first == emv.ARQC { // after the second cryptogram, too
		deal = &c.deal
	}
	if c.selected == nil || deal == nil || deal.scriptRefused || c.scripts.Integrity.Attributes() == (crypto.Attributes{}) {
		return statusConditions
	}
	if deal.script == nil {
		deal.script = c.newScript(*deal)
	}
	s := c.take(deal.script, command)
	deal.scriptRefused = s != statusOK
	return s
}

// newScript begins the script that answers a transaction.
func (c *Card) newScript(deal transaction) *cryptogram.Script {
	counter, _ := deal.data.Get(0x9F36)
	ac, _ := deal.data.Get(0x9F26)
	return c.profile.NewScript(c.scripts, binary.BigEndian.Uint16(counter), [8]byte(ac))
}

// take carries out one command.
func (c *Card) take(s *cryptogram.Script, command []byte) status {
	if command[1] == insPINChange && command[3] != 0 {
		return c.changePIN(s, command)
	}
	a, err := s.OpenCommand(command, scriptMAC, false)
	if err != nil {
		return statusInsecure
	}
	switch {
	case a.INS == insPutData:
		return c.putData(emv.Tag(a.P1)<<8|emv.Tag(a.P2), a.Data)
	case a.INS == insUpdateRecord:
		return c.updateRecord(a)
	case a.P1 != 0 || a.P2 != 0:
		return statusWrongP1P2
	case len(a.Data) > 0:
		return statusWrongLength
	}
	switch a.INS {
	case insApplicationBlock:
		c.applicationBlocked = true
	case insApplicationUnblock:
		c.applicationBlocked = false
	case insCardBlock:
		c.cardBlocked = true
	case insPINChange: // P2 00: unblock
		c.tries = pinTries
	default:
		return statusNoInstruction
	}
	return statusOK
}

// changePIN takes a new PIN, which also gives back the tries.
func (c *Card) changePIN(s *cryptogram.Script, command []byte) status {
	if c.scripts.Confidentiality.Attributes() == (crypto.Attributes{}) || c.pin == "" {
		return statusConditions
	}
	block, err := s.OpenPINChange(command, scriptMAC, pinBlock(c.pin))
	if err != nil {
		return statusInsecure
	}
	pin := make([]byte, block[0]&0x0F)
	for i := range pin {
		pin[i] = '0' + block[1+i/2]>>(4*(1-i%2))&0x0F
	}
	c.pin, c.tries = string(pin), pinTries
	return statusOK
}

func (c *Card) putData(tag emv.Tag, value []byte) status {
	if !changeable[tag] {
		return statusNoData
	}
	if c.data == nil {
		c.data = map[emv.Tag][]byte{}
	}
	c.data[tag] = bytes.Clone(value)
	return statusOK
}

// updateRecord writes a record that is there. One under the card's certificate then no longer authenticates.
func (c *Card) updateRecord(a cryptogram.Command) status {
	file := c.records[int(a.P2>>3)]
	switch {
	case a.P2&7 != 4:
		return statusWrongP1P2
	case file == nil:
		return statusNoFile
	case a.P1 == 0 || int(a.P1) > len(file):
		return statusNoRecord
	}
	if tag, _, rest, err := emv.Next(a.Data); err != nil || tag != 0x70 || len(rest) > 0 {
		return statusWrongData
	}
	file[a.P1-1] = bytes.Clone(a.Data)
	return statusOK
}
