package channel_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/examples/realtime/channel"
	"github.com/posline/posline/examples/realtime/simulator"
	"github.com/posline/posline/pinblock"
)

const (
	pan   = "6217970000000042002"
	track = pan + "D30122200000731"
)

// zone is what bank and acquirer share.
type zone struct {
	pin crypto.PINKey
	mac crypto.MACKey
	pvk crypto.PVK
}

func newKey(t *testing.T, attributes string, bits int) crypto.Key {
	k, err := crypto.GenerateKey(crypto.MustAttributes(attributes), bits)
	require.NoError(t, err)
	return k
}

func newZone(t *testing.T) (z zone) {
	var err error
	z.pin, err = crypto.NewPINKey(newKey(t, "P0TB00N", 128))
	require.NoError(t, err)
	z.mac, err = crypto.NewMACKey(newKey(t, "M3TC00N", 128))
	require.NoError(t, err)
	z.pvk, err = crypto.NewPVK(newKey(t, "V2TC00N", 128))
	require.NoError(t, err)
	return z
}

func (z zone) block(t *testing.T, digits string) []byte {
	pin, err := pinblock.ParsePIN([]byte(digits))
	require.NoError(t, err)
	block, err := pinblock.Encrypt(nil, z.pin, pinblock.ISO0, pin, pan)
	require.NoError(t, err)
	return block
}

// newBank starts a bank with one card, whose PIN is 739154.
func newBank(t *testing.T, z zone) (*simulator.Bank, string) {
	pin, err := pinblock.ParsePIN([]byte("739154"))
	require.NoError(t, err)
	pvv, err := pinblock.AppendPVV(nil, z.pvk, pinblock.PVVData{PAN: pan, KeyIndex: 1, FirstFour: true}, pin)
	require.NoError(t, err)
	b, err := simulator.NewBank(simulator.BankKeys{PIN: z.pin, MAC: z.mac, Verification: z.pvk}, []simulator.Account{{PAN: pan, PVV: string(pvv)}})
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go b.Server().Serve(listener)
	t.Cleanup(func() { b.Server().Close() })
	return b, listener.Addr().String()
}

func newLine(t *testing.T, address string, key crypto.MACKey) *channel.Bank {
	line, err := channel.NewBank(address, key)
	require.NoError(t, err)
	t.Cleanup(line.Close)
	return line
}

func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func undoing(reference string, amount int64) channel.Undoing {
	return channel.Undoing{Reference: reference, Amount: amount, Currency: "156", Terminal: "10000001", Merchant: "898440354110001"}
}

func TestBank(t *testing.T) {
	z := newZone(t)
	bank, address := newBank(t, z)
	line := newLine(t, address, z.mac)
	payment := func(reference string, amount int64, pin string) channel.Payment {
		return channel.Payment{Reference: reference, Amount: amount, Currency: "156", Terminal: "10000001", Merchant: "898440354110001",
			PAN: pan, Track2: track, EntryMode: "021", PINBlock: z.block(t, pin)}
	}
	pay := func(p channel.Payment) channel.Answer {
		answer, err := line.Pay(within(t, 5*time.Second), p)
		require.NoError(t, err)
		return answer
	}
	approved := channel.Answer{Outcome: channel.Approved, Code: "00", Authorisation: "A00001"}
	require.Equal(t, approved, pay(payment("000000000001", 100, "739154")))
	require.Equal(t, approved, pay(payment("000000000001", 100, "739154")), "the same payment once more is the same payment")
	require.Equal(t, channel.Answer{Outcome: channel.Declined, Code: "55"}, pay(payment("000000000002", 100, "739254")))
	require.Equal(t, channel.Answer{Outcome: channel.Declined, Code: "51"}, pay(payment("000000000003", 151, "739154")))
	unknown := payment("000000000004", 100, "739154")
	unknown.PAN = "6217970000000099994"
	require.Equal(t, channel.Answer{Outcome: channel.Declined, Code: "14"}, pay(unknown))

	require.ErrorIs(t, line.Undo(t.Context(), undoing("000000000001", 99)), channel.ErrRefused)
	for range 2 {
		require.NoError(t, line.Undo(t.Context(), undoing("000000000001", 100)))
	}
	require.NoError(t, line.Undo(t.Context(), undoing("000000000009", 100)), "never heard of")
	require.Equal(t, channel.Declined, pay(payment("000000000009", 100, "739154")).Outcome, "it came after it was undone")

	states := make(map[string]simulator.HoldingState)
	for reference, h := range bank.Holdings() {
		states[strings.TrimLeft(reference, "0")] = h.State
	}
	require.Equal(t, map[string]simulator.HoldingState{"1": simulator.Undone, "2": simulator.Refused, "3": simulator.Refused,
		"4": simulator.Refused, "9": simulator.Barred}, states)
	_, err := line.Pay(t.Context(), payment("1", 100, "739154"))
	require.Error(t, err, "a reference is 12 digits")
}

