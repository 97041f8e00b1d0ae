package payshield_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/keyblock"
	"github.com/posline/posline/emv/cryptogram"
	"github.com/posline/posline/examples/payshield"
	"github.com/posline/posline/pinblock"
)

type peer = connectiontest.Peer

// play returns a client of a device that a function plays.
func play(t testing.TB, o payshield.Options, device func(p *peer)) *payshield.Client {
	t.Helper()
	config := o.Connection()
	config.SignOn = nil
	config.Dialer = connectiontest.Dialer(o.Framing(), device)
	conn, err := connection.Dial(ctx, "tcp", "device", config)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	client, err := payshield.New(conn, o)
	require.NoError(t, err)
	return client
}

// echo answers a B2 message.
func echo(request []byte) []byte {
	return slices.Concat(request[:4], []byte("B300"), request[10:])
}

// hold receives until the connection ends.
func hold(p *peer) {
	for {
		if _, err := p.Receive(); err != nil {
			return
		}
	}
}

func TestDeviceStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := play(t, payshield.Options{}, hold)
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		err := client.VerifyCVV(short, key(t, payshield.CVK, "C0TC00N", "U9B4934384B19946B040CD702B4D58145"), cardData, "561")
		require.ErrorIs(t, err, connection.ErrTimeout)
		require.NotErrorIs(t, err, crypto.ErrVerify)
		require.Equal(t, connection.SentYes, connection.SentOf(err))
		require.False(t, payshield.Failover(err), "the device may have done it")
	})
}

var cardData = crypto.CardData{PAN: crypto.Hide("4123456789012345"), Expiry: "8701", ServiceCode: "101"}

func TestDeviceCloses(t *testing.T) {
	client := play(t, payshield.Options{}, func(p *peer) { p.Receive() })
	_, err := client.Diagnose(ctx)
	require.ErrorIs(t, err, connection.ErrPeerClosed)
	_, err = client.Diagnose(ctx)
	require.True(t, payshield.Failover(err), "nothing leaves on a line that is gone: %v", err)
}

func TestHalfAnAnswerIsNone(t *testing.T) {
	client := play(t, payshield.Options{}, func(p *peer) {
		request, _ := p.Receive()
		p.SendRaw(append([]byte{0, 8}, request[:3]...))
	})
	_, err := client.Diagnose(ctx)
	require.ErrorIs(t, err, connection.ErrHalfFrame)
}

// Answers come in the reverse order, and each finds its request.
func TestAnswersOutOfOrder(t *testing.T) {
	const n = 64
	client := play(t, payshield.Options{}, func(p *peer) {
		var requests [][]byte
		for range n {
			request, err := p.Receive()
			if err != nil {
				return
			}
			requests = append(requests, request)
		}
		slices.Reverse(requests)
		for _, request := range requests {
			p.Send(echo(request))
		}
		hold(p)
	})
	var wait sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		wait.Go(func() { errs[i] = client.Echo(ctx, fmt.Sprint("request ", i)) })
	}
	wait.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
}

// An answer that comes after its request has run out of time answers no other.
func TestLateAnswerAnswersNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := play(t, payshield.Options{Header: 1}, func(p *peer) {
			late, _ := p.Receive()
			request, _ := p.Receive()
			p.Send(slices.Concat(late[:1], []byte("B300"), late[7:]))
			for err := error(nil); err == nil; request, err = p.Receive() {
				p.Send(slices.Concat(request[:1], []byte("B300"), request[7:]))
			}
		})
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		require.ErrorIs(t, client.Echo(short, "first"), connection.ErrTimeout)
		for i := range 50 { // a header of one byte goes round
			require.NoError(t, client.Echo(ctx, fmt.Sprint("request ", i)))
		}
	})
}

// A number that a request without answer still holds is left out.
func TestNumbersInUseAreLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []string
		client := play(t, payshield.Options{Header: 1}, func(p *peer) {
			for {
				request, err := p.Receive()
				if err != nil {
					return
				}
				seen = append(seen, string(request[:1]))
				if len(seen) > 3 {
					p.Send(slices.Concat(request[:1], []byte("B300"), request[7:]))
				}
			}
		})
		for range 3 {
			short, cancel := context.WithTimeout(ctx, time.Second)
			require.ErrorIs(t, client.Echo(short, "x"), connection.ErrTimeout)
			cancel()
		}
		for range 35 {
			require.NoError(t, client.Echo(ctx, "x"))
		}
		require.Equal(t, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ34", strings.Join(seen, ""))
	})
}

