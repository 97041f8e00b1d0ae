package scenario

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/keystore"
	"github.com/posline/posline/examples/realtime/channel"
	"github.com/posline/posline/examples/realtime/identity"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/examples/realtime/simulator"
	"github.com/posline/posline/examples/realtime/terminal"
	"github.com/posline/posline/pinblock"
)

// Setup says how big a World is and how patient.
type Setup struct {
	Folder    string // where everything is kept; it must be empty, or hold an earlier run that is kept
	Keep      bool   // so that a later run can go on with it, however this one ends
	Seed      uint64 // of traffic and faults; what the machine does meanwhile is not drawn
	Terminals int
	Cards     int
	Idle      int  // merchants besides, who sell nothing
	Separate  bool // the switch in a process of its own, see SwitchMain
	Direct    bool // terminals keep a line each and nothing on a disk, and no line can be broken

	DayEnds  time.Time     // at this time of the day; default midnight in China
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

	authority   *identity.Authority // of the terminals and of the switch
	front, back *proxy              // terminals to switch, switch to bank
	config      SwitchConfig
	keys        map[string]crypto.Key
	secretKeys  [][32]byte // of key stores, kept for those who look for leaks
	kept        keeping
	lock        *os.File

	books   []io.Closer
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
	fresh, err := w.openKeeping()
	if err != nil {
		return nil, err
	}
	for _, open := range []func(fresh bool) error{w.openKeys, w.openAuthority, w.certifySwitch, w.openBank, w.openWallet, w.openMerchants, w.openIdle,
		w.openLines, w.openTerminals} {
		if err := open(fresh); err != nil {
			return nil, err
		}
	}
	if err := w.keep(); err != nil {
		return nil, err
	}
	if setup.Direct {
		return w, nil
	}
	w.seed()
	for _, m := range w.config.Merchants {
		w.streams.Go(func() { w.merchants[m.ID].Follow(ctx, "http://"+w.config.Events+"/events", m.Token) })
	}
	return w, nil
}

// keyKind is what a key is made for.
type keyKind struct {
	attributes string
	bits       int
	options    []crypto.Option
}

func (k keyKind) generate() (crypto.Key, error) {
	return crypto.GenerateKey(crypto.MustAttributes(k.attributes), k.bits, k.options...)
}

func tripleDES(attributes string) keyKind { return keyKind{attributes: attributes, bits: 128} }

var hmacKind = keyKind{attributes: "M7HC00S", bits: 256}

// openKeys makes every key of the switch, or opens its store.
func (w *World) openKeys(fresh bool) error {
	if fresh {
		w.kept.Switch, w.kept.Bank = w.newSecret(), w.newSecret()
	}
	w.config.Secret = w.kept.Switch
	w.config.KeyStore = filepath.Join(w.setup.Folder, "switch.keys")
	w.config.Database = filepath.Join(w.setup.Folder, "ledger.db")
	w.config.Log = filepath.Join(w.setup.Folder, "switch.log")
	w.config.Patience, w.config.CutOver = w.setup.Patience, cutOver(w.setup.DayEnds)
	w.keys = make(map[string]crypto.Key)
	kinds := map[string]keyKind{zonePINKey: tripleDES("P0TB00S"), zoneMACKey: tripleDES("M3TC00S"), payerHashKey: hmacKind, walletKey: hmacKind}
	for i := range w.setup.Terminals {
		e := TerminalEntry{ID: fmt.Sprintf("%08d", 10_000_001+i), Merchant: merchantIDs[i%len(merchantIDs)], Serial: fmt.Sprintf("00000402G%09d", 100_000+i), MACBits: 64 + 64*(i%2)}
		w.config.Terminals = append(w.config.Terminals, e)
		kinds[terminalKey(e.ID)] = tripleDES("K0TB00S")
	}
	for _, id := range merchantIDs {
		kinds[merchantKey(id)] = hmacKind
	}
	for i := range w.setup.Idle {
		kinds[merchantKey(idleMerchant(i).ID)] = hmacKind
	}
	return w.openStore(w.config.KeyStore, w.kept.Switch, fresh, kinds)
}