// TestBankThatDoesNotAnswer: only what certainly did not leave is declined; all else is unknown until it is undone.
func TestBankThatDoesNotAnswer(t *testing.T) {
	z := newZone(t)
	bank, address := newBank(t, z)
	line := newLine(t, address, z.mac)
	bank.Faults.Storm(0, 300*time.Millisecond)
	number := 0
	for _, fault := range []simulator.Fault{simulator.Deaf, simulator.Silent, simulator.Late, simulator.Broken} {
		number++
		reference := "00000000000" + string(rune('0'+number))
		bank.Faults.Plan(fault)
		answer, err := line.Pay(within(t, 100*time.Millisecond), channel.Payment{Reference: reference, Amount: 100, Currency: "156",
			Terminal: "10000001", Merchant: "898440354110001", PAN: pan, Track2: track, EntryMode: "022"})
		require.Error(t, err, "%s", fault)
		require.Equal(t, channel.Unknown, answer.Outcome, "%s", fault)

		bank.Faults.Plan(fault)
		require.Error(t, line.Undo(within(t, 100*time.Millisecond), undoing(reference, 100)), "%s", fault)
		again := undoing(reference, 100)
		again.Again = true
		require.NoError(t, line.Undo(within(t, 5*time.Second), again), "%s", fault)
		require.NotEqual(t, simulator.Held, bank.Holdings()[reference].State)
	}
	bank.Faults.Plan(simulator.Twice)
	for _, reference := range []string{"000000000011", "000000000012"} {
		answer, err := line.Pay(within(t, 5*time.Second), channel.Payment{Reference: reference, Amount: 100, Currency: "156",
			Terminal: "10000001", Merchant: "898440354110001", PAN: pan, Track2: track, EntryMode: "022"})
		require.NoError(t, err)
		require.Equal(t, channel.Approved, answer.Outcome)
	}
}

func TestNobodyListens(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	z := newZone(t)
	payment := channel.Payment{Reference: "000000000001", Amount: 100, Currency: "156", Terminal: "10000001", Merchant: "898440354110001",
		PAN: pan, Track2: track, EntryMode: "022", PayCode: "135325628417000148"}
	wallet, err := channel.NewWallet("http://"+listener.Addr().String(), walletKey(t))
	require.NoError(t, err)
	for _, c := range []channel.Channel{newLine(t, listener.Addr().String(), z.mac), wallet} {
		answer, err := c.Pay(within(t, time.Second), payment)
		require.Error(t, err)
		require.Equal(t, channel.Answer{Outcome: channel.Declined, Code: "92"}, answer)
		require.Error(t, c.Undo(within(t, time.Second), undoing("000000000001", 100)))
	}
}

// TestForeignBank: an answer whose code is wrong says nothing, whatever it says.
func TestForeignBank(t *testing.T) {
	z := newZone(t)
	_, address := newBank(t, z)
	line := newLine(t, address, newZone(t).mac)
	answer, err := line.Pay(within(t, time.Second), channel.Payment{Reference: "000000000001", Amount: 100, Currency: "156",
		Terminal: "10000001", Merchant: "898440354110001", PAN: pan, Track2: track, EntryMode: "022"})
	require.ErrorIs(t, err, crypto.ErrVerify)
	require.Equal(t, channel.Unknown, answer.Outcome)
	require.ErrorIs(t, line.Undo(within(t, time.Second), undoing("000000000001", 100)), crypto.ErrVerify)
}

func walletKey(t *testing.T) crypto.MACKey {
	key, err := crypto.NewMACKey(newKey(t, "M7HC00N", 256))
	require.NoError(t, err)
	return key
}

