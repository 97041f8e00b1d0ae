package pinblock_test

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/keymaterial"
	"github.com/posline/posline/pinblock"
)

const ownPAN = "5999990000000004"

// desk is an issuer whose interface an attacker may call: he knows his own card's PIN and holds blocks of another's.
type desk struct {
	pinblock.Software
	des       crypto.PINKey
	visa, ibm crypto.PVK
}

func newDesk(t *testing.T) desk {
	k := unhex(t, "0123456789ABCDEFFEDCBA9876543210")
	own := pinblock.Software{Cards: []pinblock.Cards{{Prefix: "543210", Length: 16}, {Prefix: "599999", Length: 16}}}
	return desk{Software: own, des: pinKey(t, crypto.TDES, unhex(t, desHex)), visa: pvk(t, "V2", k), ibm: pvk(t, "V1", k)}
}

func (d desk) block(t *testing.T, f pinblock.Format, text, pan string) pinblock.Encrypted {
	t.Helper()
	block, err := pinblock.Encrypt(nil, d.des, f, pin(t, text), pan)
	require.NoError(t, err)
	return pinblock.Encrypted{Key: d.des, Layout: f, PAN: crypto.Hide(pan), Block: block}
}

// every runs all functions of verifier and issuer for a block and a card.
func (d desk) every(t *testing.T, in pinblock.Encrypted, pan string) map[string]error {
	t.Helper()
	own := d.block(t, pinblock.ISO0, "0000", pan)
	pvv, err := d.AppendPVV(ctx, nil, own, d.visa, pinblock.PVVData{PAN: crypto.Hide(pan)})
	require.NoError(t, err)
	offset, err := d.AppendOffset(ctx, nil, own, d.ibm, pinblock.OffsetData{PAN: crypto.Hide(pan)})
	require.NoError(t, err)
	errs := map[string]error{
		"VerifyPVV":    d.VerifyPVV(ctx, in, d.visa, pinblock.PVVData{PAN: crypto.Hide(pan)}, string(pvv)),
		"VerifyOffset": d.VerifyOffset(ctx, in, d.ibm, pinblock.OffsetData{PAN: crypto.Hide(pan)}, string(offset)),
	}
	keep := func(name string) func([]byte, error) {
		return func(dst []byte, err error) {
			require.True(t, err == nil || len(dst) == 0, name)
			errs[name] = err
		}
	}
	keep("AppendPVV")(d.AppendPVV(ctx, nil, in, d.visa, pinblock.PVVData{PAN: crypto.Hide(pan)}))
	keep("AppendOffset")(d.AppendOffset(ctx, nil, in, d.ibm, pinblock.OffsetData{PAN: crypto.Hide(pan)}))
	keep("ChangePVV, next")(d.ChangePVV(ctx, nil, own, in, d.visa, pinblock.PVVData{PAN: crypto.Hide(pan)}, string(pvv)))
	keep("ChangePVV, current")(d.ChangePVV(ctx, nil, in, own, d.visa, pinblock.PVVData{PAN: crypto.Hide(pan)}, string(pvv)))
	keep("ChangeOffset, next")(d.ChangeOffset(ctx, nil, own, in, d.ibm, pinblock.OffsetData{PAN: crypto.Hide(pan)}, string(offset)))
	keep("ChangeOffset, current")(d.ChangeOffset(ctx, nil, in, own, d.ibm, pinblock.OffsetData{PAN: crypto.Hide(pan)}, string(offset)))
	require.Len(t, errs, 8)
	return errs
}

// A PIN of another card, or of none, serves nobody: two offsets under the attacker's own PAN would show the PIN.
func TestAPINStaysWithItsCard(t *testing.T) {
	d := newDesk(t)
	for _, f := range []pinblock.Format{pinblock.ISO0, pinblock.ISO3} {
		for name, err := range d.every(t, d.block(t, f, "7391", testPAN), ownPAN) {
			require.ErrorIs(t, err, pinblock.ErrPolicy, "%s: %s", f, name)
		}
		for name, err := range d.every(t, d.block(t, f, "0000", testPAN), testPAN) {
			if f == pinblock.ISO3 && strings.Contains(name, "Offset") {
				require.ErrorIs(t, err, pinblock.ErrPolicy, "format 3 proves no PAN: %s", name)
			} else {
				require.NoError(t, err, "%s: %s", f, name)
			}
		}
	}
	for _, f := range []pinblock.Format{
		pinblock.ISO1, pinblock.ISO2, pinblock.VISA2, pinblock.VISA3, pinblock.VISA4, pinblock.ECI2, pinblock.ECI3, pinblock.OEM1,
		pinblock.IBM3624, pinblock.UnionPayPlain, pinblock.OEM1.WithPad('A'), pinblock.IBM3624.WithPad('0').WithLength(4),
	} {
		for name, err := range d.every(t, d.block(t, f, "7391", ownPAN), ownPAN) {
			require.ErrorIs(t, err, pinblock.ErrPolicy, "%s: %s", f, name)
		}
		_, err := d.GeneratePIN(ctx, nil, 4, pinblock.Target{Key: d.des, Layout: f, PAN: crypto.Hide(testPAN)})
		require.ErrorIs(t, err, pinblock.ErrPolicy, "%s", f)
	}
}

