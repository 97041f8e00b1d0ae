package dukpt_test

import (
	"bytes"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/dukpt"
	"github.com/posline/posline/crypto/gm"
)

// kek is a sealing key.
// home is where the terminals of the tests keep their state.
var home = crypto.NewHome()

func kek(t testing.TB, attributes string, key []byte, options ...crypto.Option) crypto.KEK {
	t.Helper()
	k, err := clearkey.Import(crypto.MustAttributes(attributes), key, append(options, home.Keeper)...)
	require.NoError(t, err)
	out, err := crypto.NewKEK(k)
	require.NoError(t, err)
	return out
}

func tdesTerminal(t testing.TB, options ...crypto.Option) *dukpt.TDESTerminal {
	t.Helper()
	terminal, err := dukpt.NewTDESTerminal(initialKey(t, crypto.TDES, testBDK, options...), parse(t, tdesDevice))
	require.NoError(t, err)
	return terminal
}

func aesTerminal(t testing.TB, options ...crypto.Option) *dukpt.AESTerminal {
	t.Helper()
	terminal, err := dukpt.NewAESTerminal(initialKey(t, crypto.AES, testAESBDK, options...), parse(t, aesDevice))
	require.NoError(t, err)
	return terminal
}

func TestSealedTerminals(t *testing.T) {
	key := kek(t, "K0AB00N", make([]byte, 32))
	terminal := tdesTerminal(t, home.Storable)
	var one, other dukpt.TDES
	for range 7 {
		_, err := terminal.Next(&one)
		require.NoError(t, err)
	}
	sealed, err := terminal.Seal([]byte("prefix"), key)
	require.NoError(t, err)
	require.Equal(t, "prefix", string(sealed[:6]))
	sealed = sealed[len("prefix"):]
	restored, err := dukpt.OpenTDESTerminal(sealed, key)
	require.NoError(t, err)
	require.Equal(t, terminal.KSN(), restored.KSN())
	a, err := terminal.Next(&one)
	require.NoError(t, err)
	b, err := restored.Next(&other)
	require.NoError(t, err)
	require.Equal(t, a, b)
	require.True(t, dukpt.SameTDES(&one, &other))
	_, err = restored.Seal(nil, key)
	require.NoError(t, err, "what was kept may be kept")

	for i := range sealed {
		wrong := bytes.Clone(sealed)
		wrong[i] ^= 1
		_, err := dukpt.OpenTDESTerminal(wrong, key)
		require.ErrorIs(t, err, crypto.ErrVerify)
		_, err = dukpt.OpenTDESTerminal(sealed[:i], key)
		require.ErrorIs(t, err, crypto.ErrVerify)
	}
	_, err = dukpt.OpenAESTerminal(sealed, key)
	require.ErrorIs(t, err, crypto.ErrVerify, "of the other kind")
	_, err = dukpt.OpenTDESTerminal(sealed, kek(t, "K0AB00N", bytes.Repeat([]byte{1}, 32)))
	require.ErrorIs(t, err, crypto.ErrVerify)
	terminal.Wipe()
	_, err = terminal.Next(&one)
	require.ErrorIs(t, err, crypto.ErrNoKey)
	_, err = terminal.Seal(nil, key)
	require.ErrorIs(t, err, crypto.ErrNoKey)
}

