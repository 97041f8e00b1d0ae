package scenario

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/keystore"
	"github.com/posline/posline/examples/realtime/simulator"
	"github.com/posline/posline/examples/realtime/terminal"
)

// Setup says how big a World is and how patient.
type Setup struct {
	Folder    string // where everything is kept; it must be empty
	Terminals int
	Cards     int
	Separate  bool // the switch in a process of its own, see SwitchMain

	Patience time.Duration // of the switch with a channel
	Timeout  time.Duration // of a terminal with the switch
}

// World is everything but the switch, and a switch beside it.
type World struct {
	setup     Setup
	bank      *simulator.Bank
	wallet    *simulator.Wallet
	merchants map[string]*simulator.Merchant
	terminals []*terminal.Terminal
	cards     []card
	payers    payers

	front, back *proxy // terminals to switch, switch to bank
	config      SwitchConfig
	keys        map[string]crypto.Key
	secretKeys  [][32]byte // of key stores, kept for those who look for leaks

	servers []*http.Server
	ending  context.CancelFunc
	streams sync.WaitGroup

	mu     sync.Mutex
	sw     process
	starts int
	kills  int
}

var merchantIDs = []string{"898440354110001", "898440354110002"}

// NewWorld builds a world. Its switch does not run yet.
func NewWorld(setup Setup) (_ *World, err error) {
	w := &World{setup: setup, merchants: make(map[string]*simulator.Merchant)}
	ctx, cancel := context.WithCancel(context.Background())
	w.ending = cancel
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Close())
		}
	}()
	if err := w.makeKeys(); err != nil {
		return nil, err
	}
	if err := w.openBank(); err != nil {
		return nil, err
	}
	if err := w.openWallet(); err != nil {
		return nil, err
	}
	if err := w.openMerchants(); err != nil {
		return nil, err
	}
	if err := w.openLines(); err != nil {
		return nil, err
	}
	if err := w.openTerminals(); err != nil {
		return nil, err
	}
	for _, m := range w.config.Merchants {
		w.streams.Go(func() { w.merchants[m.ID].Follow(ctx, "http://"+w.config.Events+"/events", m.Token) })
	}
	return w, nil
}

// makeKeys makes every key, and the key store of the switch.
func (w *World) makeKeys() error {
	rand.Read(w.config.Secret[:])
	w.config.KeyStore = filepath.Join(w.setup.Folder, "switch.keys")
	w.config.Database = filepath.Join(w.setup.Folder, "ledger.db")
	w.config.Log = filepath.Join(w.setup.Folder, "switch.log")
	w.config.Patience = w.setup.Patience
	w.keys = make(map[string]crypto.Key)
	kinds := map[string]string{zonePINKey: "P0TB00S", zoneMACKey: "M3TC00S", payerHashKey: "M7HC00S", walletKey: "M7HC00S"}
	for i := range w.setup.Terminals {
		e := TerminalEntry{ID: fmt.Sprintf("%08d", 10_000_001+i), Merchant: merchantIDs[i%len(merchantIDs)], MACBits: 64 + 64*(i%2)}
		w.config.Terminals = append(w.config.Terminals, e)
		kinds[terminalKey(e.ID)] = "K0TB00S"
	}
	for _, id := range merchantIDs {
		kinds[merchantKey(id)] = "M7HC00S"
	}
	store, err := keystore.Create(w.config.KeyStore, keystore.Key(w.config.Secret), keystore.Options{})
	if err != nil {
		return err
	}
	defer store.Close()
	for name, attributes := range kinds {
		bits := 128
		if attributes[2] == 'H' {
			bits = 256
		}
		key, err := crypto.GenerateKey(crypto.MustAttributes(attributes), bits)
		if err != nil {
			return err
		}
		if err := store.Put(name, key); err != nil {
			return err
		}
		w.keys[name] = key
	}
	return store.Save()
}

func (w *World) openBank() error {
	key, err := crypto.GenerateKey(crypto.MustAttributes("V2TC00S"), 128)
	if err != nil {
		return err
	}
	w.keys["PIN verification"] = key
	var keys simulator.BankKeys
	if keys.Verification, err = crypto.NewPVK(key); err != nil {
		return err
	}
	if keys.PIN, err = crypto.NewPINKey(w.keys[zonePINKey]); err != nil {
		return err
	}
	if keys.MAC, err = crypto.NewMACKey(w.keys[zoneMACKey]); err != nil {
		return err
	}
	cards, accounts, err := newCards(w.setup.Cards, keys.Verification)
	if err != nil {
		return err
	}
	w.cards = cards
	if w.bank, err = simulator.NewBank(keys, accounts); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go w.bank.Server().Serve(listener)
	w.back, err = newProxy(listener.Addr().String())
	if err == nil {
		w.config.Bank = w.back.address()
	}
	return err
}

