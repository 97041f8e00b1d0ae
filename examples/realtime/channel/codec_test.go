package channel

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/mac"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/examples/realtime/payment"
	"github.com/posline/posline/message"
)

func macKey(t *testing.T, attributes string, bits int) crypto.MACKey {
	k, err := crypto.GenerateKey(crypto.MustAttributes(attributes), bits)
	require.NoError(t, err)
	key, err := crypto.NewMACKey(k)
	require.NoError(t, err)
	return key
}

func row(kind payment.Kind) payment.Row {
	return payment.Row{ID: 123_456_789_012, Kind: kind, Origin: payment.Origin{Terminal: "10000001"}, Merchant: "898440354110001", Amount: 55_88,
		Currency: "156", Entry: "021", At: 1_796_000_000_000}
}

// bank is the other side of a BankCodec.
type bank struct {
	t     *testing.T
	codec *BankCodec
	mac   *mac.MAC
}

func newBank(t *testing.T) *bank {
	key := macKey(t, "M3TC00S", 128)
	codec, err := NewBankCodec(key)
	require.NoError(t, err)
	m, err := mac.New(key, mac.X919())
	require.NoError(t, err)
	return &bank{t, codec, m}
}

func (b *bank) request(a *Ask) *message.Message {
	frame, err := b.codec.AppendRequest(nil, a)
	require.NoError(b.t, err)
	m := dialect.Bank.New()
	require.NoError(b.t, m.Unpack(frame))
	require.NoError(b.t, m.VerifyMAC(b.mac.Verify))
	return m
}

// answer is what the bank says, after a change.
func (b *bank) answer(a *Ask, code string, change func(m *message.Message)) []byte {
	m, err := message.Response(b.request(a))
	require.NoError(b.t, err)
	m.Set(39, code)
	m.Set(38, "A00001")
	if change != nil {
		change(m)
	}
	frame, err := m.AppendPackMAC(nil, b.mac.Append)
	require.NoError(b.t, err)
	return frame
}

func TestBankRequests(t *testing.T) {
	b := newBank(t)
	auth := row(payment.Auth)
	auth.ID++
	card := Card{PAN: "6217970000000042002", Track2: "6217970000000042002D3012", PINBlock: make([]byte, 8)}
	original := func(mti, stan string) string {
		return mti + stan + "1130005320" + "00048025800" + strings.Repeat("0", 11)
	}
	for name, c := range map[string]struct {
		ask    Ask
		fields map[int]string
	}{
		"sale": {Ask{Verb: payment.Do, Row: row(payment.Sale), Card: card}, map[int]string{0: "0200", 2: card.PAN, 3: "000000", 4: "000000005588",
			7: "1130005320", 11: "912469", 22: "021", 25: "00", 26: "12", 32: Institution, 35: card.Track2, 37: payment.Reference(123_456_789_012),
			41: "10000001", 42: "898440354110001", 49: "156", 48: "", 90: ""}},
		"pre-authorisation": {Ask{Verb: payment.Do, Row: row(payment.Auth), Card: card}, map[int]string{0: "0100", 3: "030000", 25: "06"}},
		"completion": {Ask{Verb: payment.Do, Row: row(payment.Completion), Parent: auth}, map[int]string{0: "0200", 3: "000000", 25: "06", 2: "", 35: "",
			52: "", 26: "", 48: payment.Reference(auth.ID), 90: original("0100", "912470")}},
		"refund":       {Ask{Verb: payment.Do, Row: row(payment.Refund), Parent: row(payment.Sale)}, map[int]string{0: "0200", 3: "200000", 90: original("0200", "912469")}},
		"again":        {Ask{Verb: payment.Do, Row: row(payment.Refund), Parent: row(payment.Sale), Again: true}, map[int]string{0: "0201"}},
		"reversal":     {Ask{Verb: payment.Take, Row: row(payment.Sale)}, map[int]string{0: "0400", 7: "1130005320", 22: "", 25: "", 90: original("0200", "912469")}},
		"and again":    {Ask{Verb: payment.Take, Row: row(payment.Auth), Again: true}, map[int]string{0: "0401", 3: "030000", 90: original("0100", "912469")}},
		"without card": {Ask{Verb: payment.Do, Row: row(payment.Sale)}, map[int]string{2: "", 35: "", 52: ""}},
	} {
		m := b.request(&c.ask)
		for number, want := range c.fields {
			got := m.MTI()
			if number > 0 {
				got = m.Field(number).Text()
			}
			require.Equal(t, want, got, "%s, field %d", name, number)
		}
	}
	for _, a := range []Ask{{Verb: payment.Query, Row: row(payment.Sale)}, {Verb: payment.Do, Row: row(payment.Void)}} {
		_, err := b.codec.AppendRequest(nil, &a)
		require.ErrorIs(t, err, ErrUnsupported)
	}
}

