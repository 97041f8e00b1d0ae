package scenario

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/tlsconn"
	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/keystore"
	"github.com/posline/posline/crypto/mac"
	"github.com/posline/posline/examples/realtime/acquirer"
	"github.com/posline/posline/examples/realtime/channel"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/examples/realtime/ledger/sqlite"
	"github.com/posline/posline/examples/realtime/notify"
	"github.com/posline/posline/examples/realtime/payment"
)

// SwitchConfig is all that the switch's process needs to know. It holds the secret of the key store, so it travels
// through a pipe and is never written.
type SwitchConfig struct {
	Database string
	KeyStore string
	Secret   [32]byte

	Address string // for terminals, host:port
	Events  string // for the streams of events, host:port
	Bank    string // host:port
	Wallet  string // URL

	Certificate string // file of the certificate that terminals see, PEM
	PrivateKey  string // and of its key
	Devices     []byte // certificate of the authority that issues the terminals', DER

	Terminals []TerminalEntry
	Merchants []MerchantEntry
	Patience  time.Duration
	CutOver   time.Duration // after midnight in China, when a business day begins
	Log       string        // file for the log; empty for none
}

// TerminalEntry is a terminal in the registry. Its master key is in the key store under terminalKey(ID).
type TerminalEntry struct {
	ID, Merchant, Serial string
	MACBits              int
}

// MerchantEntry is a merchant to be told. Its webhook key is in the key store under merchantKey(ID).
type MerchantEntry struct {
	ID, URL, Token string
}

// The names of the keys in the switch's store.
const (
	zonePINKey   = "zone PIN"
	zoneMACKey   = "zone MAC"
	payerHashKey = "payer hash"
	walletKey    = "wallet"
)

func terminalKey(id string) string { return "terminal " + id }
func merchantKey(id string) string { return "merchant " + id }

// RunSwitch is the acquirer with ledger and notices, until the context ends. ready is called when it listens.
func RunSwitch(ctx context.Context, c SwitchConfig, ready func()) error {
	keys, err := keystore.Open(c.KeyStore, keystore.Key(c.Secret), keystore.Options{})
	if err != nil {
		return err
	}
	defer keys.Close()
	logger, done, err := openLog(c.Log)
	if err != nil {
		return err
	}
	defer done()
	book, err := openLedger(ctx, c, logger)
	if err != nil {
		return err
	}
	defer book.Close()
	bank, wallet, err := openChannels(c, keys)
	if err != nil {
		return err
	}
	defer bank.Close()
	defer wallet.Close()
	config, err := acquirerConfig(c, keys)
	if err != nil {
		return err
	}
	config.Store, config.Logger = book, logger
	config.Channels = map[string]acquirer.Route{acquirer.Bank: {Channel: bank, Rules: bankRules(c.Patience)},
		acquirer.Wallet: {Channel: wallet, Rules: walletRules(c.Patience)}}
	sw, err := acquirer.New(ctx, config)
	if err != nil {
		return err
	}
	defer sw.Close()
	merchants, err := merchantsOf(c, keys)
	if err != nil {
		return err
	}
	return serve(ctx, c, sw, book, merchants, logger, ready)
}

// leaveWithin is how long a switch may need to end whose program is gone.
const leaveWithin = 20 * time.Second

// openLedger opens the ledger, once an earlier switch has left it.
func openLedger(ctx context.Context, c SwitchConfig, logger *slog.Logger) (*sqlite.Store, error) {
	for began := time.Now(); ; {
		book, err := sqlite.Open(c.Database, sqlite.Options{Logger: logger, Trouble: tellTrouble()})
		if !errors.Is(err, sqlite.ErrInUse) || time.Since(began) > leaveWithin || !pause(ctx, 50*time.Millisecond) {
			return book, err
		}
	}
}

// tellEvery is how often people are told of the same trouble.
const tellEvery = 10 * time.Second

// tellTrouble tells people, and not only the log, of what they must do something about.
func tellTrouble() func(error) {
	var last time.Time // guarded by the store's one writer
	return func(err error) {
		if now := time.Now(); now.Sub(last) >= tellEvery {
			last = now
			fmt.Fprintln(os.Stderr, "realtime:", err)
		}
	}
}

// bankRules are for a channel that cannot be asked how a payment went, and that would still do one which it gets late.
func bankRules(patience time.Duration) payment.Rules {
	ms := patience.Milliseconds()
	return payment.Rules{Patience: ms, Ask: ms, Pause: max(ms/10, 1), MaxPause: 2 * ms, FrameLife: 3 * ms, MaxAge: maxReversalAge.Milliseconds()}
}

// walletRules are for a channel that can be asked: half of the time is left for that.
func walletRules(patience time.Duration) payment.Rules {
	r := bankRules(patience)
	r.Queries, r.Ask, r.Pause = true, r.Patience/2, max(r.Patience/32, 1)
	return r
}

// maxReversalAge is how old a payment may be that a terminal reverses.
const maxReversalAge = 24 * time.Hour