func TestSealedAESTerminals(t *testing.T) {
	key := kek(t, "K0AB00N", make([]byte, 32))
	for _, size := range []int{16, 24, 32} {
		terminal, err := dukpt.NewAESTerminal(initialKey(t, crypto.AES, bytes.Repeat([]byte{0x5a}, size), home.Storable), parse(t, aesDevice))
		require.NoError(t, err)
		sealed, err := terminal.Seal(nil, key)
		require.NoError(t, err)
		restored, err := dukpt.OpenAESTerminal(sealed, key)
		require.NoError(t, err)
		require.Equal(t, terminal.KSN(), restored.KSN())
		var one, other dukpt.AES
		for range 5 {
			_, err = terminal.Next(&one)
			require.NoError(t, err)
			ksn, err := restored.Next(&other)
			require.NoError(t, err)
			require.Equal(t, terminal.KSN(), ksn)
			require.Equal(t, dukpt.DerivationKey(&one), dukpt.DerivationKey(&other))
		}
		_, err = one.PIN(dukpt.AES128)
		require.NoError(t, err)
		_, err = dukpt.OpenTDESTerminal(sealed, key)
		require.ErrorIs(t, err, crypto.ErrVerify)
		terminal.Wipe()
		_, err = terminal.Next(&one)
		require.ErrorIs(t, err, crypto.ErrNoKey)
	}
}

// A state is sealed under a key that only protects keys, for keys that may be kept: no cipher of the caller's sees the
// registers, which are all keys to come.
func TestWhatMayBeSealed(t *testing.T) {
	key := kek(t, "K0AB00N", make([]byte, 32))
	_, err := tdesTerminal(t).Seal(nil, key)
	require.ErrorIs(t, err, crypto.ErrExport)
	_, err = aesTerminal(t).Seal(nil, key)
	require.ErrorIs(t, err, crypto.ErrExport)
	base := bdk(t, crypto.TDES, testBDK, home.Storable)
	ik, err := dukpt.Initial(base, parse(t, tdesDevice))
	require.NoError(t, err)
	derived, err := dukpt.NewTDESTerminal(ik, parse(t, tdesDevice))
	require.NoError(t, err)
	_, err = derived.Seal(nil, key)
	require.ErrorIs(t, err, crypto.ErrExport, "a key derived from a storable one is not")

	strong, err := dukpt.NewAESTerminal(initialKey(t, crypto.AES, bytes.Repeat([]byte{7}, 32), home.Storable), parse(t, aesDevice))
	require.NoError(t, err)
	terminal := tdesTerminal(t, home.Storable)
	for _, c := range []struct {
		key  crypto.KEK
		seal func([]byte, crypto.KEK) ([]byte, error)
		want error
	}{
		{kek(t, "K0AB00N", make([]byte, 16)), strong.Seal, crypto.ErrWeakKey},
		{kek(t, "K0TB00N", testBDK), terminal.Seal, crypto.ErrUnsupported},
		{kek(t, "K04B00N", testBDK, gm.SM4), terminal.Seal, crypto.ErrUnsupported},
		{kek(t, "K0AD00N", make([]byte, 16)), terminal.Seal, crypto.ErrUsage},
		{kek(t, "K0AD00N", make([]byte, 16)), strong.Seal, crypto.ErrUsage},
		{crypto.KEK{}, terminal.Seal, crypto.ErrNoKey},
	} {
		dst, err := c.seal([]byte("x"), c.key)
		require.ErrorIs(t, err, c.want)
		require.Equal(t, "x", string(dst))
	}
	sealed, err := terminal.Seal(nil, kek(t, "K0AE00N", make([]byte, 16)))
	require.NoError(t, err)
	_, err = dukpt.OpenTDESTerminal(sealed, kek(t, "K0AE00N", make([]byte, 16)))
	require.ErrorIs(t, err, crypto.ErrUsage)
	_, err = dukpt.OpenTDESTerminal(sealed, kek(t, "K0TB00N", testBDK))
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	_, err = dukpt.OpenTDESTerminal(sealed, kek(t, "K0AD00N", make([]byte, 16)))
	require.NoError(t, err)
}