func TestWallet(t *testing.T) {
	key := walletKey(t)
	sim, err := simulator.NewWallet(key)
	require.NoError(t, err)
	server := httptest.NewServer(sim)
	defer server.Close()
	wallet, err := channel.NewWallet(server.URL, key)
	require.NoError(t, err)
	defer wallet.Close()
	pay := func(reference, code string, amount int64) channel.Answer {
		answer, err := wallet.Pay(t.Context(), channel.Payment{Reference: reference, Amount: amount, Currency: "156", PayCode: code})
		require.NoError(t, err)
		return answer
	}
	query := func(reference string) channel.Outcome {
		answer, err := wallet.Query(t.Context(), reference)
		require.NoError(t, err)
		return answer.Outcome
	}
	require.Equal(t, channel.Answer{Outcome: channel.Approved, Code: "00", Authorisation: "W00001"}, pay("000000000001", "135325628417000148", 100))
	require.Equal(t, channel.Approved, pay("000000000001", "135325628417000148", 100).Outcome, "the same payment")
	require.Equal(t, channel.Answer{Outcome: channel.Declined, Code: "14"}, pay("000000000002", "135325628417000148", 100), "a code is good once")
	require.Equal(t, channel.Answer{Outcome: channel.Declined, Code: "14"}, pay("000000000003", "6222000000000000", 100), "no pay code")
	require.Equal(t, channel.Answer{Outcome: channel.Declined, Code: "51"}, pay("000000000004", "135325628417000149", 151))

	require.Equal(t, channel.Unknown, pay("000000000005", "135325628417000150", simulator.PasswordFrom).Outcome)
	require.Equal(t, channel.Unknown, query("000000000005"))
	require.Equal(t, channel.Approved, query("000000000005"))
	require.Equal(t, channel.Absent, query("000000000099"))

	require.NoError(t, wallet.Undo(t.Context(), undoing("000000000001", 100)))
	require.NoError(t, wallet.Undo(t.Context(), undoing("000000000006", 100)), "never heard of")
	require.Equal(t, channel.Declined, pay("000000000006", "135325628417000151", 100).Outcome, "it came after it was undone")
	require.Equal(t, simulator.Undone, sim.Holdings()["000000000001"].State)

	for _, fault := range []simulator.Fault{simulator.Deaf, simulator.Silent} {
		sim.Faults.Plan(fault)
		answer, err := wallet.Pay(t.Context(), channel.Payment{Reference: "000000000007", Amount: 100, PayCode: "135325628417000152"})
		require.Error(t, err)
		require.Equal(t, channel.Unknown, answer.Outcome)
	}
	require.Equal(t, channel.Approved, query("000000000007"))
}

// TestForgedWallet: answers that the wallet did not sign, or gave for something else, are errors.
func TestForgedWallet(t *testing.T) {
	key := walletKey(t)
	genuine, err := simulator.NewWallet(key)
	require.NoError(t, err)
	record := httptest.NewRecorder()
	var spoil func(w http.ResponseWriter)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		record = httptest.NewRecorder()
		genuine.ServeHTTP(record, r)
		spoil(w)
	}))
	defer server.Close()
	wallet, err := channel.NewWallet(server.URL, key)
	require.NoError(t, err)
	var earlier *httptest.ResponseRecorder
	give := func(w http.ResponseWriter, from *httptest.ResponseRecorder, body string) {
		w.Header().Set(channel.WalletSignature, from.Header().Get(channel.WalletSignature))
		w.WriteHeader(from.Code)
		w.Write([]byte(body))
	}
	payment := channel.Payment{Reference: "000000000001", Amount: 151, PayCode: "135325628417000148"}
	for name, f := range map[string]func(w http.ResponseWriter){
		"changed": func(w http.ResponseWriter) {
			give(w, record, strings.Replace(record.Body.String(), "FAILED", "SUCCESS", 1))
		},
		"not signed":  func(w http.ResponseWriter) { w.Write(record.Body.Bytes()) },
		"an error":    func(w http.ResponseWriter) { http.Error(w, "busy", http.StatusBadGateway) },
		"of the past": func(w http.ResponseWriter) { give(w, earlier, earlier.Body.String()) },
	} {
		spoil = func(w http.ResponseWriter) { give(w, record, record.Body.String()) }
		_, err := wallet.Query(t.Context(), "000000000077")
		require.NoError(t, err)
		earlier = record
		spoil = f
		answer, err := wallet.Pay(t.Context(), payment)
		require.Error(t, err, name)
		require.Equal(t, channel.Unknown, answer.Outcome, name)
	}
}
