// Package hosttest is an acquirer for the tests of the terminal: it keeps a book of its own and misbehaves as told.
package hosttest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/tlsconn"
	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/mac"
	"github.com/posline/posline/message"
	"github.com/posline/posline/pinblock"
	"github.com/posline/posline/spec"
)

// What stands on the test card, and its PIN.
const (
	Track2 = "6217970000000000422=23122201234500000"
	PAN    = "6217970000000000422"
	PIN    = "1234"
)

// MasterHex is the terminal master key in hexadecimal, as a key file has it.
const MasterHex = "0123456789ABCDEFFEDCBA9876543210"

// Codec is of the messages that the host speaks.
var Codec = message.MustCompile(spec.UnionPayPOS())

// Master is the terminal master key.
func Master(t testing.TB) crypto.KEK {
	clear, err := hex.DecodeString(MasterHex)
	require.NoError(t, err)
	key, err := clearkey.Import(crypto.MustAttributes("K0TB00N"), clear)
	require.NoError(t, err)
	kek, err := crypto.NewKEK(key)
	require.NoError(t, err)
	return kek
}

// Host is an acquirer with a book of its own: what it holds money for, by STAN.
type Host struct {
	t         testing.TB
	master    crypto.KEK
	server    *connection.Server
	tls       *tls.Config
	Address   string
	Authority string // a file with the certificate that vouches for a host that speaks TLS

	mu     sync.Mutex
	pin    crypto.PINKey
	mac    *mac.MAC
	book   map[string]int64 // amounts held, by STAN
	seen   []string         // requests: MTI, STAN, and for a reversal its reason
	behave func(request *message.Message) Behaviour
	sales  func(frame, reply []byte) ([]byte, error) // in the place of everything else after sign-in
}

// Behaviour is how the host treats one request.
type Behaviour struct {
	Code     string // "" is what the request deserves
	Silent   bool   // do it, do not answer
	Unsigned bool   // no MAC
	Spoilt   bool   // a wrong MAC
	HangUp   bool   // do it, close
}

// New starts a host that ends with the test.
func New(t testing.TB) *Host {
	h := &Host{t: t, master: Master(t), book: map[string]int64{}, behave: honest}
	h.Listen("127.0.0.1:0")
	t.Cleanup(h.Stop)
	return h
}

// NewTLS is New for a host that speaks TLS under a certificate of its own.
func NewTLS(t testing.TB) *Host {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	require.NoError(t, err)
	h := &Host{t: t, master: Master(t), book: map[string]int64{}, behave: honest}
	h.tls = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: private}}, MinVersion: tls.VersionTLS12}
	h.Authority = filepath.Join(t.TempDir(), "authority.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	require.NoError(t, os.WriteFile(h.Authority, text, 0o600))
	h.Listen("127.0.0.1:0")
	t.Cleanup(h.Stop)
	return h
}

// Listen starts it, also again after Stop.
func (h *Host) Listen(address string) {
	listener, err := net.Listen("tcp", address)
	require.NoError(h.t, err)
	framing, err := connection.FramingByName("binary2")
	require.NoError(h.t, err)
	h.Address = listener.Addr().String()
	if h.tls != nil {
		listener = tlsconn.Listener(listener, h.tls)
	}
	h.server = &connection.Server{Config: connection.Config{Framing: framing, Handler: h.handle}}
	go h.server.Serve(listener)
}

// Stop ends it and its lines; the book stays.
func (h *Host) Stop() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	h.server.Shutdown(ctx)
}

// Set makes the host treat sales in this way.
func (h *Host) Set(b Behaviour) {
	h.Behave(func(m *message.Message) Behaviour {
		if m.MTI() == "0200" {
			return b
		}
		return Behaviour{}
	})
}

// Behave makes the host ask f how to treat each request.
func (h *Host) Behave(f func(request *message.Message) Behaviour) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.behave = f
}

func honest(*message.Message) Behaviour { return Behaviour{} }

// MAC is the day's, after a sign-in.
func (h *Host) MAC() *mac.MAC { return h.mac }

// AnswerSales puts another handler in the place of everything but sign-in.
func (h *Host) AnswerSales(handler func(frame, reply []byte) ([]byte, error)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sales = handler
}