// A connection without header takes one request at a time, and one without answer ends it.
func TestNoHeaderAndNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := play(t, payshield.Options{NoHeader: true}, hold)
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		require.ErrorIs(t, client.Echo(short, "first"), connection.ErrTimeout)
		err := client.Echo(ctx, "second")
		require.ErrorIs(t, err, connection.ErrOutOfStep)
		require.Equal(t, connection.SentNo, connection.SentOf(err))
	})
}

// fixed answers every request with the same text behind the request's header.
type fixed string

func (f fixed) Exchange(_ context.Context, frame, dst []byte) ([]byte, error) {
	return append(append(dst, frame[:4]...), f...), nil
}

func answering(t testing.TB, text string) *payshield.Client {
	t.Helper()
	c, err := payshield.New(fixed(text), payshield.Options{Layouts: layouts})
	require.NoError(t, err)
	return c
}

// calls are one of each kind, with the answer that is a yes.
var calls = map[string]struct {
	yes  string
	call func(t testing.TB, c *payshield.Client) error
}{
	"NC": {"ND00F4EDC8DEB67F6E280007-E000", func(_ testing.TB, c *payshield.Client) error {
		_, err := c.Diagnose(ctx)
		return err
	}},
	"NO": {"NP0031641234-567800000", func(_ testing.TB, c *payshield.Client) error {
		_, err := c.Status(ctx)
		return err
	}},
	"B2": {"B300abc", func(_ testing.TB, c *payshield.Client) error { return c.Echo(ctx, "abc") }},
	"A0": {"A100U8D6E42E33CCDD7C1ABB2F4C74E3B3DE8A24667", func(_ testing.TB, c *payshield.Client) error {
		_, err := c.Generate(ctx, crypto.MustAttributes("P0TB00N"), 128)
		return err
	}},
	"BU": {"BV006F1E3F", func(t testing.TB, c *payshield.Client) error {
		_, err := c.CheckValue(ctx, zpk(t), crypto.KCVLegacy, 3)
		return err
	}},
	"HC": {"HD00X4DC5B9381D893C6626A37D2F40809FEAU8D6E42E33CCDD7C1ABB2F4C74E3B3DE8", func(t testing.TB, c *payshield.Client) error {
		_, _, err := c.NewTerminalKey(ctx, key(t, payshield.TMK, "K0TB00N", "U1EF828AA8F6B80EB83E19FBC373F3A85"), crypto.MustAttributes("P0TB00N"))
		return err
	}},
	"CC": {"CD000491DDDA0A7C12CFAA01", func(t testing.TB, c *payshield.Client) error {
		_, err := c.TranslatePIN(ctx, nil, encrypted(t), pinblock.Target{Key: zpk(t), Layout: pinblock.ISO0, PAN: cardData.PAN})
		return err
	}},
	"EC": {"ED00", func(t testing.TB, c *payshield.Client) error {
		return c.VerifyPVV(ctx, encrypted(t), key(t, payshield.PVK, "V2TN00N", "X367930344805B1FAD6146EF4ED7502B3"), pinblock.PVVData{PAN: cardData.PAN}, "1234")
	}},
	"FW": {"FX001234", func(t testing.TB, c *payshield.Client) error {
		_, err := c.AppendPVV(ctx, nil, encrypted(t), key(t, payshield.PVK, "V2TN00N", "X367930344805B1FAD6146EF4ED7502B3"), pinblock.PVVData{PAN: cardData.PAN})
		return err
	}},
	"CW": {"CX00561", func(t testing.TB, c *payshield.Client) error {
		_, err := c.AppendCVV(ctx, nil, key(t, payshield.CVK, "C0TC00N", "U9B4934384B19946B040CD702B4D58145"), cardData)
		return err
	}},
	"CY": {"CZ00", func(t testing.TB, c *payshield.Client) error {
		return c.VerifyCVV(ctx, key(t, payshield.CVK, "C0TC00N", "U9B4934384B19946B040CD702B4D58145"), cardData, "561")
	}},
	"M6": {"M7005F1448EEEEFF0011", func(t testing.TB, c *payshield.Client) error {
		_, err := c.AppendMAC(ctx, nil, tak(t), retail, []byte("message"))
		return err
	}},
	"M8": {"M900", func(t testing.TB, c *payshield.Client) error {
		return c.VerifyMAC(ctx, tak(t), retail, []byte("message"), make([]byte, 8))
	}},
	"EA": {"EB00", func(t testing.TB, c *payshield.Client) error {
		return c.VerifyOffset(ctx, encrypted(t), key(t, payshield.PVK, "V1TN00N", "X367930344805B1FAD6146EF4ED7502B3"), pinblock.OffsetData{PAN: cardData.PAN}, "1234")
	}},
	"BK": {"BL001234FFFFFFFF", func(t testing.TB, c *payshield.Client) error {
		_, err := c.AppendOffset(ctx, nil, encrypted(t), key(t, payshield.PVK, "V1TN00N", "X367930344805B1FAD6146EF4ED7502B3"), pinblock.OffsetData{PAN: cardData.PAN})
		return err
	}},
	"KQ": {"KR00", func(t testing.TB, c *payshield.Client) error {
		return c.VerifyCryptogram(ctx, key(t, payshield.MKAC, "E0TX00N", "UA67981CE67F36A4BD2DE46BA17D6F596"), mChipRequest(t))
	}},
}