// TestBankAnswers: only what is certain is told as such, and approvals have many codes.
func TestBankAnswers(t *testing.T) {
	b := newBank(t)
	do := &Ask{Verb: payment.Do, Row: row(payment.Sale)}
	take := &Ask{Verb: payment.Take, Row: row(payment.Sale)}
	for code, want := range map[string]payment.Outcome{"00": payment.OutcomeApproved, "11": payment.OutcomeApproved, "16": payment.OutcomeApproved,
		"A2": payment.OutcomeApproved, "A4": payment.OutcomeApproved, "A5": payment.OutcomeApproved, "A6": payment.OutcomeApproved,
		"51": payment.OutcomeDeclined, "55": payment.OutcomeDeclined, "09": payment.OutcomeUnknown, "68": payment.OutcomeUnknown,
		"96": payment.OutcomeUnknown, "98": payment.OutcomeUnknown, "Z9": payment.OutcomeUnknown} {
		answer, err := b.codec.Judge(do, b.answer(do, code, nil))
		require.NoError(t, err)
		require.Equal(t, payment.Answer{Outcome: want, Code: code, Auth: "A00001", Ref: do.Row.Reference()}, answer)
	}
	for code, want := range map[string]payment.Outcome{"00": payment.OutcomeUndone, "12": payment.OutcomeUndone, "25": payment.OutcomeAbsent,
		"96": payment.OutcomeUnknown, "64": payment.OutcomeUnknown} {
		answer, err := b.codec.Judge(take, b.answer(take, code, nil))
		require.NoError(t, err)
		require.Equal(t, payment.Answer{Outcome: want, Code: code}, answer)
	}
	for amount, want := range map[int64]payment.Outcome{1: payment.OutcomeApproved, 55_88: payment.OutcomeApproved, 0: payment.OutcomeUnknown, 55_89: payment.OutcomeUnknown} {
		answer, err := b.codec.Judge(do, b.answer(do, "10", func(m *message.Message) { m.SetInt(4, amount) }))
		require.NoError(t, err)
		require.Equal(t, want, answer.Outcome, amount)
		require.Equal(t, amount, answer.Amount)
	}
}

// TestBankMismatch: an answer to something else is none, and so is one without its code.
func TestBankMismatch(t *testing.T) {
	b := newBank(t)
	do := &Ask{Verb: payment.Do, Row: row(payment.Sale)}
	for number, text := range map[int]string{3: "200000", 4: "000000005589", 7: "1130005321", 11: "912470", 37: "000000000001", 41: "10000002", 42: "898440354110002"} {
		_, err := b.codec.Judge(do, b.answer(do, "00", func(m *message.Message) { m.Set(number, text) }))
		require.ErrorIs(t, err, ErrMismatch, "field %d", number)
	}
	_, err := b.codec.Judge(do, b.answer(do, "00", func(m *message.Message) { m.SetMTI("0110") }))
	require.ErrorIs(t, err, ErrMismatch)
	take := &Ask{Verb: payment.Take, Row: row(payment.Sale)}
	_, err = b.codec.Judge(take, b.answer(do, "00", nil))
	require.ErrorIs(t, err, ErrMismatch)
	_, err = b.codec.Judge(do, []byte("no message at all"))
	var unread *message.Error
	require.ErrorAs(t, err, &unread)
	frame := b.answer(do, "00", nil)
	frame[len(frame)-1] ^= 1
	answer, err := b.codec.Judge(do, frame)
	require.ErrorIs(t, err, crypto.ErrVerify)
	require.Zero(t, answer)
	_, err = b.codec.Judge(do, []byte("nothing of the kind"))
	require.Error(t, err)
}

func newWallet(t *testing.T) *WalletCodec {
	codec, err := NewWalletCodec(macKey(t, "M7HC00S", 256))
	require.NoError(t, err)
	return codec
}