// A PIN in format 1 is of no card. Bound to the attacker's own card by a translation, two offsets would show it: so it is
// bound where the configuration says so, and nowhere else.
func TestFormat1IsBoundByConfiguration(t *testing.T) {
	d := newDesk(t)
	in := d.block(t, pinblock.ISO1, "7391", "")
	for _, out := range []pinblock.Format{pinblock.ISO0, pinblock.ISO3} {
		target := pinblock.Target{Key: d.des, Layout: out, PAN: crypto.Hide(ownPAN)}
		dst, err := d.TranslatePIN(ctx, []byte("x"), in, target)
		require.ErrorIs(t, err, pinblock.ErrPolicy)
		require.Equal(t, "x", string(dst))
		for _, s := range []pinblock.Software{
			{Layouts: []pinblock.Format{pinblock.ISO1}}, {Policy: pinblock.Policy{{From: pinblock.ISO1, To: out}}},
		} {
			block, err := s.TranslatePIN(ctx, nil, in, target)
			require.NoError(t, err)
			p, err := pinblock.Decrypt(d.des, out, block, ownPAN)
			require.NoError(t, err)
			require.True(t, p.Equal(pin(t, "7391")))
		}
		other := pinblock.Software{Policy: pinblock.Policy{{From: pinblock.ISO1, To: pinblock.ISO4}, {From: pinblock.ISO2, To: out}}}
		_, err = other.TranslatePIN(ctx, nil, in, target)
		require.ErrorIs(t, err, pinblock.ErrPolicy)
	}
	_, err := d.TranslatePIN(ctx, nil, in, pinblock.Target{Key: d.des, Layout: pinblock.ISO1})
	require.NoError(t, err, "it may stay as it is")
}

// What formats an issuer reads besides is configured, exactly as they stand; a PAN given with the block must still be the
// card's.
func TestLayoutsOfTheIssuer(t *testing.T) {
	d := newDesk(t)
	d.Layouts = []pinblock.Format{pinblock.ISO1, pinblock.OEM1.WithPad('A'), pinblock.VISA4}
	for _, f := range d.Layouts {
		in := d.block(t, f, "0000", testPAN)
		for name, err := range d.every(t, in, testPAN) {
			require.NoError(t, err, "%s: %s", f, name)
		}
		for name, err := range d.every(t, in, ownPAN) {
			require.ErrorIs(t, err, pinblock.ErrPolicy, "%s: %s", f, name)
		}
		_, err := d.GeneratePIN(ctx, nil, 4, pinblock.Target{Key: d.des, Layout: f, PAN: crypto.Hide(testPAN)})
		require.NoError(t, err)
	}
	in := d.block(t, pinblock.ISO1, "0000", "")
	for name, err := range d.every(t, in, testPAN) {
		require.NoError(t, err, name)
	}
	for _, f := range []pinblock.Format{pinblock.OEM1, pinblock.OEM1.WithPad('B'), pinblock.ISO2} {
		for name, err := range d.every(t, d.block(t, f, "0000", testPAN), testPAN) {
			require.ErrorIs(t, err, pinblock.ErrPolicy, "%s: %s", f, name)
		}
	}
}