// Held is what the host holds money for, in fen.
func (h *Host) Held() (total int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, amount := range h.book {
		total += amount
	}
	return total
}

// Requests are those that have come, a line each: type, STAN, and of a reversal its reason.
func (h *Host) Requests() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.seen...)
}

func (h *Host) handle(c *connection.Conn, frame, reply []byte) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.sales != nil && h.mac != nil {
		return h.sales(frame, reply)
	}
	request := Codec.New()
	if err := request.Unpack(frame); err != nil {
		return nil, err
	}
	line := request.MTI() + " " + request.Get("11").Text()
	if request.MTI() == "0400" {
		line += " " + request.Get("39").Text()
	}
	h.seen = append(h.seen, line)
	response, err := message.Response(request)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	response.SetTime(12, now)
	response.SetTime(13, now)
	response.Set(37, "123456789012")
	b := h.behave(request)
	switch request.MTI() {
	case "0800":
		return h.signIn(response, reply)
	case "0200":
		err = h.sale(request, response, b)
	case "0400":
		err = h.reverse(request, response)
	default:
		err = errors.New("no such service")
	}
	if err != nil {
		return nil, err
	}
	return h.answer(c, response, reply, b)
}

func (h *Host) answer(c *connection.Conn, response *message.Message, reply []byte, b Behaviour) ([]byte, error) {
	switch {
	case b.Silent:
		return nil, nil
	case b.HangUp:
		go c.Close()
		return nil, nil
	case b.Unsigned:
		return response.AppendPack(reply)
	case b.Spoilt:
		return response.AppendPackMAC(reply, func(dst, _ []byte) ([]byte, error) { return append(dst, "00000000"...), nil })
	}
	return response.AppendPackMAC(reply, h.mac.Append)
}

func (h *Host) signIn(response *message.Message, reply []byte) ([]byte, error) {
	pinKey, err := crypto.GenerateKey(crypto.MustAttributes("P0TB00S"), 128)
	require.NoError(h.t, err)
	code, err := crypto.GenerateKey(crypto.MustAttributes("M1DC00S"), 64)
	require.NoError(h.t, err)
	h.pin, err = crypto.NewPINKey(pinKey)
	require.NoError(h.t, err)
	macKey, err := crypto.NewMACKey(code)
	require.NoError(h.t, err)
	h.mac, err = mac.UnionPay(macKey)
	require.NoError(h.t, err)
	block := wrap(h.t, nil, h.master, crypto.SchemeX, pinKey, 0)
	response.SetBytes(62, wrap(h.t, block, h.master, crypto.SchemeZ, code, 8))
	response.Set(39, "00")
	return response.AppendPack(reply)
}

func wrap(t testing.TB, dst []byte, master crypto.KEK, scheme crypto.VariantScheme, key crypto.Key, zeros int) []byte {
	dst, err := crypto.AppendWrapVariant(dst, master, scheme, 0, key)
	require.NoError(t, err)
	check, err := key.KCV(crypto.KCVLegacy, 4)
	require.NoError(t, err)
	return append(append(dst, make([]byte, zeros)...), check...)
}

func (h *Host) sale(request, response *message.Message, b Behaviour) error {
	code := b.Code
	if code == "" {
		code = h.authorise(request)
	}
	if code == "00" || code == "10" || code == "11" || code == "96" {
		amount, err := request.Field(4).Int64()
		if err != nil {
			return err
		}
		h.book[request.Get("11").Text()] += amount
		response.Set(38, "A00001")
	}
	return response.Set(39, code)
}

func (h *Host) authorise(request *message.Message) string {
	if request.VerifyMAC(h.mac.Verify) != nil {
		return "A0"
	}
	entered, err := pinblock.Decrypt(h.pin, pinblock.ISO0, request.Field(52).Bytes(), PAN)
	if err != nil {
		return "55"
	}
	known, err := pinblock.ParsePIN([]byte(PIN))
	if err != nil || !entered.Equal(known) {
		return "55"
	}
	return "00"
}

func (h *Host) reverse(request, response *message.Message) error {
	if request.VerifyMAC(h.mac.Verify) != nil {
		return response.Set(39, "A0")
	}
	stan := request.Get("11").Text()
	if _, there := h.book[stan]; !there {
		return response.Set(39, "25")
	}
	delete(h.book, stan)
	return response.Set(39, "00")
}