func TestWalletRequests(t *testing.T) {
	w := newWallet(t)
	sale, refund := row(payment.Sale), row(payment.Refund)
	for want, a := range map[string]Ask{
		`/pay {"out_trade_no":"` + sale.Reference() + `","auth_code":"135325628417000148","amount":5588,"currency":"156","merchant":"898440354110001"}`: {Verb: payment.Do,
			Row: sale, Card: Card{PayCode: "135325628417000148"}},
		`/query {"out_trade_no":"` + sale.Reference() + `","amount":5588,"currency":"156","merchant":"898440354110001"}`:  {Verb: payment.Query, Row: sale},
		`/cancel {"out_trade_no":"` + sale.Reference() + `","amount":5588,"currency":"156","merchant":"898440354110001"}`: {Verb: payment.Take, Row: sale},
		`/refund {"out_trade_no":"` + sale.Reference() + `","original_no":"` + sale.Reference() + `","amount":5588,"currency":"156","merchant":"898440354110001"}`: {
			Verb: payment.Do, Row: refund, Parent: sale},
	} {
		path, body, signature, err := w.Request(&a)
		require.NoError(t, err)
		require.Equal(t, want, path+" "+string(body))
		request, err := w.Open(body, signature)
		require.NoError(t, err)
		require.Equal(t, sale.Reference(), request.Number)
		body[0] ^= 1
		_, err = w.Open(body, signature)
		require.ErrorIs(t, err, crypto.ErrVerify)
	}
	_, _, _, err := w.Request(&Ask{Verb: payment.Do, Row: row(payment.Auth)})
	require.ErrorIs(t, err, ErrUnsupported)
}

func TestWalletAnswers(t *testing.T) {
	w := newWallet(t)
	sale := row(payment.Sale)
	ok := WalletReply{Number: sale.Reference(), Status: WalletSuccess, Amount: 55_88, Transaction: "4200" + strings.Repeat("7", 24)}
	with := func(change func(r *WalletReply)) WalletReply {
		r := ok
		change(&r)
		return r
	}
	state := func(s WalletStatus, reason string) WalletReply {
		return with(func(r *WalletReply) { r.Status, r.Reason = s, reason })
	}
	for name, c := range map[string]struct {
		verb  payment.Verb
		reply WalletReply
		want  payment.Answer
	}{
		"success":       {payment.Do, ok, payment.Answer{Outcome: payment.OutcomeApproved, Code: "00"}},
		"queried":       {payment.Query, ok, payment.Answer{Outcome: payment.OutcomeApproved, Code: "00"}},
		"paying":        {payment.Do, state(WalletPaying, ""), payment.Answer{}},
		"failed":        {payment.Do, state(WalletFailed, "51"), payment.Answer{Outcome: payment.OutcomeDeclined, Code: "51"}},
		"odd reason":    {payment.Do, state(WalletFailed, "00"), payment.Answer{Outcome: payment.OutcomeDeclined, Code: "06"}},
		"closed":        {payment.Query, state(WalletClosed, "22"), payment.Answer{Outcome: payment.OutcomeDeclined, Code: "22"}},
		"not found":     {payment.Query, state(WalletNotFound, ""), payment.Answer{Outcome: payment.OutcomeAbsent}},
		"taken back":    {payment.Take, state(WalletClosed, "22"), payment.Answer{Outcome: payment.OutcomeUndone, Code: "22"}},
		"nothing there": {payment.Take, state(WalletFailed, "51"), payment.Answer{Outcome: payment.OutcomeUndone, Code: "51"}},
		"stands":        {payment.Take, ok, payment.Answer{}},
		"nonsense":      {payment.Do, state("MAYBE", ""), payment.Answer{}},
	} {
		body, signature, err := w.Seal(&c.reply)
		require.NoError(t, err)
		answer, err := w.Judge(&Ask{Verb: c.verb, Row: sale}, body, signature)
		require.NoError(t, err, name)
		c.want.Ref = ok.Transaction
		require.Equal(t, c.want, answer, name)
	}
	for name, r := range map[string]WalletReply{"amount": with(func(r *WalletReply) { r.Amount++ }), "number": with(func(r *WalletReply) { r.Number = "other" })} {
		body, signature, err := w.Seal(&r)
		require.NoError(t, err)
		answer, err := w.Judge(&Ask{Verb: payment.Do, Row: sale}, body, signature)
		require.ErrorIs(t, err, ErrMismatch, name)
		require.Zero(t, answer)
	}
	none := []byte("{")
	signature, err := w.mac.Append(nil, none)
	require.NoError(t, err)
	answer, err := w.Judge(&Ask{Verb: payment.Do, Row: sale}, none, signature)
	require.Error(t, err, "signed, and no answer")
	require.Zero(t, answer)
	body, err := json.Marshal(ok)
	require.NoError(t, err)
	_, err = w.Judge(&Ask{Verb: payment.Do, Row: sale}, body, make([]byte, 32))
	require.ErrorIs(t, err, crypto.ErrVerify)
}
