package dukpt_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/dukpt"
	"github.com/posline/posline/internal/keymaterial"
)

// A device forgets the key of a transaction when it is made, and in the end all of them: whoever opens it learns nothing
// of what it did (X9.24-1 annex A).
func TestRegistersForget(t *testing.T) {
	terminal, aesTerminal := tdesTerminal(t), aesTerminal(t)
	var tx dukpt.TDES
	var ax dukpt.AES
	past := map[string]bool{}
	for range 300 {
		_, err := terminal.Next(&tx)
		require.NoError(t, err)
		left, right := dukpt.TransactionKey(&tx)
		past[string(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, left), right))] = true
		_, err = aesTerminal.Next(&ax)
		require.NoError(t, err)
		past[string(dukpt.DerivationKey(&ax))] = true
		for _, r := range append(dukpt.RegistersOfTDES(terminal), dukpt.RegistersOfAES(aesTerminal)...) {
			require.False(t, past[string(r[:16])], "a key that was used is still there")
		}
	}
	require.Len(t, past, 600)
	for _, registers := range [][][]byte{dukpt.RegistersOfTDES(terminal), dukpt.RegistersOfAES(aesTerminal)} {
		require.NotEqual(t, make([]byte, 32*len(registers)), bytes.Join(registers, nil))
	}
	terminal.Wipe()
	aesTerminal.Wipe()
	for _, registers := range [][][]byte{dukpt.RegistersOfTDES(terminal), dukpt.RegistersOfAES(aesTerminal)} {
		require.Equal(t, make([]byte, 32*len(registers)), bytes.Join(registers, nil))
	}
	_, err := aesTerminal.Next(&ax)
	require.ErrorIs(t, err, crypto.ErrNoKey)
}

// A transaction forgets its key when it is wiped, and when the next derivation fails.
func TestTransactionsForget(t *testing.T) {
	b, ab := bdk(t, crypto.TDES, testBDK, dukpt.AllowSingleDES, dukpt.AllowLegacyData), bdk(t, crypto.AES, testAESBDK)
	ksn, aesKSN := parse(t, tdesDevice).WithCounter(1), parse(t, aesDevice).WithCounter(1)
	ik, aesIK := initialKey(t, crypto.TDES, testBDK), initialKey(t, crypto.AES, testAESBDK)
	var tx dukpt.TDES
	var ax dukpt.AES
	var sx dukpt.SingleDES
	for name, forget := range map[string]func(){
		"wiped": func() { tx.Wipe(); ax.Wipe(); sx.Wipe() },
		"failed": func() {
			require.Error(t, tx.DeriveFromBDK(b, ksn.Device()))
			require.Error(t, ax.DeriveFromBDK(ab, aesKSN.Device()))
			require.Error(t, sx.Derive(b, ksn.Device()))
		},
		"failed with the initial key": func() {
			require.Error(t, tx.Derive(ik, ksn.Device()))
			require.Error(t, ax.Derive(aesIK, aesKSN.Device()))
			sx.Wipe()
		},
		"initial keys of the other kind": func() {
			require.Error(t, tx.Derive(aesIK, ksn))
			require.Error(t, ax.Derive(ik, aesKSN))
			sx.Wipe()
		},
		"of the other kind": func() {
			require.Error(t, tx.DeriveFromBDK(b, aesKSN))
			require.Error(t, ax.DeriveFromBDK(ab, ksn))
			require.Error(t, sx.Derive(b, aesKSN))
		},
	} {
		require.NoError(t, tx.DeriveFromBDK(b, ksn))
		require.NoError(t, ax.DeriveFromBDK(ab, aesKSN))
		require.NoError(t, sx.Derive(b, ksn))
		_, err := sx.PIN()
		require.NoError(t, err)
		forget()
		for _, err := range []error{
			fail(tx.PIN()), fail(tx.MAC(dukpt.Request, crypto.UsageMAC3)), fail(tx.Data(dukpt.Request)), fail(tx.LegacyData()), fail(sx.PIN()),
			fail(ax.PIN(dukpt.AES128)), fail(ax.MAC(dukpt.Request, dukpt.AES128, crypto.UsageCMAC)), fail(ax.Data(dukpt.Request, dukpt.AES128)),
			fail(ax.KEK(dukpt.AES128)),
		} {
			require.ErrorIs(t, err, crypto.ErrNoKey, name)
		}
		require.Empty(t, dukpt.DerivationKey(&ax), name)
	}
	tx.Wipe()
	left, right := dukpt.TransactionKey(&tx)
	require.Zero(t, left|right)
}