// The tables of the decimalisation attack (Bond and Zielinski 2003) belong to the key: no function of the interfaces, nor
// the data it takes, has room for one, nor for the positions of the validation data or a rule about the PIN's length.
func TestNoCallChoosesTheMethod(t *testing.T) {
	require.Equal(t, 1, reflect.TypeFor[pinblock.OffsetData]().NumField(), "the PAN")
	require.Equal(t, 2, reflect.TypeFor[pinblock.PVVData]().NumField(), "the PAN and the index of the key")
	k := unhex(t, "0123456789ABCDEFFEDCBA9876543210")
	data, p := pinblock.OffsetData{PAN: crypto.Hide(testPAN)}, pin(t, "1234")
	usual, err := pinblock.AppendOffset(nil, pvk(t, "V1", k), data, p)
	require.NoError(t, err)
	seen := map[string]bool{string(usual): true}
	for _, m := range []pinblock.OffsetMethod{{Table: "9876543210987654"}, {Start: 1}, {Length: 15}, {Length: 14, Pad: '3'}} {
		own, err := pinblock.AppendOffset(nil, pvk(t, "V1", k, m.Bind), data, p)
		require.NoError(t, err)
		require.False(t, seen[string(own)], "the method of the key counts: %+v", m)
		seen[string(own)] = true
		require.NoError(t, pinblock.VerifyOffset(pvk(t, "V1", k, m.Bind), data, p, string(own)))
		require.ErrorIs(t, pinblock.VerifyOffset(pvk(t, "V1", k), data, p, string(own)), crypto.ErrVerify)
	}
	same, err := pinblock.AppendOffset(nil, pvk(t, "V1", k, pinblock.PVVMethod{FirstFour: true}.Bind), data, p)
	require.NoError(t, err)
	require.Equal(t, usual, same)
}

// A key verifies by one method: what the other shows under it would help against it.
func TestOneMethodPerKey(t *testing.T) {
	d := newDesk(t)
	require.ErrorIs(t, pinblock.VerifyPVV(d.ibm, pinblock.PVVData{PAN: crypto.Hide(testPAN)}, pin(t, "1234"), "0000"), crypto.ErrUsage)
	require.ErrorIs(t, pinblock.VerifyOffset(d.visa, pinblock.OffsetData{PAN: crypto.Hide(testPAN)}, pin(t, "1234"), "0000"), crypto.ErrUsage)
	_, err := crypto.NewPVK(importKey(t, "V0TN00N", unhex(t, desHex)))
	require.ErrorIs(t, err, crypto.ErrUsage)
}

// probe reads one block under PANs that differ in a digit, as the PIN oracle of ISO-0 does, n times.
func (d desk) probe(t *testing.T, in pinblock.Encrypted, n int) (bad int) {
	t.Helper()
	d.Cards = nil
	for i := range n {
		in.PAN = crypto.Hide(testPAN[:3] + string(rune('0'+i%10)) + testPAN[4:])
		_, err := d.TranslatePIN(ctx, nil, in, pinblock.Target{Key: d.des, Layout: pinblock.ISO0, PAN: in.PAN})
		if err != nil {
			require.ErrorIs(t, err, pinblock.ErrBlock)
			bad++
		}
	}
	return bad
}

// Trying out a block under many PANs is counted apart from wrong PINs, and raises an alarm once a window.
func TestMonitor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		var alarms []int
		d.Monitor = &pinblock.Monitor{Limit: 3, Window: time.Minute, Alarm: func(block pinblock.Encrypted, bad int) {
			require.Equal(t, pinblock.ISO0, block.Layout)
			alarms = append(alarms, bad)
		}}
		in := d.block(t, pinblock.ISO0, "7391", testPAN)
		require.Zero(t, d.Monitor.Counts())
		require.NoError(t, d.VerifyPVV(ctx, in, d.visa, pinblock.PVVData{PAN: crypto.Hide(testPAN)}, d.pvv(t, in)))
		require.ErrorIs(t, d.VerifyPVV(ctx, in, d.visa, pinblock.PVVData{PAN: crypto.Hide(testPAN)}, "0000"), crypto.ErrVerify)
		require.Equal(t, pinblock.Counts{Read: 3}, d.Monitor.Counts(), "a wrong PIN is no bad block")

		in.Block = make([]byte, 8)
		require.Equal(t, 2, d.probe(t, in, 2))
		require.Empty(t, alarms)
		require.Equal(t, 5, d.probe(t, in, 5))
		require.Equal(t, []int{3}, alarms)
		require.Equal(t, pinblock.Counts{Read: 10, Bad: 7}, d.Monitor.Counts())
		time.Sleep(time.Minute)
		require.Equal(t, 2, d.probe(t, in, 2))
		require.Len(t, alarms, 1, "a new window")
		time.Sleep(time.Minute - 1)
		require.Equal(t, 1, d.probe(t, in, 1))
		require.Len(t, alarms, 2, "the window is not over")
	})
}

