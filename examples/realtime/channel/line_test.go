package channel

import (
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/examples/realtime/payment"
)

// ask waits for the one answer.
func ask(t *testing.T, c Channel, within time.Duration, a *Ask) payment.Answer {
	told := make(chan payment.Answer, 2)
	c.Ask(within, a, func(answer payment.Answer) { told <- answer })
	require.Zero(t, a.Card, "nothing of the card stays behind")
	answer := <-told
	require.Empty(t, told)
	return answer
}

func free(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func TestBankLine(t *testing.T) {
	b := newBank(t)
	address := free(t)
	line := NewBank(address, b.codec)
	defer line.Close()
	sale := func() *Ask {
		return &Ask{Verb: payment.Do, Row: row(payment.Sale), Card: Card{PAN: "6217970000000042002"}}
	}
	require.Equal(t, payment.OutcomeUnsent, ask(t, line, time.Second, sale()).Outcome, "nobody is there")
	require.Equal(t, payment.OutcomeUnknown, ask(t, line, time.Second, &Ask{Verb: payment.Take, Row: row(payment.Sale)}).Outcome)
	require.Equal(t, payment.OutcomeUnsent, ask(t, line, time.Second, &Ask{Verb: payment.Do, Row: row(payment.Void)}).Outcome)

	silent := make(chan bool, 1)
	server := &connection.Server{Config: dialect.BankLine()}
	server.Config.Handler = func(_ *connection.Conn, frame, reply []byte) ([]byte, error) {
		select {
		case <-silent:
			return nil, nil
		default:
		}
		m := dialect.Bank.New()
		if err := m.Unpack(frame); err != nil {
			return nil, err
		}
		a := sale()
		if m.MTI()[:2] == "04" {
			a = &Ask{Verb: payment.Take, Row: row(payment.Sale), Again: m.MTI() == "0401"}
		}
		return append(reply, b.answer(a, "00", nil)...), nil
	}
	listener, err := net.Listen("tcp", address)
	require.NoError(t, err)
	go server.Serve(listener)
	defer server.Close()
	require.Equal(t, payment.OutcomeApproved, ask(t, line, 10*time.Second, sale()).Outcome)
	silent <- true
	require.Equal(t, payment.OutcomeUnknown, ask(t, line, 50*time.Millisecond, sale()).Outcome, "it has left")
	require.Equal(t, payment.OutcomeUndone, ask(t, line, 10*time.Second, &Ask{Verb: payment.Take, Row: row(payment.Sale), Again: true}).Outcome)
	line.Close()
	require.Equal(t, payment.OutcomeUnsent, ask(t, line, time.Second, sale()).Outcome)
}

func TestWalletLine(t *testing.T) {
	codec := newWallet(t)
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if status == 0 {
			panic(http.ErrAbortHandler)
		}
		body, _ := io.ReadAll(r.Body)
		signature, _ := hex.DecodeString(r.Header.Get(WalletSignature))
		request, err := codec.Open(body, signature)
		if err != nil {
			status = http.StatusForbidden
		}
		reply, signed, _ := codec.Seal(&WalletReply{Number: request.Number, Status: WalletSuccess, Amount: request.Amount})
		out.Header().Set(WalletSignature, hex.EncodeToString(signed))
		out.WriteHeader(status)
		out.Write(reply)
	}))
	defer server.Close()
	line := NewWallet(server.URL, codec)
	sale := func() *Ask {
		return &Ask{Verb: payment.Do, Row: row(payment.Sale), Card: Card{PayCode: "135325628417000148"}}
	}
	require.Equal(t, payment.OutcomeApproved, ask(t, line, 10*time.Second, sale()).Outcome)
	status = http.StatusBadGateway
	require.Equal(t, payment.OutcomeUnknown, ask(t, line, 10*time.Second, sale()).Outcome)
	status = 0
	require.Equal(t, payment.OutcomeUnknown, ask(t, line, 10*time.Second, sale()).Outcome)
	require.Equal(t, payment.OutcomeUnsent, ask(t, line, 10*time.Second, &Ask{Verb: payment.Do, Row: row(payment.Auth)}).Outcome)
	line.Close()
	nobody := NewWallet("http://"+free(t), codec)
	require.Equal(t, payment.OutcomeUnsent, ask(t, nobody, 10*time.Second, sale()).Outcome)
	require.Equal(t, payment.OutcomeUnknown, ask(t, nobody, 10*time.Second, &Ask{Verb: payment.Query, Row: row(payment.Sale)}).Outcome)
	nobody.Close()
}

// TestBankLineRepeats: an undoing that was not answered is sent again over the same line, although its first sending may
// still be answered; a line that is closed is closed at both ends, and not opened again.
func TestBankLineRepeats(t *testing.T) {
	b := newBank(t)
	var takes atomic.Int32
	server := &connection.Server{Config: dialect.BankLine()}
	server.Config.Handler = func(*connection.Conn, []byte, []byte) ([]byte, error) {
		takes.Add(1)
		return nil, nil
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go server.Serve(listener)
	defer server.Close()
	line := NewBank(listener.Addr().String(), b.codec)
	for began := time.Now(); takes.Load() < 3; {
		require.Less(t, time.Since(began), 20*time.Second, "%d have come", takes.Load())
		require.Equal(t, payment.Answer{}, ask(t, line, 50*time.Millisecond, &Ask{Verb: payment.Take, Row: row(payment.Sale)}))
	}
	require.Len(t, server.Conns(), 1)
	line.Close()
	require.Eventually(t, func() bool { return len(server.Conns()) == 0 }, 10*time.Second, time.Millisecond)
	require.Equal(t, payment.Answer{}, ask(t, line, time.Second, &Ask{Verb: payment.Take, Row: row(payment.Sale)}))
	require.Empty(t, server.Conns())
	_, err = line.link.Exchange(t.Context(), []byte("frame"), nil)
	require.ErrorIs(t, err, connection.ErrClosed)
	require.True(t, connection.SafeToRetry(err))
}

// TestOneLine: however many ask at the same time while there is no line yet, one is opened.
func TestOneLine(t *testing.T) {
	b := newBank(t)
	var asks atomic.Int32
	server := &connection.Server{Config: dialect.BankLine()}
	server.Config.Handler = func(*connection.Conn, []byte, []byte) ([]byte, error) {
		asks.Add(1)
		return nil, nil
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go server.Serve(listener)
	defer server.Close()
	line := NewBank(listener.Addr().String(), b.codec)
	defer line.Close()
	for n := range 20 {
		r := row(payment.Sale)
		r.ID += int64(n)
		line.Ask(20*time.Second, &Ask{Verb: payment.Do, Row: r, Card: Card{PAN: "6217970000000042002"}}, func(payment.Answer) {})
	}
	require.Eventually(t, func() bool { return asks.Load() == 20 }, 20*time.Second, time.Millisecond)
	require.Len(t, server.Conns(), 1)
}