// NextSealed gives the state behind the transaction together with it: what is restored goes on after it.
func TestNextSealed(t *testing.T) {
	key := kek(t, "K0AB00N", make([]byte, 16))
	terminal, plain := tdesTerminal(t, home.Storable), tdesTerminal(t)
	var tx, want dukpt.TDES
	for range 20 {
		ksn, state, err := terminal.NextSealed(&tx, []byte("x"), key)
		require.NoError(t, err)
		same, err := plain.Next(&want)
		require.NoError(t, err)
		require.Equal(t, same, ksn)
		require.True(t, dukpt.SameTDES(&want, &tx))
		require.Equal(t, byte('x'), state[0])
		terminal, err = dukpt.OpenTDESTerminal(state[1:], key)
		require.NoError(t, err)
		require.Equal(t, ksn, terminal.KSN())
	}
	before := terminal.KSN()
	ksn, dst, err := terminal.NextSealed(&tx, []byte("x"), kek(t, "K0TB00N", testBDK))
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	require.Zero(t, ksn)
	require.Equal(t, "x", string(dst))
	require.Equal(t, before, terminal.KSN(), "a transaction whose state is not sealed is not made")
	_, err = terminal.Next(&tx)
	require.NoError(t, err)
	_, err = plain.Next(&want)
	require.NoError(t, err)
	require.True(t, dukpt.SameTDES(&want, &tx))
}

func TestNextSealedAES(t *testing.T) {
	key := kek(t, "K0AB00N", make([]byte, 16))
	terminal, plain := aesTerminal(t, home.Storable), aesTerminal(t)
	var tx, want dukpt.AES
	for range 20 {
		ksn, state, err := terminal.NextSealed(&tx, nil, key)
		require.NoError(t, err)
		same, err := plain.Next(&want)
		require.NoError(t, err)
		require.Equal(t, same, ksn)
		require.Equal(t, dukpt.DerivationKey(&want), dukpt.DerivationKey(&tx))
		terminal, err = dukpt.OpenAESTerminal(state, key)
		require.NoError(t, err)
	}
	_, _, err := plain.NextSealed(&tx, nil, key)
	require.ErrorIs(t, err, crypto.ErrExport)
}

// Many goroutines at one terminal never get the same transaction, and what a transaction holds is of one number.
func TestConcurrentTerminals(t *testing.T) {
	const goroutines, each = 4, 500
	key := kek(t, "K0AB00N", make([]byte, 16))
	tdes, aes := tdesTerminal(t, home.Storable), aesTerminal(t, home.Storable)
	var mutex sync.Mutex
	seen := map[dukpt.KSN]bool{}
	var wait sync.WaitGroup
	for n := range goroutines {
		wait.Go(func() {
			var tx dukpt.TDES
			var ax dukpt.AES
			for range each {
				var one, other dukpt.KSN
				var err, otherErr error
				if n%2 == 0 {
					one, err = tdes.Next(&tx)
					other, otherErr = aes.Next(&ax)
				} else {
					one, _, err = tdes.NextSealed(&tx, nil, key)
					other, _, otherErr = aes.NextSealed(&ax, nil, key)
				}
				_, pinErr := tx.PIN()
				mutex.Lock()
				if err != nil || otherErr != nil || pinErr != nil || seen[one] || seen[other] {
					t.Error("a transaction came twice, or not at all", one, other, err, otherErr)
				}
				seen[one], seen[other] = true, true
				mutex.Unlock()
				tdes.KSN()
			}
		})
	}
	wait.Wait()
	require.Len(t, seen, 2*goroutines*each)
}