var retail = crypto.MACAlgorithm{Scheme: crypto.RetailMAC, Padding: crypto.Padding1}

func zpk(t testing.TB) payshield.Key {
	return key(t, payshield.ZPK, "P0TB00N", "U1EF828AA8F6B80EB83E19FBC373F3A85")
}

func tak(t testing.TB) payshield.Key {
	return key(t, payshield.TAK, "M3TN00N", "U19D25F349FD03CC3556BB05F65283CA1")
}

func encrypted(t testing.TB) pinblock.Encrypted {
	return pinblock.Encrypted{Key: zpk(t), Layout: pinblock.ISO0, PAN: cardData.PAN, Block: unhex(t, "91DDDA0A7C12CFAA")}
}

// verifies are the commands that a device answers with yes or no.
var verifies = map[string]bool{"EA": true, "EC": true, "CY": true, "M8": true, "KQ": true}

// Only the whole answer is a yes, only 01 to a verification is a no, and everything else is an error that is neither.
func TestNothingIsDecidedOnAGuess(t *testing.T) {
	for command, c := range calls {
		t.Run(command, func(t *testing.T) {
			require.NoError(t, c.call(t, answering(t, c.yes)))
			for n := range len(c.yes) {
				requireReply(t, c.call(t, answering(t, c.yes[:n])), c.yes[:n])
			}
			for _, more := range []string{"0", "\x00", "\x19", "\x19END", "%00"} {
				requireReply(t, c.call(t, answering(t, c.yes+more)), c.yes+more)
			}
			for _, reply := range []string{"", command + "00", "ZX00", "zz68", c.yes[:2] + "0x", c.yes[:2] + "\x000", strings.Repeat("\xff", 40), "QQ" + c.yes[2:]} {
				requireReply(t, c.call(t, answering(t, reply)), reply)
			}
			requireCodes(t, command, c.yes[:2], func(c2 *payshield.Client) error { return c.call(t, c2) })
		})
	}
}

func requireReply(t *testing.T, err error, reply string) {
	t.Helper()
	require.ErrorIs(t, err, payshield.ErrReply, "%q", reply)
	require.NotErrorIs(t, err, crypto.ErrVerify)
	require.False(t, payshield.Failover(err))
}

// requireCodes answers with every code there is.
func requireCodes(t *testing.T, command, reply string, call func(*payshield.Client) error) {
	t.Helper()
	const figures = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for _, a := range figures {
		for _, b := range figures {
			code := string(a) + string(b)
			if code == "00" {
				continue
			}
			err := call(answering(t, reply+code))
			var refusal *payshield.Error
			require.ErrorAs(t, err, &refusal, code)
			require.Equal(t, payshield.Error{Command: command, Code: code}, *refusal)
			require.Equal(t, code == "01" && verifies[command], errors.Is(err, crypto.ErrVerify), code)
		}
	}
}