// cutOver is how long after midnight a business day begins that ends at that time of the day.
func cutOver(ends time.Time) time.Duration {
	if ends.IsZero() {
		return 0
	}
	ends = ends.In(dialect.China)
	return ends.Sub(time.Date(ends.Year(), ends.Month(), ends.Day(), 0, 0, 0, 0, dialect.China))
}

// certifySwitch makes the switch's certificate, which stands in two files.
func (w *World) certifySwitch(bool) error {
	host, err := w.authority.Host(net.IPv4(127, 0, 0, 1))
	if err != nil {
		return err
	}
	key, err := x509.MarshalPKCS8PrivateKey(host.PrivateKey)
	if err != nil {
		return err
	}
	w.config.Devices = w.authority.Certificate()
	w.config.Certificate, w.config.PrivateKey = filepath.Join(w.setup.Folder, "switch.pem"), filepath.Join(w.setup.Folder, "switch.key")
	return errors.Join(writePEM(w.config.Certificate, "CERTIFICATE", host.Certificate[0]), writePEM(w.config.PrivateKey, "PRIVATE KEY", key))
}

func writePEM(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}

// device is the device that a terminal is.
func (e *TerminalEntry) device() identity.Device {
	return identity.Device{Serial: e.Serial, Merchant: e.Merchant}
}

// certify returns what issues a device's certificate.
func (w *World) certify(d identity.Device) func(request []byte) ([]byte, error) {
	return func(request []byte) ([]byte, error) { return w.authority.Issue(request, d) }
}

const verificationKey = "PIN verification"

func (w *World) openBank(fresh bool) (err error) {
	err = w.openStore(filepath.Join(w.setup.Folder, "bank.keys"), w.kept.Bank, fresh, map[string]keyKind{verificationKey: {"V2TC00S", 128,
		[]crypto.Option{pinblock.PVVMethod{FirstFour: true}.Bind}}})
	if err != nil {
		return err
	}
	var keys simulator.BankKeys
	if keys.Verification, err = crypto.NewPVK(w.keys[verificationKey]); err != nil {
		return err
	}
	if keys.PIN, err = crypto.NewPINKey(w.keys[zonePINKey]); err != nil {
		return err
	}
	if keys.MAC, err = crypto.NewMACKey(w.keys[zoneMACKey]); err != nil {
		return err
	}
	if fresh {
		if w.kept.Cards, err = newCards(w.setup.Cards); err != nil {
			return err
		}
	}
	cards, accounts, err := openCards(w.kept.Cards, keys.Verification)
	if err != nil {
		return err
	}
	w.cards = cards
	if w.bank, err = simulator.NewBank(keys, accounts); err != nil {
		return err
	}
	if err := w.keepBook(w.bank, "bank.book"); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go w.bank.Server().Serve(listener)
	w.config.Bank = listener.Addr().String()
	if w.setup.Direct {
		return nil
	}
	w.back, err = newProxy(w.config.Bank, nil)
	if err == nil {
		w.config.Bank = w.back.address()
	}
	return err
}