// What the working keys are for, and that none of them leaves.
func TestAttributesOfWorkingKeys(t *testing.T) {
	b, ab := bdk(t, crypto.TDES, testBDK, dukpt.AllowSingleDES, dukpt.AllowLegacyData, crypto.TableDES), bdk(t, crypto.AES, bytes.Repeat([]byte{3}, 32))
	ksn, aesKSN := parse(t, tdesDevice).WithCounter(3), parse(t, aesDevice).WithCounter(3)
	var tx dukpt.TDES
	var ax dukpt.AES
	var sx dukpt.SingleDES
	require.NoError(t, tx.DeriveFromBDK(b, ksn))
	require.NoError(t, ax.DeriveFromBDK(ab, aesKSN))
	require.NoError(t, sx.Derive(b, ksn))
	ik, err := dukpt.Initial(b, ksn)
	require.NoError(t, err)
	aesIK, err := dukpt.Initial(ab, aesKSN)
	require.NoError(t, err)
	keys := map[string]crypto.Key{}
	keep := func(name string) func(k interface{ Key() crypto.Key }, err error) {
		return func(k interface{ Key() crypto.Key }, err error) { require.NoError(t, err, name); keys[name] = k.Key() }
	}
	pin, err := tx.PIN()
	keep("P0TB00N")(pin, err)
	m, err := tx.MAC(dukpt.Request, crypto.UsageMAC3)
	keep("M3TC00N")(m, err)
	m, err = tx.MAC(dukpt.Response, crypto.UsageCMAC)
	keep("M6TC00N")(m, err)
	d, err := tx.Data(dukpt.Response)
	keep("D0TB00N")(d, err)
	pin, err = sx.PIN()
	keep("P0DB00N")(pin, err)
	pin, err = ax.PIN(dukpt.AES256)
	keep("P0AB00N")(pin, err)
	m, err = ax.MAC(dukpt.BothWays, dukpt.AES192, crypto.UsageCMAC)
	keep("M6AC00N")(m, err)
	m, err = ax.MAC(dukpt.Request, dukpt.HMAC256, crypto.UsageHMAC)
	keep("M7HC00N")(m, err)
	d, err = ax.Data(dukpt.Request, dukpt.AES128)
	keep("D0AB00N")(d, err)
	k, err := ax.KEK(dukpt.AES128)
	keep("K0AB00N")(k, err)
	for attributes, k := range keys {
		require.Equal(t, attributes, k.Attributes().String())
		require.Equal(t, attributes[2] == 'T' || attributes[2] == 'D', k.TableDES(), "%s: the options of the base key", attributes)
	}
	k, err = dukpt.UpdateKey(aesIK, aesKSN, dukpt.AES256)
	require.NoError(t, err)
	require.Equal(t, "K0AB00N", k.Attributes().String())
	require.Equal(t, 256, k.Bits())
	require.Equal(t, "B1TX00N", ik.Attributes().String())
	require.Equal(t, "B1AX00N", aesIK.Attributes().String())
	require.True(t, ik.TableDES())
	legacy, err := tx.LegacyData()
	require.NoError(t, err)
	require.Equal(t, "D0TB00N", legacy.Attributes().String())
	require.Equal(t, bytesOf(t, keys["P0TB00N"]), bytesOf(t, legacy.Key()))
	require.NotEqual(t, bytesOf(t, keys["P0TB00N"]), bytesOf(t, keys["D0TB00N"]))
}

// Which working keys an initial key of each length may have, and how long they are (X9.24-3 section 6.1).
func TestStrengthOfWorkingKeys(t *testing.T) {
	lengths := map[dukpt.KeyType]int{
		dukpt.AES128: 128, dukpt.AES192: 192, dukpt.AES256: 256, dukpt.TDES2: 128, dukpt.TDES3: 192, dukpt.HMAC128: 128, dukpt.HMAC192: 192, dukpt.HMAC256: 256,
	}
	strength := map[dukpt.KeyType]int{dukpt.TDES2: 80, dukpt.TDES3: 112}
	for _, size := range []int{16, 24, 32} {
		var ax dukpt.AES
		ik := initialKey(t, crypto.AES, bytes.Repeat([]byte{0x5a}, size))
		require.NoError(t, ax.Derive(ik, parse(t, aesDevice).WithCounter(1)))
		for kt, bits := range lengths {
			need := bits
			if s, less := strength[kt]; less {
				need = s
			}
			usage := crypto.UsageCMAC
			if kt >= dukpt.HMAC128 {
				usage = crypto.UsageHMAC
			}
			k, err := ax.MAC(dukpt.Request, kt, usage)
			if need > 8*size {
				require.ErrorIs(t, err, crypto.ErrWeakKey, "%s of %d bytes", kt, size)
				continue
			}
			require.NoError(t, err, "%s of %d bytes", kt, size)
			require.Equal(t, bits, k.Bits())
		}
	}
}

