package main

import (
	"context"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/dukpt"
	"github.com/posline/posline/crypto/mac"
	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/cryptogram"
	"github.com/posline/posline/pinblock"
)

// cardPayment is what one card payment takes of a host's processor in cryptography: the transaction's keys from the base
// key (DUKPT), the PIN moved to the issuer's key, the request's MAC verified and the answer's made, the cryptogram
// verified and answered. The peer is the same in constant time, which is the default; ours uses tables.
func cardPayment() (Variants, error) {
	fast, err := newPayment(crypto.TableDES)
	if err != nil {
		return Variants{}, err
	}
	constant, err := newPayment(func(*crypto.KeyOptions) {})
	if err != nil {
		return Variants{}, err
	}
	return Variants{Ours: fast.run, Peer: constant.run, PeerName: "constant time"}, nil
}

// payment holds the host's keys and a request.
type payment struct {
	bdk     crypto.BDK
	issuer  crypto.PINKey
	imk     crypto.IMK
	ksn     dukpt.KSN
	pin     []byte
	message []byte
	mac     []byte
	profile cryptogram.Profile
}

func newPayment(option crypto.Option) (*payment, error) {
	keys := map[string]crypto.Key{}
	for attributes, hex := range map[string]string{
		"B0TX00N": "0123456789ABCDEFFEDCBA9876543210", "P0TB00N": "1122334455667788AABBCCDDEEFF0011", "E0TX00N": "0123456789ABCDEFFEDCBA9876543210",
	} {
		k, err := clearkey.Import(crypto.MustAttributes(attributes), mustHex(hex), option)
		if err != nil {
			return nil, err
		}
		keys[attributes] = k
	}
	p := &payment{message: make([]byte, 300), profile: cryptogram.VisaCVN18()}
	var err error
	if p.bdk, err = crypto.NewBDK(keys["B0TX00N"]); err != nil {
		return nil, err
	}
	if p.issuer, err = crypto.NewPINKey(keys["P0TB00N"]); err != nil {
		return nil, err
	}
	if p.imk, err = crypto.NewIMK(keys["E0TX00N"]); err != nil {
		return nil, err
	}
	if p.ksn, err = dukpt.ParseKSN(mustHex("FFFF9876543210E00155")); err != nil { // five bits set, half of the most
		return nil, err
	}
	return p, p.terminal()
}

// terminal encrypts the PIN and makes the MAC of the request as a terminal does.
func (p *payment) terminal() error {
	var tx dukpt.TDES
	if err := tx.DeriveFromBDK(p.bdk, p.ksn); err != nil {
		return err
	}
	key, err := tx.PIN()
	if err != nil {
		return err
	}
	pin, err := pinblock.ParsePIN([]byte("1234"))
	if err != nil {
		return err
	}
	if p.pin, err = pinblock.Encrypt(nil, key, pinblock.ISO0, pin, arqcCard.PAN.Text()); err != nil {
		return err
	}
	if p.mac, err = sign(&tx, dukpt.Request, p.message); err != nil {
		return err
	}
	return p.host(&tx)
}

func sign(tx *dukpt.TDES, d dukpt.Direction, message []byte) ([]byte, error) {
	key, err := tx.MAC(d, crypto.UsageMAC3)
	if err != nil {
		return nil, err
	}
	m, err := mac.New(key, mac.X919())
	if err != nil {
		return nil, err
	}
	return m.Append(nil, message)
}

// host is the work of one payment.
func (p *payment) host(tx *dukpt.TDES) error {
	if err := tx.DeriveFromBDK(p.bdk, p.ksn); err != nil {
		return err
	}
	key, err := tx.PIN()
	if err != nil {
		return err
	}
	in := pinblock.Encrypted{Key: key, Layout: pinblock.ISO0, PAN: arqcCard.PAN, Block: p.pin}
	out := pinblock.Target{Key: p.issuer, Layout: pinblock.ISO0, PAN: arqcCard.PAN}
	if _, err := (pinblock.Software{}).TranslatePIN(context.Background(), nil, in, out); err != nil {
		return err
	}
	request, err := tx.MAC(dukpt.Request, crypto.UsageMAC3)
	if err != nil {
		return err
	}
	m, err := mac.New(request, mac.X919())
	if err != nil {
		return err
	}
	if err := m.Verify(p.message, p.mac); err != nil {
		return err
	}
	if _, err := p.profile.AppendResponse(nil, p.imk, arqcCard, emv.TLV(arqcData), cryptogram.Answer{}); err != nil {
		return err
	}
	_, err = sign(tx, dukpt.Response, p.message)
	return err
}

func (p *payment) run(n int) {
	var tx dukpt.TDES
	for range n {
		if p.host(&tx) == nil {
			emvSink++
		}
	}
}