// What is the caller's own fault is no bad block: a key that may not decrypt, a PAN or a format that is none.
func TestMonitorCountsBlocksOnly(t *testing.T) {
	d := newDesk(t)
	d.Cards = nil
	d.Monitor = &pinblock.Monitor{Limit: 1, Alarm: func(pinblock.Encrypted, int) { t.Error("an alarm") }}
	good := d.block(t, pinblock.ISO0, "7391", testPAN)
	target := pinblock.Target{Key: d.des, Layout: pinblock.ISO0, PAN: crypto.Hide(testPAN)}
	encryptOnly, destroyed := importKey(t, "P0TE00N", unhex(t, desHex)), importKey(t, "P0TB00N", unhex(t, desHex))
	destroyed.Destroy()
	for _, in := range []pinblock.Encrypted{
		{Key: encryptOnly, Layout: pinblock.ISO0, PAN: crypto.Hide(testPAN), Block: good.Block}, {Key: destroyed, Layout: pinblock.ISO0, PAN: crypto.Hide(testPAN), Block: good.Block},
		{Key: pinKey(t, crypto.AES, unhex(t, aesHex)), Layout: pinblock.ISO0, PAN: crypto.Hide(testPAN), Block: good.Block},
	} {
		_, err := d.TranslatePIN(ctx, nil, in, target)
		require.Error(t, err)
	}
	in, short := good, target
	in.PAN, short.PAN = crypto.Hide("123"), crypto.Hide("123")
	_, err := d.TranslatePIN(ctx, nil, in, short)
	require.ErrorIs(t, err, pinblock.ErrPAN)
	require.Zero(t, d.Monitor.Counts().Bad)
	require.EqualValues(t, 4, d.Monitor.Counts().Read)
	good.Key = nil
	_, err = d.TranslatePIN(ctx, nil, good, target)
	require.ErrorIs(t, err, crypto.ErrKeyRef)
}

func TestMonitorDefaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, alarms := newDesk(t), 0
		d.Monitor = &pinblock.Monitor{Alarm: func(pinblock.Encrypted, int) { alarms++ }}
		in := d.block(t, pinblock.ISO0, "7391", testPAN)
		in.Block = make([]byte, 8)
		d.probe(t, in, 9)
		time.Sleep(time.Hour - 1)
		require.Zero(t, alarms)
		d.probe(t, in, 1)
		require.Equal(t, 1, alarms)
		d.Monitor.Alarm = nil
		time.Sleep(time.Hour)
		d.probe(t, in, 20)
		require.Equal(t, uint64(30), d.Monitor.Counts().Bad)
	})
}

func (d desk) pvv(t *testing.T, in pinblock.Encrypted) string {
	t.Helper()
	pvv, err := d.AppendPVV(ctx, nil, in, d.visa, pinblock.PVVData{PAN: in.PAN})
	require.NoError(t, err)
	return string(pvv)
}

// The window ends with each bad block, so that nobody has twice the limit around a fixed edge.
func TestMonitorsWindowSlides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, alarms := newDesk(t), 0
		d.Monitor = &pinblock.Monitor{Limit: 5, Window: time.Minute, Alarm: func(_ pinblock.Encrypted, bad int) {
			require.Equal(t, 5, bad)
			alarms++
		}}
		in := d.block(t, pinblock.ISO0, "7391", testPAN)
		in.Block = make([]byte, 8)
		d.probe(t, in, 1)
		time.Sleep(50 * time.Second)
		d.probe(t, in, 3)
		time.Sleep(10 * time.Second)
		d.probe(t, in, 1)
		require.Zero(t, alarms, "the first is a minute old")
		d.probe(t, in, 1)
		require.Equal(t, 1, alarms, "five within ten seconds")
		time.Sleep(55 * time.Second)
		d.probe(t, in, 4)
		time.Sleep(5*time.Second - 1)
		d.probe(t, in, 4)
		require.Equal(t, 1, alarms, "not again within a minute")
		time.Sleep(time.Nanosecond)
		d.probe(t, in, 1)
		require.Equal(t, 2, alarms, "what came while it was quiet counts")
		for range 100 {
			time.Sleep(15 * time.Second)
			d.probe(t, in, 1)
		}
		require.Equal(t, 2, alarms, "four a minute are fewer than five")
	})
}