// keepBook lets a book outlive this process, where the run is kept.
func (w *World) keepBook(b interface {
	Keep(path string) error
	Close() error
}, name string) error {
	if !w.setup.Keep {
		return nil
	}
	w.books = append(w.books, b)
	if err := b.Keep(filepath.Join(w.setup.Folder, name)); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (w *World) openWallet(bool) error {
	key, err := crypto.NewMACKey(w.keys[walletKey])
	if err != nil {
		return err
	}
	codec, err := channel.NewWalletCodec(key)
	if err != nil {
		return err
	}
	w.wallet = simulator.NewWallet(codec)
	if err := w.keepBook(w.wallet, "wallet.book"); err != nil {
		return err
	}
	w.config.Wallet, err = w.serveHTTP(w.wallet)
	return err
}

func (w *World) openMerchants(bool) error {
	for _, id := range merchantIDs {
		m, err := hmacOf(w.keys[merchantKey(id)])
		if err != nil {
			return err
		}
		merchant := simulator.NewMerchant(m)
		if err := w.keepBook(merchant, "merchant-"+id+".book"); err != nil {
			return err
		}
		url, err := w.serveHTTP(merchant)
		if err != nil {
			return err
		}
		w.merchants[id] = merchant
		w.config.Merchants = append(w.config.Merchants, MerchantEntry{ID: id, URL: url, Token: rand.Text()})
	}
	return nil
}

// openIdle adds merchants who have no webhook.
func (w *World) openIdle(bool) error {
	for i := range w.setup.Idle {
		w.config.Merchants = append(w.config.Merchants, idleMerchant(i))
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
func (w *World) openLines(bool) (err error) {
	if w.config.Address, err = freeAddress(); err != nil {
		return err
	}
	if w.config.Events, err = freeAddress(); err != nil {
		return err
	}
	if !w.setup.Direct {
		w.front, err = newProxy(w.config.Address, w.authority)
	}
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

// openTerminals gives each terminal its key card, installs and enrols it, and switches it on; or only switches it on again.
func (w *World) openTerminals(fresh bool) error {
	if w.setup.Direct {
		return w.openDirect()
	}
	for _, e := range w.config.Terminals {
		folder := filepath.Join(w.setup.Folder, "terminal-"+e.ID)
		if fresh {
			if err := w.install(e, folder); err != nil {
				return err
			}
		}
		t, err := terminal.Open(terminal.Config{ID: e.ID, Merchant: e.Merchant, Folder: folder, Device: keystore.Key(w.kept.Devices[e.ID]),
			Address: w.front.address(), Timeout: w.setup.Timeout, Retry: w.setup.Timeout / 8, Keep: math.MaxInt32})
		if err != nil {
			return fmt.Errorf("%s: %w", folder, err)
		}
		w.terminals = append(w.terminals, t)
	}
	return nil
}

// install makes a terminal out of an empty folder and a key card.
func (w *World) install(e TerminalEntry, folder string) error {
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	w.kept.Devices[e.ID] = w.newSecret()
	cardSecret, device := keystore.Key(w.newSecret()), keystore.Key(w.kept.Devices[e.ID])
	keyCard := filepath.Join(w.setup.Folder, "key-card-"+e.ID)
	if err := terminal.WriteKeyCard(keyCard, cardSecret, w.keys[terminalKey(e.ID)]); err != nil {
		return err
	}
	if err := terminal.Install(folder, device, keyCard, cardSecret); err != nil {
		return err
	}
	return terminal.Enroll(folder, device, w.authority.Certificate(), w.certify(e.device()))
}

// openDirect opens terminals that keep nothing but their line.
func (w *World) openDirect() error {
	for _, e := range w.config.Terminals {
		master, err := crypto.NewKEK(w.keys[terminalKey(e.ID)])
		if err != nil {
			return err
		}
		own, err := identity.Make(w.authority.Certificate(), w.certify(e.device()))
		if err != nil {
			return err
		}
		t, err := terminal.Open(terminal.Config{ID: e.ID, Merchant: e.Merchant, Address: w.config.Address, Timeout: w.setup.Timeout,
			Disk: terminal.Memory{}, Master: master, Identity: own, KeepLine: true})
		if err != nil {
			return err
		}
		w.terminals = append(w.terminals, t)
	}
	return nil
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
	for _, b := range w.books {
		errs = append(errs, b.Close())
	}
	if w.lock != nil {
		errs = append(errs, w.lock.Close())
	}
	return errors.Join(errs...)
}

// Streams of random numbers, besides those of the terminals.
const (
	killer uint64 = 1<<32 + iota
	frontFaults
	backFaults
	bankFaults
	walletFaults
	merchantFaults
)

// random is a stream of random numbers that depends on the seed and on who uses it.
func (w *World) random(who uint64) *mathrand.Rand {
	return mathrand.New(mathrand.NewPCG(w.setup.Seed, who))
}

// seed gives everybody who misbehaves by chance his numbers.
func (w *World) seed() {
	w.front.faults.Seed(w.random(frontFaults))
	w.back.faults.Seed(w.random(backFaults))
	w.bank.Faults.Seed(w.random(bankFaults))
	w.wallet.Faults.Seed(w.random(walletFaults))
	for i, id := range merchantIDs {
		w.merchants[id].Faults.Seed(w.random(merchantFaults + uint64(i)))
	}
}
