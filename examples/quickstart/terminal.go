package main

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/crypto"
	"github.com/posline/posline/message"
	"github.com/posline/posline/pinblock"
)

// card is what reader and PIN pad hand over: a published test number, and what such a card and a terminal said to each
// other.
var card = struct{ pan, expiry, sequence, track2, pin, chip string }{
	"6217970000000000422", "2312", "001", "6217970000000000422D231222012345", "1234",
	"9F2608DEAE676D1C4734119F2701809F101307020103A0A806010A01000000000098F01F529F3704AA0FBE659F360203499505008004E000" +
		"9A031611159C01009F02060000000055885F2A02015682027C009F1A0201569F03060000000000009F3303E0E1C89F34034203009F35" +
		"01229F1E0831323334353637388408A0000003330101019F090200309F410400000003",
}

// terminal is the side with the card.
type terminal struct {
	codec   *message.Codec
	master  crypto.KEK
	printer printer
	conn    connection.Exchanger
	keys    *workKeys
	stan    int64
}

// start begins a message: TPDU and header, type, the next STAN, and who the terminal is.
func (t *terminal) start(mti string) *message.Message {
	m := t.codec.New()
	m.SetHeader([]byte("\x60\x00\x03\x00\x00" + "\x60\x31\x00\x31\xFF\xF1"))
	m.SetMTI(mti)
	t.stan++
	m.SetInt(11, t.stan)
	m.Set(41, "29800013")
	m.Set(42, "848290441116000")
	return m // a Set that failed is remembered: such a message does not pack
}

// signIn asks for the work keys of the day.
func (t *terminal) signIn(ctx context.Context) error {
	m := t.start("0800")
	m.Set(60, "00000001003") // sign-in, batch 1, double-length keys
	m.SetBytes(62, []byte("Sequence No12310000298000"))
	m.Set(63, "001") // operator
	frame, err := m.Pack()
	if err != nil {
		return err
	}
	answer, err := t.exchange(ctx, m, frame)
	if err != nil {
		return err
	}
	pin, err := unwrap(t.master, crypto.SchemeX, answer.Get("62.1"), answer.Get("62.2"), 16, "P0TE00N")
	if err != nil {
		return err
	}
	code, err := unwrap(t.master, crypto.SchemeZ, answer.Get("62.3"), answer.Get("62.4"), 8, "M1DC00N")
	if err != nil {
		return err
	}
	t.printer.note("signed in with %v and %v", pin, code)
	t.keys, err = newWorkKeys(pin, code)
	return err
}

// sale takes an amount in fen. Only an approval that carries a good code counts.
func (t *terminal) sale(ctx context.Context, amount int64) error {
	pin, err := pinblock.ParsePIN([]byte(card.pin))
	if err != nil {
		return err
	}
	block, err := pinblock.Encrypt(nil, t.keys.pin, pinblock.ISO0, pin, card.pan)
	if err != nil {
		return err
	}
	chip, err := hex.DecodeString(card.chip)
	if err != nil {
		return err
	}
	m := t.start("0200")
	m.Set(2, card.pan)
	m.Set(3, "000000")
	m.SetInt(4, amount)
	m.Set(14, card.expiry)
	m.Set(22, "051") // chip, PIN entered
	m.Set(23, card.sequence)
	m.Set(25, "00")
	m.Set(26, "12")
	m.Set(35, card.track2)
	m.Set(49, "156")
	m.SetBytes(52, block)
	m.Set(53, "2600000000000000") // block made with the PAN, Triple DES
	m.SetBytes(55, chip)
	m.Set(60, "2200000100060")
	frame, err := m.AppendPackMAC(nil, t.keys.sign)
	if err != nil {
		return err
	}
	answer, err := t.exchange(ctx, m, frame)
	if err != nil {
		return err // connection.SafeToRetry tells whether to send again or to reverse
	}
	if err := answer.VerifyMAC(t.keys.mac.Verify); err != nil {
		return err
	}
	t.printer.note("paid: CNY %d.%02d, authorisation %v", amount/100, amount%100, answer.Field(38))
	return nil
}

// exchange sends a packed message and returns the answer, which must be positive.
func (t *terminal) exchange(ctx context.Context, m *message.Message, frame []byte) (*message.Message, error) {
	t.printer.sent(m, frame)
	reply, err := t.conn.Exchange(ctx, frame, nil)
	if err != nil {
		return nil, err
	}
	answer := t.codec.New()
	if err := answer.Unpack(reply); err != nil {
		return nil, err
	}
	t.printer.received(answer, reply)
	if code := answer.Field(39); !code.Equal("00") {
		return nil, fmt.Errorf("declined with code %v", code)
	}
	return answer, nil
}
