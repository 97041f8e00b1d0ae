package simulation

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/mac"
	"github.com/posline/posline/examples/realtime/acquirer"
	"github.com/posline/posline/examples/realtime/books"
	"github.com/posline/posline/examples/realtime/channel"
	"github.com/posline/posline/examples/realtime/identity"
	"github.com/posline/posline/examples/realtime/ledger/model"
	"github.com/posline/posline/examples/realtime/simulator"
	"github.com/posline/posline/examples/realtime/terminal"
	"github.com/posline/posline/pinblock"
)

// What there is.
const (
	simTills = 24
	simNodes = 2
	simCards = 12
)

// simMerchants are the merchants; the last one has a limit.
var simMerchants = []string{"898440354110001", "898440354110002", "898440354110003"}

const simCeiling = 8_000_00

func terms() map[string]acquirer.Terms {
	t := make(map[string]acquirer.Terms)
	for i, m := range simMerchants {
		t[m] = acquirer.Terms{FeePPM: books.FeePPM}
		if i == len(simMerchants)-1 {
			t[m] = acquirer.Terms{FeePPM: books.FeePPM, Ceiling: simCeiling}
		}
	}
	return t
}

// simCard is a payer's card with what only the payer knows.
type simCard struct {
	track2     string
	pin, wrong pinblock.PIN
}

func newWorld(seed uint64) (*world, error) {
	w := &world{random: rand.New(rand.NewPCG(seed, 16)), faults: make(map[string]int), receivers: make(map[string]*receiver)}
	w.store = &store{Store: model.Store{Now: w.milli}, w: w}
	w.attacker.w = w
	verification, err := w.makeKeys()
	if err != nil {
		return nil, err
	}
	pvk, err := crypto.NewPVK(verification)
	if err != nil {
		return nil, err
	}
	accounts, err := w.makeCards(pvk)
	if err != nil {
		return nil, err
	}
	if w.bank, err = simulator.NewBank(simulator.BankKeys{PIN: w.keys.zonePIN, MAC: w.keys.zoneMAC, Verification: pvk}, accounts); err != nil {
		return nil, err
	}
	w.wallet = simulator.NewWallet(w.codecs.wallet)
	for _, m := range simMerchants {
		w.receivers[m] = &receiver{w: w, id: m, seen: make(map[string]bool)}
	}
	for i := range simTills {
		key, err := crypto.GenerateKey(crypto.MustAttributes("K0TB00S"), 128)
		if err != nil {
			return nil, err
		}
		t := &simTill{w: w, wire: terminal.Wire{ID: fmt.Sprintf("%08d", 10_000_001+i), Merchant: simMerchants[i%len(simMerchants)]}, bits: 64 + 64*(i%2)}
		t.device = identity.Device{Serial: fmt.Sprintf("00000402%06d", i), Merchant: t.wire.Merchant}
		t.ahead = w.between(-48*time.Hour, 48*time.Hour)
		if t.master, err = crypto.NewKEK(key); err != nil {
			return nil, err
		}
		w.tills = append(w.tills, t)
	}
	for i := range simNodes {
		w.nodes = append(w.nodes, &node{w: w, number: int32(i + 1)})
	}
	return w, nil
}

// registry is what the switches know of the terminals.
func (w *world) registry() (list []acquirer.Terminal) {
	for _, t := range w.tills {
		list = append(list, acquirer.Terminal{ID: t.wire.ID, Merchant: t.wire.Merchant, Serial: t.device.Serial, Master: t.master, MACBits: t.bits})
	}
	return list
}

// makeKeys makes all keys but those of terminals. They differ from run to run, and nothing that happens depends on them.
func (w *world) makeKeys() (verification crypto.Key, err error) {
	key := func(attributes string, bits int) (k crypto.Key) {
		if err == nil {
			k, err = crypto.GenerateKey(crypto.MustAttributes(attributes), bits)
		}
		return k
	}
	pin, zone, wallet, hash, merchant := key("P0TB00S", 128), key("M3TC00S", 128), key("M7HC00S", 256), key("M7HC00S", 256), key("M7HC00S", 256)
	if err != nil {
		return verification, err
	}
	if verification, err = crypto.GenerateKey(crypto.MustAttributes("V2TC00S"), 128, pinblock.PVVMethod{FirstFour: true}.Bind); err != nil {
		return verification, err
	}
	if w.keys.zonePIN, err = crypto.NewPINKey(pin); err != nil {
		return verification, err
	}
	for _, k := range []struct {
		key crypto.Key
		to  *crypto.MACKey
	}{{zone, &w.keys.zoneMAC}, {wallet, &w.keys.wallet}} {
		if *k.to, err = crypto.NewMACKey(k.key); err != nil {
			return verification, err
		}
	}
	for _, k := range []struct {
		key crypto.Key
		to  **mac.MAC
	}{{hash, &w.keys.hash}, {merchant, &w.keys.merchant}} {
		m, err := crypto.NewMACKey(k.key)
		if err != nil {
			return verification, err
		}
		if *k.to, err = mac.New(m, mac.Algorithm{Scheme: crypto.HMACSHA256}); err != nil {
			return verification, err
		}
	}
	if w.codecs.bank, err = channel.NewBankCodec(w.keys.zoneMAC); err != nil {
		return verification, err
	}
	w.codecs.wallet, err = channel.NewWalletCodec(w.keys.wallet)
	return verification, err
}

func (w *world) makeCards(key crypto.PVK) (accounts []simulator.Account, err error) {
	for i := range simCards {
		pan := fmt.Sprintf("621797%013d", 4_200+i)
		data := pinblock.PVVData{PAN: crypto.Hide(pan), KeyIndex: 1}
		right, err := pinblock.ParsePIN([]byte(fmt.Sprintf("%06d", 135_790+i)))
		if err != nil {
			return nil, err
		}
		pvv, err := pinblock.AppendPVV(nil, key, data, right)
		if err != nil {
			return nil, err
		}
		c := simCard{track2: pan + "D30122200" + fmt.Sprintf("%07d", 7_310_451+i), pin: right}
		for n := 246_800; ; n++ { // one with another value
			if c.wrong, err = pinblock.ParsePIN([]byte(fmt.Sprintf("%06d", n))); err != nil {
				return nil, err
			}
			if other, err := pinblock.AppendPVV(nil, key, data, c.wrong); err != nil || string(other) != string(pvv) {
				break
			}
		}
		w.cards = append(w.cards, c)
		accounts = append(accounts, simulator.Account{PAN: pan, PVV: string(pvv)})
	}
	return accounts, nil
}
