package terminal

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/emv/paycode"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/examples/realtime/payment"
	"github.com/posline/posline/examples/realtime/terminal/engine"
	"github.com/posline/posline/message"
	"github.com/posline/posline/pinblock"
)

var testWire = Wire{ID: "10000001", Merchant: "898440354110001"}

func workKeys(t *testing.T) *dialect.WorkKeys {
	key, err := crypto.GenerateKey(crypto.MustAttributes("K0TB00S"), 128)
	require.NoError(t, err)
	master, err := crypto.NewKEK(key)
	require.NoError(t, err)
	block, err := dialect.GenerateWorkKeys(master, 64)
	require.NoError(t, err)
	keys, err := dialect.OpenWorkKeys(master, block)
	require.NoError(t, err)
	return keys
}

// TestAnswersToOthers: an answer with a good code is none when it is to another request: another number, terminal, merchant,
// amount, service or type.
func TestAnswersToOthers(t *testing.T) {
	keys := workKeys(t)
	request, err := testWire.Request(&engine.Transaction{Kind: payment.Sale, STAN: 7, Batch: "000001", Order: "D-1", Amount: 55_88, Entry: "022"},
		&Payer{Track2: track}, keys)
	require.NoError(t, err)
	answer := func(code string, change func(m *message.Message)) []byte {
		m, err := message.Response(request)
		require.NoError(t, err)
		m.Set(39, code)
		change(m)
		reply, err := m.AppendPackMAC(nil, keys.Sign)
		require.NoError(t, err)
		return reply
	}
	right := func(*message.Message) {}
	a, newKeys, err := testWire.Answer(request, answer("00", right), keys)
	require.NoError(t, err)
	require.False(t, newKeys)
	require.Equal(t, engine.Answer{Code: "00", Amount: 55_88}, a)
	for name, change := range map[string]func(m *message.Message){
		"STAN":     func(m *message.Message) { m.Set(11, "000008") },
		"terminal": func(m *message.Message) { m.Set(41, "10000002") },
		"merchant": func(m *message.Message) { m.Set(42, "898440354110002") },
		"amount":   func(m *message.Message) { m.SetInt(4, 55_89) },
		"service":  func(m *message.Message) { m.Set(3, "200000") },
		"type":     func(m *message.Message) { m.SetMTI("0410") },
		"no STAN":  func(m *message.Message) { m.Unset(11) },
	} {
		a, newKeys, err := testWire.Answer(request, answer("00", change), keys)
		require.ErrorIs(t, err, ErrAnswer, name)
		require.Equal(t, engine.Answer{Bad: true, Code: "00"}, a, name)
		require.False(t, newKeys, name)
		_, newKeys, err = testWire.Answer(request, answer("97", change), keys)
		require.ErrorIs(t, err, ErrAnswer, name)
		require.True(t, newKeys, "%s: a sign-in does no harm", name)
	}
	a, _, err = testWire.Answer(request, answer("10", func(m *message.Message) { m.SetInt(4, 20_00) }), keys)
	require.NoError(t, err)
	require.Equal(t, engine.Answer{Code: "10", Amount: 20_00}, a)
	for _, reply := range [][]byte{nil, []byte("HTTP/1.1 200 OK"), answer("00", right)[:30]} {
		a, newKeys, err := testWire.Answer(request, reply, keys)
		require.ErrorIs(t, err, ErrAnswer)
		require.Equal(t, engine.Answer{Bad: true}, a)
		require.False(t, newKeys)
	}
	other := workKeys(t)
	for code, renew := range map[string]bool{"00": false, "A0": true} {
		a, newKeys, err = testWire.Answer(request, answer(code, right), other)
		require.ErrorIs(t, err, ErrAnswer)
		require.Equal(t, []any{true, renew}, []any{a.Bad, newKeys}, code)
	}
	_, err = testWire.Session(request, []byte("HTTP/1.1 200 OK"), crypto.KEK{}, time.Now())
	require.ErrorIs(t, err, ErrSignIn)
}