// What is no key type is refused, right behind the last one as well as far away.
func TestNoKeyTypes(t *testing.T) {
	var ax dukpt.AES
	ik := initialKey(t, crypto.AES, testAESBDK)
	require.NoError(t, ax.Derive(ik, parse(t, aesDevice).WithCounter(1)))
	for _, kt := range []dukpt.KeyType{0, dukpt.HMAC256 + 1, 99, 255} {
		for _, err := range []error{
			fail(ax.PIN(kt)), fail(ax.MAC(dukpt.Request, kt, crypto.UsageCMAC)), fail(ax.Data(dukpt.Request, kt)), fail(ax.KEK(kt)),
			fail(dukpt.UpdateKey(ik, parse(t, aesDevice).WithCounter(1), kt)),
		} {
			require.ErrorIs(t, err, crypto.ErrUnsupported, "%d", kt)
		}
	}
}

// A state that was sealed by an earlier version opens and goes on.
func TestStatesThatWereSealed(t *testing.T) {
	key := kek(t, "K0AB00N", bytes.Repeat([]byte{7}, 16))
	var tx, want dukpt.TDES
	terminal, err := dukpt.OpenTDESTerminal(unhexState(t, sealedTDES), key)
	require.NoError(t, err)
	require.EqualValues(t, 5, terminal.KSN().Counter())
	plain := tdesTerminal(t)
	for range 6 {
		_, err = plain.Next(&want)
		require.NoError(t, err)
	}
	ksn, err := terminal.Next(&tx)
	require.NoError(t, err)
	require.Equal(t, plain.KSN(), ksn)
	require.True(t, dukpt.SameTDES(&want, &tx))
}

// An authentic state out of shape is refused like a forged one.
func TestStatesOutOfShape(t *testing.T) {
	secret := bytes.Repeat([]byte{7}, 16)
	key := kek(t, "K0AB00N", secret)
	block, err := aes.NewCipher(secret)
	require.NoError(t, err)
	aead, err := cipher.NewGCMWithRandomNonce(block)
	require.NoError(t, err)
	seal := func(state []byte) []byte { return aead.Seal(nil, nil, state, []byte("posline dukpt terminal state")) }
	state := func(version, length, size byte, keys int) []byte {
		s := append([]byte{version, length, size}, make([]byte, int(length))...)
		return append(s, bytes.Repeat([]byte{1}, keys*int(size))...)
	}
	now := func(sensitive, high, low byte, rules string) []byte {
		s := append([]byte{2, 10, 16, sensitive, high, low}, rules...)
		return append(append(s, make([]byte, 10)...), bytes.Repeat([]byte{1}, 32*16)...)
	}
	for name, c := range map[string]struct {
		state     []byte
		tdes, aes bool
	}{
		"of today": {now(0, 0, 0, ""), true, false}, "with rules": {now(1, 0, 3, "PLS"), true, false},
		"neither sensitive nor not": {now(2, 0, 0, ""), false, false}, "rules longer than they are": {now(0, 0xff, 0xff, ""), false, false},
		"rules a byte longer": {now(0, 0, 1, ""), false, false}, "a head cut": {now(0, 0, 0, "")[:5], false, false},
		"a head alone": {now(0, 0, 0, "")[:6], false, false},
		"Triple DES":   {state(1, 10, 16, 32), true, false}, "AES-128": {state(1, 12, 16, 32), false, true},
		"AES-192": {state(1, 12, 24, 32), false, true}, "AES-256": {state(1, 12, 32, 32), false, true},
		"nothing": {nil, false, false}, "two bytes": {[]byte{1, 10}, false, false}, "three bytes": {[]byte{1, 10, 16}, false, false},
		"another version": {state(2, 10, 16, 32), false, false}, "version 0": {state(0, 10, 16, 32), false, false},
		"a number of 11 bytes": {state(1, 11, 16, 32), false, false}, "Triple DES, three keys": {state(1, 10, 24, 32), false, false},
		"Triple DES, four keys": {state(1, 10, 32, 32), false, false}, "AES, 8 bytes": {state(1, 12, 8, 32), false, false},
		"AES, 20 bytes": {state(1, 12, 20, 32), false, false}, "no keys": {state(1, 12, 0, 32), false, false},
		"a register less": {state(1, 10, 16, 31), false, false}, "a register more": {state(1, 12, 16, 33), false, false},
		"a byte less": {state(1, 10, 16, 32)[:3+10+511], false, false}, "a byte more": {append(state(1, 10, 16, 32), 0), false, false},
	} {
		_, err := dukpt.OpenTDESTerminal(seal(c.state), key)
		require.Equal(t, c.tdes, err == nil, name)
		_, aesErr := dukpt.OpenAESTerminal(seal(c.state), key)
		require.Equal(t, c.aes, aesErr == nil, name)
		for _, err := range []error{err, aesErr} {
			if err != nil {
				require.Equal(t, crypto.ErrVerify, err, name)
			}
		}
	}
	_, err = dukpt.OpenTDESTerminal(aead.Seal(nil, nil, state(1, 10, 16, 32), []byte("something else")), key)
	require.Equal(t, crypto.ErrVerify, err)
}

