package scenario

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/keystore"
	"github.com/posline/posline/crypto/mac"
	"github.com/posline/posline/examples/realtime/acquirer"
	"github.com/posline/posline/examples/realtime/channel"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/notify"
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

	Terminals []TerminalEntry
	Merchants []MerchantEntry
	Patience  time.Duration
	Log       string // file for the log; empty for none
}

// TerminalEntry is a terminal in the registry. Its master key is in the key store under terminalKey(ID).
type TerminalEntry struct {
	ID, Merchant string
	MACBits      int
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
	book, err := ledger.Open(c.Database)
	if err != nil {
		return err
	}
	defer book.Close()
	logger, done, err := openLog(c.Log)
	if err != nil {
		return err
	}
	defer done()
	bank, wallet, err := openChannels(c, keys)
	if err != nil {
		return err
	}
	defer bank.Close()
	defer wallet.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	config, err := acquirerConfig(c, keys)
	if err != nil {
		return err
	}
	config.Ledger, config.Bank, config.Wallet, config.Logger = book, bank, wallet, logger
	sw, err := acquirer.New(ctx, config)
	if err != nil {
		return err
	}
	merchants, err := merchantsOf(c, keys)
	if err != nil {
		return err
	}
	return serve(ctx, c, sw, book, merchants, ready)
}

// serve runs what works until the context ends.
func serve(ctx context.Context, c SwitchConfig, sw *acquirer.Switch, book *ledger.Ledger, merchants map[string]notify.Merchant, ready func()) error {
	terminals, err := net.Listen("tcp", c.Address)
	if err != nil {
		return err
	}
	events, err := net.Listen("tcp", c.Events)
	if err != nil {
		terminals.Close()
		return err
	}
	server := &connection.Server{Config: dialect.TerminalLine(), MaxConns: 1000}
	server.Config.Handler, server.Config.IdleTimeout = sw.Handle, time.Minute
	mux := http.NewServeMux()
	mux.Handle("GET /events", &notify.Stream{Ledger: book, Merchants: merchants})
	streams := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	webhooks := &notify.Webhooks{Ledger: book, Merchants: merchants, Timeout: 2 * time.Second, RetryMin: 100 * time.Millisecond, RetryMax: 2 * time.Second}

	var running sync.WaitGroup
	running.Go(func() { server.Serve(terminals) })
	running.Go(func() { streams.Serve(events) })
	running.Go(func() { sw.Settle(ctx) })
	running.Go(func() { webhooks.Run(ctx) })
	ready()
	<-ctx.Done()
	server.Close()
	streams.Close()
	running.Wait()
	return nil
}

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
	bank, err := channel.NewBank(c.Bank, zone)
	if err != nil {
		return nil, nil, err
	}
	secret, err := macKey(keys, walletKey)
	if err != nil {
		return nil, nil, err
	}
	wallet, err := channel.NewWallet(c.Wallet, secret)
	return bank, wallet, err
}

func acquirerConfig(c SwitchConfig, keys *keystore.Store) (config acquirer.Config, err error) {
	config.Patience = c.Patience
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
		config.Terminals = append(config.Terminals, acquirer.Terminal{ID: e.ID, Merchant: e.Merchant, Master: master, MACBits: e.MACBits})
	}
	return config, nil
}

func merchantsOf(c SwitchConfig, keys *keystore.Store) (map[string]notify.Merchant, error) {
	merchants := make(map[string]notify.Merchant)
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