// TestEntryModes of stripes with and without PIN, and of codes.
func TestEntryModes(t *testing.T) {
	require.Equal(t, "032", (&Payer{}).Entry())
	require.Equal(t, "022", (&Payer{Track2: track}).Entry())
	require.Equal(t, "021", (&Payer{Track2: track, PIN: somePIN(t)}).Entry())
}

// TestFields60: what a request is, and how its card was read where one was.
func TestFields60(t *testing.T) {
	keys := workKeys(t)
	code, ok := paycode.Recognize("135325628417000148", paycode.Scanner)
	require.True(t, ok)
	original := payment.Origin{Batch: "000001", STAN: "000003"}
	for want, x := range map[string]engine.Transaction{
		"2200000100060": {Kind: payment.Sale, Entry: "022", Order: "D-1"},
		"22000001000":   {Kind: payment.Sale, Entry: "032", Order: "D-1", Code: true},
		"23000001000":   {Kind: payment.Void, Entry: "022", Original: original, Ref: "000000000001"},
		"25000001000":   {Kind: payment.Refund, Entry: "032", Code: true, Original: original, Ref: "000000000001"},
	} {
		x.STAN, x.Batch, x.Amount = 9, "000001", 1
		var payer *Payer
		switch {
		case x.Original.STAN != "":
		case x.Code:
			payer = &Payer{PayCode: code}
		default:
			payer = &Payer{Track2: track}
		}
		m, err := testWire.Request(&x, payer, keys)
		require.NoError(t, err)
		require.Equal(t, want, m.Field(60).Text())
	}
	require.Equal(t, "00000005301", testWire.Echo("000005").Field(60).Text())
	_, err := testWire.Request(&engine.Transaction{Kind: payment.Sale, STAN: 1, Batch: "000001", Order: "D-1", Amount: 1, Entry: "021"},
		&Payer{Track2: "12D3012", PIN: somePIN(t)}, keys)
	require.Error(t, err, "no PIN block without a card number")
}

func somePIN(t *testing.T) pinblock.PIN {
	pin, err := pinblock.ParsePIN([]byte("739154"))
	require.NoError(t, err)
	return pin
}

func testRequest(t *testing.T, frame []byte) *message.Message {
	m := dialect.Terminal.New()
	require.NoError(t, m.Unpack(frame))
	return m
}

// TestSignInAnswers: keys are taken from an answer to the request that says 00, and have the check values that it tells.
func TestSignInAnswers(t *testing.T) {
	key, err := crypto.GenerateKey(crypto.MustAttributes("K0TB00S"), 128)
	require.NoError(t, err)
	master, err := crypto.NewKEK(key)
	require.NoError(t, err)
	block, err := dialect.GenerateWorkKeys(master, 64)
	require.NoError(t, err)
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, dialect.China)
	request := testWire.SignIn(9, "000004", now)
	require.Equal(t, []string{"0800", "000009", "120000", "1130", testWire.ID, testWire.Merchant, "00000004003", "001"},
		[]string{request.MTI(), request.Field(11).Text(), request.Field(12).Text(), request.Field(13).Text(), request.Field(41).Text(),
			request.Field(42).Text(), request.Field(60).Text(), request.Field(63).Text()})
	require.Equal(t, "Sequence No12310010000001", string(request.Field(62).Bytes()))
	answer := func(change func(m *message.Message)) (Session, error) {
		m, err := message.Response(request)
		require.NoError(t, err)
		m.Set(39, "00")
		m.Set(60, "00000007003")
		m.SetBytes(62, block)
		dialect.SetClock(m, now.Add(time.Hour))
		change(m)
		reply, err := m.Pack()
		require.NoError(t, err)
		return testWire.Session(request, reply, master, now)
	}
	s, err := answer(func(*message.Message) {})
	require.NoError(t, err)
	require.NotNil(t, s.Keys)
	require.Equal(t, []any{"000007", false}, []any{s.Batch, s.Date})
	require.True(t, s.Clock.Equal(now.Add(time.Hour)))
	s, err = answer(func(m *message.Message) { m.Unset(12) })
	require.NoError(t, err)
	require.Zero(t, s.Clock)
	for name, change := range map[string]func(m *message.Message){
		"type":     func(m *message.Message) { m.SetMTI("0830") },
		"STAN":     func(m *message.Message) { m.Set(11, "000010") },
		"terminal": func(m *message.Message) { m.Set(41, "10000002") },
		"no code":  func(m *message.Message) { m.Unset(39) },
	} {
		s, err = answer(change)
		require.ErrorIs(t, err, ErrAnswer, name)
		require.Zero(t, s, name)
	}
	for code, date := range map[string]bool{"D2": true, "D1": false, "58": false} {
		s, err = answer(func(m *message.Message) { m.Set(39, code) })
		require.ErrorIs(t, err, ErrSignIn)
		require.ErrorContains(t, err, code)
		require.Nil(t, s.Keys)
		require.Equal(t, date, s.Date, code)
		require.True(t, s.Clock.Equal(now.Add(time.Hour)), code)
	}
	s, err = answer(func(m *message.Message) { m.SetBytes(62, append([]byte{block[0] ^ 1}, block[1:]...)) })
	require.ErrorIs(t, err, ErrSignIn)
	require.Nil(t, s.Keys)
}

