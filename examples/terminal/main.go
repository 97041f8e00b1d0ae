// Command terminal is the smallest payment terminal: it signs in to a UnionPay host and takes payments by stripe, with
// the reversal of every sale on disk before the sale leaves. What it does is package firmware; here are its keypad, its
// card reader and its screen, all on standard input and output.
//
//	terminal TERMINAL MERCHANT MASTER-KEY-FILE FOLDER HOST:PORT [BACKUP:PORT]
//
// Lines of input: "sale AMOUNT-IN-FEN TRACK2", then the PIN on a line of its own when it is asked for; "sign-in"; "log".
// The build tag tls makes the lines TLS, to hosts whose certificates the system trusts (SSL_CERT_FILE names others).
package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/examples/terminal/firmware"
)

func main() {
	if len(os.Args) < 6 {
		fmt.Fprintln(os.Stderr, "usage: terminal TERMINAL MERCHANT MASTER-KEY-FILE FOLDER HOST:PORT [BACKUP:PORT]")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run serves the keypad until its input ends.
func run(terminal, merchant, keyFile, folder string, hosts []string) error {
	keypad := bufio.NewScanner(os.Stdin)
	pad, err := newPad(keyFile, keypad)
	if err != nil {
		return err
	}
	var log firmware.Ring
	t, err := firmware.Open(firmware.Config{
		Terminal: terminal, Merchant: merchant, TPDU: [5]byte{0x60, 0x00, 0x03},
		Dials: dials(hosts), PINPad: pad, Dir: folder, Log: &log,
	})
	if err != nil {
		return err
	}
	defer t.Close()
	ctx := context.Background()
	show("sign-in", t.SignIn(ctx))
	for keypad.Scan() {
		words := strings.Fields(keypad.Text())
		switch {
		case len(words) == 3 && words[0] == "sale":
			sale(ctx, t, words[1], words[2])
		case len(words) == 1 && words[0] == "sign-in":
			show("sign-in", t.SignIn(ctx))
		case len(words) == 1 && words[0] == "log":
			log.WriteTo(os.Stdout)
		default:
			fmt.Println("? sale AMOUNT TRACK2, sign-in, log")
		}
	}
	return keypad.Err()
}

func sale(ctx context.Context, t *firmware.Terminal, amount, track2 string) {
	fen, err := strconv.ParseInt(amount, 10, 64)
	if err != nil {
		show("sale", firmware.ErrAmount)
		return
	}
	r, err := t.Sale(ctx, firmware.Sale{Amount: fen, Track2: track2})
	if err != nil {
		show("sale", err)
		return
	}
	fmt.Printf("APPROVED CNY %d.%02d card %s ref %s auth %s\n", r.Amount/100, r.Amount%100, r.Card, r.Reference, r.Authorisation)
}

func show(what string, err error) {
	if err == nil {
		fmt.Println(what, "OK")
		return
	}
	fmt.Println(what, "FAILED:", err)
}

// dials are the ways to the host, the usual one first.
func dials(hosts []string) []firmware.Dial {
	var ways []firmware.Dial
	for i, address := range hosts {
		ways = append(ways, firmware.Dial{Name: "line " + strconv.Itoa(i+1), Address: address, Open: open})
	}
	return ways
}

var errKeyFile = errors.New("the master key's file must hold 32 hexadecimal digits")

// newPad makes a software PIN pad whose keys are the lines of the keypad.
func newPad(keyFile string, keypad *bufio.Scanner) (*firmware.SoftPad, error) {
	text, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, err
	}
	defer clear(text)
	clearKey, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(clearKey) != 16 {
		return nil, errKeyFile
	}
	defer clear(clearKey)
	key, err := clearkey.Import(crypto.MustAttributes("K0TB00N"), clearKey)
	if err != nil {
		return nil, err
	}
	master, err := crypto.NewKEK(key)
	if err != nil {
		return nil, err
	}
	return firmware.NewSoftPad(master, func(digits []byte) ([]byte, error) {
		fmt.Println("PIN?")
		if !keypad.Scan() || len(keypad.Bytes()) > cap(digits) {
			return nil, firmware.ErrCancelled
		}
		return append(digits, keypad.Bytes()...), nil
	}), nil
}