// One transaction in many hands is a whole one or none: never halves of two.
func TestConcurrentTransactions(t *testing.T) {
	b, ab := bdk(t, crypto.TDES, testBDK, dukpt.AllowSingleDES), bdk(t, crypto.AES, testAESBDK)
	ksn, aesKSN := parse(t, tdesDevice), parse(t, aesDevice)
	whole := map[string]bool{}
	for n := uint32(1); n <= 8; n++ {
		var tx dukpt.TDES
		require.NoError(t, tx.DeriveFromBDK(b, ksn.WithCounter(n)))
		k, err := tx.PIN()
		require.NoError(t, err)
		whole[string(bytesOf(t, k.Key()))] = true
	}
	var tx dukpt.TDES
	var ax dukpt.AES
	var sx dukpt.SingleDES
	var wait sync.WaitGroup
	for n := range uint32(8) {
		wait.Go(func() {
			for range 50 {
				if tx.DeriveFromBDK(b, ksn.WithCounter(n+1)) != nil || ax.DeriveFromBDK(ab, aesKSN.WithCounter(n+1)) != nil ||
					sx.Derive(b, ksn.WithCounter(n+1)) != nil {
					t.Error("derivation failed")
				}
				if k, err := tx.PIN(); err == nil && !whole[string(bytesOf(t, k.Key()))] {
					t.Error("a key of two transactions")
				}
				ax.PIN(dukpt.AES128)
				sx.PIN()
				if n == 0 {
					tx.Wipe()
					ax.Wipe()
					sx.Wipe()
				}
			}
		})
	}
	wait.Wait()
}

// A terminal of a Sensitive initial key is kept under any key, before it was kept and after. Rules that no length tells do not
// fit.
func TestSensitiveTerminals(t *testing.T) {
	k, err := clearkey.Import(crypto.MustAttributes("K0AB00N"), make([]byte, 32))
	require.NoError(t, err)
	any, err := crypto.NewKEK(k)
	require.NoError(t, err)
	k, err = clearkey.Import(crypto.MustAttributes("B1TX00S"), testBDK)
	require.NoError(t, err)
	ik, err := crypto.NewInitialKey(k)
	require.NoError(t, err)
	terminal, err := dukpt.NewTDESTerminal(ik, parse(t, tdesDevice))
	require.NoError(t, err)
	for range 2 {
		sealed, err := terminal.Seal(nil, any)
		require.NoError(t, err)
		terminal, err = dukpt.OpenTDESTerminal(sealed, any)
		require.NoError(t, err)
	}
	long := crypto.Confers(crypto.CarriesOnly(slices.Repeat([]crypto.Usage{crypto.UsagePIN}, 33000)...))
	dst, err := tdesTerminal(t, home.Storable, long).Seal([]byte("x"), kek(t, "K0AB00N", make([]byte, 32)))
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	require.Equal(t, "x", string(dst))
}

// What a key encryption key carries holds for initial keys in sealed states, too, on the way in and out.
func TestCarriesOnlyOfSealingKeys(t *testing.T) {
	secret := bytes.Repeat([]byte{7}, 32)
	pins := kek(t, "K0AB00N", secret, crypto.CarriesOnly(crypto.UsagePIN))
	devices := kek(t, "K0AB00N", secret, crypto.CarriesOnly(crypto.UsagePIN, crypto.UsageInitialKey))
	terminal, aes := tdesTerminal(t, home.Storable), aesTerminal(t, home.Storable)
	for _, seal := range []func([]byte, crypto.KEK) ([]byte, error){terminal.Seal, aes.Seal} {
		dst, err := seal([]byte("x"), pins)
		require.ErrorIs(t, err, crypto.ErrUsage)
		require.Equal(t, "x", string(dst))
	}
	var tx dukpt.TDES
	_, _, err := terminal.NextSealed(&tx, nil, pins)
	require.ErrorIs(t, err, crypto.ErrUsage)
	require.Zero(t, terminal.KSN().Counter())
	sealed, err := terminal.Seal(nil, devices)
	require.NoError(t, err)
	aesSealed, err := aes.Seal(nil, devices)
	require.NoError(t, err)
	_, err = dukpt.OpenTDESTerminal(sealed, pins)
	require.ErrorIs(t, err, crypto.ErrUsage)
	_, err = dukpt.OpenAESTerminal(aesSealed, pins)
	require.ErrorIs(t, err, crypto.ErrUsage)
	_, err = dukpt.OpenTDESTerminal(sealed, devices)
	require.NoError(t, err)
}