// TestFormsOfRequests: type, processing code and condition of each, and what reversals have in the place of the card.
func TestFormsOfRequests(t *testing.T) {
	keys := workKeys(t)
	original := payment.Origin{Batch: "000001", STAN: "000003"}
	for kind, want := range map[payment.Kind][]string{
		payment.Sale:       {"0200", "000000", "00", "22", "", "", ""},
		payment.Auth:       {"0100", "030000", "06", "10", "", "", ""},
		payment.Completion: {"0200", "000000", "06", "20", "000000000001", "A00001", "000001000003"},
		payment.Void:       {"0200", "200000", "00", "23", "000000000001", "A00001", "000001000003"},
		payment.Refund:     {"0220", "200000", "00", "25", "000000000001", "A00001", "000001000003"},
	} {
		x := engine.Transaction{Kind: kind, STAN: 9, Batch: "000002", Amount: 123, Entry: "021"}
		payer := &Payer{Track2: track, PIN: somePIN(t)}
		if kind != payment.Sale && kind != payment.Auth {
			payer, x.Original, x.Ref, x.Auth = nil, original, "000000000001", "A00001"
		}
		m, err := testWire.Request(&x, payer, keys)
		require.NoError(t, err)
		require.Equal(t, want, []string{m.MTI(), m.Field(3).Text(), m.Field(25).Text(), m.Get("60.1").Text(), m.Field(37).Text(), m.Field(38).Text(), m.Field(61).Text()})
		require.Equal(t, payer != nil, m.Has(52) && m.Has(35))
		require.False(t, m.Has(59), "neither an order nor a pay code")
		if kind == payment.Refund {
			continue
		}
		r, err := testWire.Reversal(&x, "98")
		require.NoError(t, err)
		require.Equal(t, []string{"0400", want[1], "000000000123", "000009", "021", "98", "000002"},
			[]string{r.MTI(), r.Field(3).Text(), r.Field(4).Text(), r.Field(11).Text(), r.Field(22).Text(), r.Field(39).Text(), r.Get("60.2").Text()})
		for _, secret := range []int{2, 26, 35, 52, 53} {
			require.False(t, r.Has(secret), secret)
		}
	}
	_, err := testWire.Request(&engine.Transaction{Kind: 99}, nil, keys)
	require.Error(t, err)
	_, err = testWire.Reversal(&engine.Transaction{Kind: 99}, "98")
	require.Error(t, err)
	_, err = testWire.Reversal(&engine.Transaction{Kind: payment.Sale, STAN: 1, Batch: "000001", Amount: 1, Entry: "022"}, "098")
	require.Error(t, err, "a reason has two characters")
	_, err = testWire.Request(&engine.Transaction{Kind: payment.Sale, STAN: 1, Batch: "000001", Amount: -1, Entry: "022"}, nil, keys)
	require.Error(t, err, "no field 4 of less than nothing")
}