func (w *World) openWallet() error {
	key, err := crypto.NewMACKey(w.keys[walletKey])
	if err != nil {
		return err
	}
	if w.wallet, err = simulator.NewWallet(key); err != nil {
		return err
	}
	w.config.Wallet, err = w.serveHTTP(w.wallet)
	return err
}

func (w *World) openMerchants() error {
	for _, id := range merchantIDs {
		m, err := hmacOf(w.keys[merchantKey(id)])
		if err != nil {
			return err
		}
		merchant := simulator.NewMerchant(m)
		url, err := w.serveHTTP(merchant)
		if err != nil {
			return err
		}
		w.merchants[id] = merchant
		w.config.Merchants = append(w.config.Merchants, MerchantEntry{ID: id, URL: url, Token: rand.Text()})
	}
	return nil
}

// serveHTTP serves on a free port and returns the URL.
func (w *World) serveHTTP(handler http.Handler) (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	w.servers = append(w.servers, server)
	go server.Serve(listener)
	return "http://" + listener.Addr().String(), nil
}

// openLines finds ports for the switch, which keeps them over its restarts, and puts the proxy in front of it.
func (w *World) openLines() (err error) {
	if w.config.Address, err = freeAddress(); err != nil {
		return err
	}
	if w.config.Events, err = freeAddress(); err != nil {
		return err
	}
	w.front, err = newProxy(w.config.Address)
	return err
}

// freeAddress returns an address nobody listens on. Its port is below those that the system gives to connections going
// out: one of them could take it while the switch is down, and even be connected to itself.
func freeAddress() (string, error) {
	for range 1000 {
		address := fmt.Sprintf("127.0.0.1:%d", 10_000+mathrand.IntN(20_000))
		if listener, err := net.Listen("tcp", address); err == nil {
			return address, listener.Close()
		}
	}
	return "", errors.New("scenario: no free port")
}

// openTerminals gives each terminal its key card, installs it and switches it on.
func (w *World) openTerminals() error {
	for _, e := range w.config.Terminals {
		folder := filepath.Join(w.setup.Folder, "terminal-"+e.ID)
		if err := os.Mkdir(folder, 0o700); err != nil {
			return err
		}
		cardSecret, device := w.newSecret(), w.newSecret()
		keyCard := filepath.Join(w.setup.Folder, "key-card-"+e.ID)
		if err := terminal.WriteKeyCard(keyCard, cardSecret, w.keys[terminalKey(e.ID)]); err != nil {
			return err
		}
		if err := terminal.Install(folder, device, keyCard, cardSecret); err != nil {
			return err
		}
		t, err := terminal.Open(terminal.Config{ID: e.ID, Merchant: e.Merchant, Folder: folder, Device: device,
			Address: w.front.address(), Timeout: w.setup.Timeout, Retry: w.setup.Timeout / 8})
		if err != nil {
			return err
		}
		w.terminals = append(w.terminals, t)
	}
	return nil
}

// newSecret makes the secret of a key store: of a key card, where it would travel by another way, or of a terminal, where
// it would be in the secure element.
func (w *World) newSecret() keystore.Secret {
	var key [32]byte
	rand.Read(key[:])
	w.secretKeys = append(w.secretKeys, key)
	return keystore.Key(key)
}

// Start starts the switch, for the first time or again.
func (w *World) Start() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	start := startInside
	if w.setup.Separate {
		start = startChild
	}
	sw, err := start(w.config)
	if err != nil {
		return err
	}
	w.sw = sw
	w.starts++
	return nil
}

// Stop ends the switch in good order.
func (w *World) Stop() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sw == nil {
		return nil
	}
	err := w.sw.Stop()
	w.sw = nil
	return err
}

// Kill ends the switch's process with SIGKILL.
func (w *World) Kill() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sw == nil {
		return nil
	}
	w.kills++
	err := w.sw.Kill()
	w.sw = nil
	return err
}

// Close ends everything. Files stay.
func (w *World) Close() error {
	w.ending()
	var errs []error
	for _, t := range w.terminals {
		errs = append(errs, t.Close())
	}
	errs = append(errs, w.Stop())
	w.streams.Wait()
	for _, p := range []*proxy{w.front, w.back} {
		if p != nil {
			p.close()
		}
	}
	for _, s := range w.servers {
		s.Close()
	}
	if w.bank != nil {
		w.bank.Server().Close()
	}
	return errors.Join(errs...)
}