// A limit or a window that is none leaves the alarm on, as the usual one.
func TestMonitorsWithNegativeLimits(t *testing.T) {
	for name, m := range map[string]*pinblock.Monitor{
		"limit": {Limit: -1}, "window": {Window: -time.Minute}, "both": {Limit: math.MinInt, Window: math.MinInt64},
	} {
		synctest.Test(t, func(t *testing.T) {
			d, alarms := newDesk(t), 0
			d.Monitor = m
			m.Alarm = func(pinblock.Encrypted, int) { alarms++ }
			in := d.block(t, pinblock.ISO0, "7391", testPAN)
			in.Block = make([]byte, 8)
			d.probe(t, in, 9)
			require.Zero(t, alarms, name)
			time.Sleep(time.Hour - 1)
			d.probe(t, in, 1)
			require.Equal(t, 1, alarms, name)
		})
	}
}

// What the package comment says of how much of the PAN a block binds.
func TestDigitsABlockBinds(t *testing.T) {
	d := newDesk(t)
	change := func(at int) string {
		return testPAN[:at] + string(rune('0'+(testPAN[at]-'0'+1)%10)) + testPAN[at+1:]
	}
	pin, err := pinblock.ParsePIN([]byte("7391"))
	require.NoError(t, err)
	for _, f := range []pinblock.Format{pinblock.ISO0, pinblock.ISO3} {
		block, err := pinblock.Encrypt(nil, d.des, f, pin, testPAN)
		require.NoError(t, err)
		for at := range testPAN {
			if at >= len(testPAN)-13 && at < len(testPAN)-1 {
				continue // one of the twelve
			}
			same, err := pinblock.Decrypt(d.des, f, block, change(at))
			require.NoError(t, err)
			require.Equal(t, pin.AppendClear(nil), same.AppendClear(nil), "digit %d", at)
		}
	}
	aes := pinKey(t, crypto.AES, unhex(t, aesHex))
	block, err := pinblock.Encrypt(nil, aes, pinblock.ISO4, pin, testPAN)
	require.NoError(t, err)
	for at := range testPAN {
		_, err := pinblock.Decrypt(aes, pinblock.ISO4, block, change(at))
		require.ErrorIs(t, err, pinblock.ErrBlock, "digit %d", at)
	}
}

// A method that came with a key and is none, or not a fair one, is refused where it is used.
func TestMethodsThatArrive(t *testing.T) {
	receive := func(attributes, rules string) crypto.PVK {
		k, err := crypto.Receive(keymaterial.Grant(), crypto.Arrival{Rules: rules}, crypto.MustAttributes(attributes), unhex(t, "0123456789ABCDEFFEDCBA9876543210"))
		require.NoError(t, err)
		p, err := crypto.NewPVK(k)
		require.NoError(t, err)
		return p
	}
	for rules, ok := range map[string]bool{
		"": true, "MV101234567890123450000F": true, "MV101234567890123450313F": true, "MV1": true, "MV101234567890123450000": false,
		"MV101234567890123450000FF": false, "MV101234567890123450000G": false, "MV1012345678901234500x0F": false, "MV10123456789A123450000F": false,
		"MV100000000000000000000F": false, "MV101234567890123451900F": false, "MV101234567890123450017F": false,
	} {
		_, err := pinblock.AppendOffset(nil, receive("V1TC00N", rules), pinblock.OffsetData{PAN: crypto.Hide(testPAN)}, pin(t, "1234"))
		if ok {
			require.NoError(t, err, rules)
		} else {
			require.ErrorIs(t, err, pinblock.ErrData, rules)
		}
	}
	for rules, want := range map[string]error{"": pinblock.ErrPIN, "MV2X": pinblock.ErrPIN, "MV2F": nil, "MV2": pinblock.ErrPIN, "MV2Y": pinblock.ErrData, "MV2FF": pinblock.ErrData} {
		_, err := pinblock.AppendPVV(nil, receive("V2TC00N", rules), pinblock.PVVData{PAN: crypto.Hide(testPAN)}, pin(t, "12345"))
		require.ErrorIs(t, err, want, rules)
	}
	m := pinblock.OffsetMethod{Table: "9876543210987654", Start: 2, Length: 11, Pad: 'b'}
	want, err := pinblock.AppendOffset(nil, pvk(t, "V1", unhex(t, "0123456789ABCDEFFEDCBA9876543210"), m.Bind), pinblock.OffsetData{PAN: crypto.Hide(testPAN)}, pin(t, "1234"))
	require.NoError(t, err)
	got, err := pinblock.AppendOffset(nil, receive("V1TC00N", "MV198765432109876540211B"), pinblock.OffsetData{PAN: crypto.Hide(testPAN)}, pin(t, "1234"))
	require.NoError(t, err)
	require.Equal(t, want, got)
}