func serve(ctx context.Context, c SwitchConfig, sw *acquirer.Switch, book *sqlite.Store, merchants notify.Fixed, logger *slog.Logger, ready func()) error {
	terminals, err := listenTLS(c)
	if err != nil {
		return err
	}
	events, err := net.Listen("tcp", c.Events)
	if err != nil {
		terminals.Close()
		return err
	}
	server := &connection.Server{Config: dialect.TerminalLine(), MaxConns: max(1000, 2*len(c.Terminals))}
	server.Config.Handler, server.Config.SignOn, server.Config.IdleTimeout = sw.Handle, sw.SignOn, time.Minute
	relay := &notify.Relay{Outbox: book, Registry: merchants, Client: notify.NewClient(notify.ClientConfig{Timeout: 2 * time.Second, Inside: loopback}),
		RetryMin: 100 * time.Millisecond, RetryMax: 2 * time.Second,
		Alarm: func(a notify.Alarm) { logger.Error("notices", "merchant", a.Merchant, "key", a.Key, "error", a.Err) }}
	mux := http.NewServeMux()
	mux.Handle("GET /events", &notify.Events{Outbox: book, Registry: merchants, Relay: relay})
	streams := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}

	fenced := make(chan error, 1)
	var running sync.WaitGroup
	running.Go(func() { server.Serve(terminals) })
	running.Go(func() { streams.Serve(events) })
	running.Go(func() { fenced <- sw.Run(ctx) })
	running.Go(func() { relay.Run(ctx) })
	ready()
	err = <-fenced
	drain, cancel := context.WithTimeout(context.Background(), 2*c.Patience)
	defer cancel()
	sw.Drain(drain)
	server.Close()
	streams.Close()
	if err == nil {
		running.Wait()
	}
	return err
}

// listenTLS listens for terminals, which must show certificates of their authority.
func listenTLS(c SwitchConfig) (net.Listener, error) {
	files, err := tlsconn.NewCertificateFiles(c.Certificate, c.PrivateKey, time.Minute)
	if err != nil {
		return nil, err
	}
	authority, err := x509.ParseCertificate(c.Devices)
	if err != nil {
		return nil, err
	}
	devices := x509.NewCertPool()
	devices.AddCert(authority)
	config, err := tlsconn.ServerConfig(files, devices)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", c.Address)
	if err != nil {
		return nil, err
	}
	return tlsconn.Listener(listener, config), nil
}

// loopback is where the merchants of a run are; a real one reaches public addresses alone.
var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

func openLog(path string) (*slog.Logger, func() error, error) {
	if path == "" {
		return nil, func() error { return nil }, nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, err
	}
	return slog.New(slog.NewTextHandler(f, nil)), f.Close, nil
}

func openChannels(c SwitchConfig, keys *keystore.Store) (*channel.Bank, *channel.Wallet, error) {
	zone, err := macKey(keys, zoneMACKey)
	if err != nil {
		return nil, nil, err
	}
	bankCodec, err := channel.NewBankCodec(zone)
	if err != nil {
		return nil, nil, err
	}
	secret, err := macKey(keys, walletKey)
	if err != nil {
		return nil, nil, err
	}
	walletCodec, err := channel.NewWalletCodec(secret)
	if err != nil {
		return nil, nil, err
	}
	return channel.NewBank(c.Bank, bankCodec), channel.NewWallet(c.Wallet, walletCodec), nil
}

// machineRate is how many requests a terminal may make a second here, where nobody has to type.
const machineRate = 5_000

func acquirerConfig(c SwitchConfig, keys *keystore.Store) (config acquirer.Config, err error) {
	config.Node, config.PerSecond, config.Day.CutOver = 1, machineRate, c.CutOver
	if config.PayerHash, err = hmac(keys, payerHashKey); err != nil {
		return config, err
	}
	pin, err := keys.Get(zonePINKey)
	if err != nil {
		return config, err
	}
	if config.ZonePIN, err = crypto.NewPINKey(pin); err != nil {
		return config, err
	}
	for _, e := range c.Terminals {
		key, err := keys.Get(terminalKey(e.ID))
		if err != nil {
			return config, err
		}
		master, err := crypto.NewKEK(key)
		if err != nil {
			return config, err
		}
		config.Terminals = append(config.Terminals, acquirer.Terminal{ID: e.ID, Merchant: e.Merchant, Serial: e.Serial, Master: master, MACBits: e.MACBits})
	}
	return config, nil
}

func merchantsOf(c SwitchConfig, keys *keystore.Store) (notify.Fixed, error) {
	merchants := make(notify.Fixed)
	for _, e := range c.Merchants {
		m, err := hmac(keys, merchantKey(e.ID))
		if err != nil {
			return nil, err
		}
		merchants[e.ID] = notify.Merchant{ID: e.ID, URL: e.URL, MAC: m, Token: e.Token}
	}
	return merchants, nil
}

func macKey(keys *keystore.Store, name string) (crypto.MACKey, error) {
	key, err := keys.Get(name)
	if err != nil {
		return crypto.MACKey{}, fmt.Errorf("key %q: %w", name, err)
	}
	return crypto.NewMACKey(key)
}

// hmac returns the HMAC-SHA256 under a key of the store.
func hmac(keys *keystore.Store, name string) (*mac.MAC, error) {
	key, err := keys.Get(name)
	if err != nil {
		return nil, fmt.Errorf("key %q: %w", name, err)
	}
	return hmacOf(key)
}

func hmacOf(k crypto.Key) (*mac.MAC, error) {
	key, err := crypto.NewMACKey(k)
	if err != nil {
		return nil, err
	}
	return mac.New(key, mac.Algorithm{Scheme: crypto.HMACSHA256})
}