// Fields that are whole and not what was asked for are no answer.
func TestOtherFieldsThanAskedFor(t *testing.T) {
	for command, replies := range map[string][]string{
		"CC": {"CD000491DDDA0A7C12CFAA03", "CD000391DDDA0A7C12CFAA01", "CD001391DDDA0A7C12CFAA01"},
		"BK": {"BL0012345FFFFFFF", "BL00123FFFFFFFFF", "BL001234F0FFFFFF", "BL00FFFFFFFFFFFF"},
		"HC": {"HD00X4DC5B9381D893C6626A37D2F40809FEA8D6E42E33CCDD7C1ABB2F4C74E3B3DE8"},
	} {
		for _, reply := range replies {
			requireReply(t, calls[command].call(t, answering(t, reply)), reply)
		}
	}
	for n, reply := range []string{"KR00", "KR001234567", "KR00123456789"} {
		_, err := answering(t, reply).AppendResponse(ctx, nil, key(t, payshield.MKAC, "E0TX00N", mkac), mChipRequest(t), cryptogram.Answer{})
		require.ErrorIs(t, err, payshield.ErrReply, n)
	}
}

// A command that the device does not know is told, whatever way it says so, and another device may know it.
func TestUnknownCommands(t *testing.T) {
	for _, answer := range []string{"ZZ", "ZZ68", "ZZ00", "CD68", "CD67"} {
		err := calls["CC"].call(t, answering(t, answer))
		if answer == "ZZ" {
			require.ErrorIs(t, err, payshield.ErrReply)
			continue
		}
		require.True(t, payshield.Failover(err), "%s: %v", answer, err)
	}
}

func TestClasses(t *testing.T) {
	device := []string{"12", "13", "17", "39", "40", "41", "42", "47", "67", "68", "69"}
	for code := range 100 {
		e := &payshield.Error{Command: "CC", Code: fmt.Sprintf("%02d", code)}
		require.Equal(t, slices.Contains(device, e.Code), e.Class() == payshield.Device, e.Code)
		require.Equal(t, e.Class() == payshield.Device, payshield.Failover(e))
	}
	for code, want := range map[string]error{"20": pinblock.ErrBlock, "22": pinblock.ErrPAN, "24": pinblock.ErrPIN, "10": crypto.ErrParity,
		"27": crypto.ErrKeyLength, "A4": keyblock.ErrBlock, "A5": crypto.ErrAttributes} {
		require.ErrorIs(t, &payshield.Error{Command: "CC", Code: code}, want)
	}
	require.NotErrorIs(t, &payshield.Error{Command: "A6", Code: "01"}, crypto.ErrVerify)
	require.Equal(t, payshield.KeyFault, (&payshield.Error{Command: "A6", Code: "B5"}).Class())
	require.EqualError(t, &payshield.Error{Command: "CC", Code: "77"}, "payshield: CC refused with 77: unknown code")
	require.Equal(t, "device", payshield.Device.String())
	for c := payshield.Other; c <= payshield.Device; c++ {
		require.NotEqual(t, "unknown class", c.String())
	}
	require.Equal(t, "unknown class", (payshield.Device + 1).String())
}

// No error and no key shows what stands in a message.
func TestNothingOfAMessageShows(t *testing.T) {
	secrets := []string{"4123456789012345", "91DDDA0A7C12CFAA", "1EF828AA8F6B80EB83E19FBC373F3A85", "9B4934384B19946B040CD702B4D58145", "561", "message"}
	var shown []string
	for command, c := range calls {
		for _, answer := range []string{"", c.yes[:2] + "20", c.yes + "4123456789012345", "ZZ68"} {
			err := c.call(t, answering(t, answer))
			require.Error(t, err, command)
			shown = append(shown, fmt.Sprintf("%v %+v %#v", err, err, err))
		}
	}
	for _, k := range []payshield.Key{zpk(t), tak(t)} {
		text, err := k.MarshalText()
		require.NoError(t, err)
		_, err = k.MarshalBinary()
		require.ErrorIs(t, err, crypto.ErrExport)
		shown = append(shown, fmt.Sprintf("%v %+v %#v %s %x %d", k, k, k, k, k, &k), string(text), k.LogValue().String())
	}
	for _, text := range shown {
		for _, secret := range secrets {
			require.NotContains(t, text, secret)
		}
	}
}