func unhexState(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	require.NoError(t, err)
	return b
}

// The permissions of a base key go over to what is derived from it, but that of being stored.
func TestPermissionsInherited(t *testing.T) {
	b := bdk(t, crypto.TDES, testBDK, dukpt.AllowSingleDES, dukpt.AllowLegacyData, home.Storable)
	ik, err := dukpt.Initial(b, parse(t, tdesDevice))
	require.NoError(t, err)
	require.True(t, ik.Permits(keymaterial.LegacyData))
	require.True(t, ik.Permits(keymaterial.SingleDES))
	require.True(t, b.MayStay(home))
	require.False(t, ik.MayStay(home))
	var tx dukpt.TDES
	require.NoError(t, tx.Derive(ik, parse(t, tdesDevice).WithCounter(1)))
	_, err = tx.LegacyData()
	require.NoError(t, err)
}

// A derived key is a key of its own: it goes on when the one it came from is destroyed, and so do transactions and terminals
// until they are wiped. Nothing new comes from the destroyed one.
func TestDerivedKeysOutliveTheirParent(t *testing.T) {
	ksn := parse(t, tdesDevice)
	base := bdk(t, crypto.TDES, testBDK)
	ik, err := dukpt.Initial(base, ksn)
	require.NoError(t, err)
	var tx dukpt.TDES
	require.NoError(t, tx.DeriveFromBDK(base, ksn.WithCounter(1)))
	before, err := tx.PIN()
	require.NoError(t, err)
	base.Destroy()
	require.NoError(t, before.Require(crypto.OpEncrypt))
	after, err := tx.PIN()
	require.NoError(t, err)
	require.True(t, after.Key().Equal(before.Key()))
	require.ErrorIs(t, new(dukpt.TDES).DeriveFromBDK(base, ksn.WithCounter(1)), crypto.ErrDestroyed)
	_, err = dukpt.Initial(base, ksn)
	require.ErrorIs(t, err, crypto.ErrDestroyed)
	tx.Wipe()
	_, err = tx.PIN()
	require.ErrorIs(t, err, crypto.ErrNoKey)
	require.NoError(t, tx.Derive(ik, ksn.WithCounter(1)))

	terminal, err := dukpt.NewTDESTerminal(ik, ksn)
	require.NoError(t, err)
	ik.Destroy()
	_, err = terminal.Next(&tx)
	require.NoError(t, err)
	again, err := tx.PIN()
	require.NoError(t, err)
	require.True(t, again.Key().Equal(before.Key()))
	require.ErrorIs(t, tx.Derive(ik, ksn.WithCounter(1)), crypto.ErrDestroyed)
	_, err = tx.PIN()
	require.ErrorIs(t, err, crypto.ErrNoKey)
	terminal.Wipe()
	_, err = terminal.Next(&tx)
	require.ErrorIs(t, err, crypto.ErrNoKey)
}
