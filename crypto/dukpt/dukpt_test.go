package dukpt_test

import (
	"bytes"
	"encoding/json"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/dukpt"
	"github.com/posline/posline/internal/shown"
)

var (
	testBDK    = []byte("\x01\x23\x45\x67\x89\xab\xcd\xef\xfe\xdc\xba\x98\x76\x54\x32\x10")
	testAESBDK = []byte("\xfe\xdc\xba\x98\x76\x54\x32\x10\xf1\xf1\xf1\xf1\xf1\xf1\xf1\xf1")
)

const (
	tdesDevice = "FFFF9876543210E00000"
	aesDevice  = "123456789012345600000000"
)

// TestTDESRegistersEqualDerivation runs a terminal through its whole life: for every valid counter, all 1,048,575, the
// transaction key of the registers is the one the host derives.
func TestTDESRegistersEqualDerivation(t *testing.T) {
	if raceEnabled {
		t.Skip("one goroutine and a million transactions: nothing here for the race detector")
	}
	device := parse(t, tdesDevice)
	b := bdk(t, crypto.TDES, testBDK, crypto.TableDES)
	ik, err := dukpt.Initial(b, device)
	require.NoError(t, err)
	terminal, err := dukpt.NewTDESTerminal(ik, device)
	require.NoError(t, err)
	var made, derived dukpt.TDES
	count, last := 0, device
	for {
		ksn, err := terminal.Next(&made)
		if err != nil {
			require.ErrorIs(t, err, dukpt.ErrExhausted)
			break
		}
		count++
		want, err := last.Next()
		require.NoError(t, err)
		if ksn != want || ksn.Valid() != nil {
			t.Fatalf("%s follows %s", ksn, last)
		}
		last = ksn
		if err := derived.Derive(ik, ksn); err != nil {
			t.Fatal(err)
		}
		if !dukpt.SameTDES(&made, &derived) {
			t.Fatalf("%s: the registers differ from the derivation", ksn)
		}
	}
	require.Equal(t, 1_048_575, count)
	require.True(t, last.Exhausted())
	require.Equal(t, uint32(0b1_1111_1111_1000_0000_0000), last.Counter(), "ten bits, all at the top")
}

func TestAESRegistersEqualDerivation(t *testing.T) {
	for _, size := range []int{16, 24, 32} {
		device := parse(t, aesDevice)
		ik := initialKey(t, crypto.AES, bytes.Repeat([]byte{0x5a}, size))
		terminal, err := dukpt.NewAESTerminal(ik, device)
		require.NoError(t, err)
		var made, derived dukpt.AES
		for range 20_000 {
			ksn, err := terminal.Next(&made)
			require.NoError(t, err)
			require.NoError(t, derived.Derive(ik, ksn))
			require.Equal(t, dukpt.DerivationKey(&derived), dukpt.DerivationKey(&made), ksn)
		}
	}
}

// TestAESRegistersNearTheEnd starts where the counter has many bits set, so that numbers are left out.
func TestAESRegistersNearTheEnd(t *testing.T) {
	ksn := parse(t, "1234567890123456FFFE0000")
	count := 0
	for {
		next, err := ksn.Next()
		if err != nil {
			require.ErrorIs(t, err, dukpt.ErrExhausted)
			break
		}
		require.NoError(t, next.Valid())
		require.Greater(t, next.Counter(), ksn.Counter())
		ksn = next
		count++
	}
	// After FFFE0000 (15 bits) come the 17 counters with one bit more, and FFFF0000 is the last.
	require.Equal(t, 17, count)
	require.Equal(t, uint32(0xffff0000), ksn.Counter())
}

func TestKSN(t *testing.T) {
	for _, n := range []int{0, 1, 8, 9, 11, 13, 16} {
		_, err := dukpt.ParseKSN(make([]byte, n))
		require.ErrorIs(t, err, dukpt.ErrKSN, "%d bytes", n)
	}
	in := []byte("\xff\xff\x98\x76\x54\x32\x10\xe0\x00\x08")
	k, err := dukpt.ParseKSN(in)
	require.NoError(t, err)
	require.Equal(t, "FFFF9876543210E00008", k.String())
	require.Equal(t, uint32(8), k.Counter())
	require.False(t, k.IsAES())
	require.NoError(t, k.Valid())
	require.Equal(t, parse(t, tdesDevice), k.Device())
	require.Equal(t, k, k.Device().WithCounter(8), "numbers compare with ==")
	require.Equal(t, append([]byte("x"), in...), k.Append([]byte("x")))
	clear(in)
	require.Equal(t, "FFFF9876543210E00008", k.String(), "the bytes were copied")
	encoded, err := json.Marshal(k)
	require.NoError(t, err)
	var back dukpt.KSN
	require.NoError(t, json.Unmarshal(encoded, &back))
	require.Equal(t, k, back)
	require.ErrorIs(t, json.Unmarshal([]byte(`"zz"`), &back), dukpt.ErrKSN)

	var none dukpt.KSN
	require.ErrorIs(t, none.Valid(), dukpt.ErrKSN)
	_, err = none.Next()
	require.ErrorIs(t, err, dukpt.ErrKSN)
	require.True(t, none.Exhausted())
	require.True(t, parse(t, "FFFF9876543210FFFFFF").Exhausted())
}

func FuzzKSN(f *testing.F) {
	f.Add([]byte("\xff\xff\x98\x76\x54\x32\x10\xe0\x00\x08"))
	f.Add([]byte("\x12\x34\x56\x78\x90\x12\x34\x56\x00\x01\xff\xff"))
	f.Fuzz(func(t *testing.T, in []byte) {
		before := bytes.Clone(in)
		k, err := dukpt.ParseKSN(in)
		require.Equal(t, before, in)
		if err != nil {
			require.ErrorIs(t, err, dukpt.ErrKSN)
			return
		}
		require.Equal(t, in, k.Append(nil))
		require.Equal(t, k, parse(t, k.String()))
		next, err := k.Next()
		if err != nil {
			require.ErrorIs(t, err, dukpt.ErrExhausted)
			return
		}
		require.NoError(t, next.Valid())
		require.Equal(t, k.Device(), next.Device())
		require.Greater(t, next.Counter(), k.Counter())
		for n := k.Counter() + 1; n < next.Counter() && n < k.Counter()+100; n++ {
			require.Error(t, k.WithCounter(n).Valid(), "left out although valid")
		}
	})
}

func TestRefusals(t *testing.T) {
	tdes, aesKSN := parse(t, "FFFF9876543210E00001"), parse(t, "123456789012345600000001")
	b, ab := bdk(t, crypto.TDES, testBDK), bdk(t, crypto.AES, testAESBDK)
	ik, err := dukpt.Initial(b, tdes)
	require.NoError(t, err)
	aesIK, err := dukpt.Initial(ab, aesKSN)
	require.NoError(t, err)
	var tx dukpt.TDES
	var ax dukpt.AES
	var sx dukpt.SingleDES
	zero := parse(t, tdesDevice)
	for name, err := range map[string]error{
		"initial: AES number, TDES key":   fail(dukpt.Initial(b, aesKSN)),
		"initial: TDES number, AES key":   fail(dukpt.Initial(ab, tdes)),
		"initial: no number":              fail(dukpt.Initial(b, dukpt.KSN{})),
		"TDES: AES number":                tx.Derive(ik, aesKSN),
		"TDES: AES key":                   tx.Derive(aesIK, tdes),
		"TDES: counter zero":              tx.Derive(ik, zero),
		"TDES: eleven bits":               tx.Derive(ik, zero.WithCounter(0x7ff)),
		"TDES: counter zero from BDK":     tx.DeriveFromBDK(b, zero),
		"TDES: AES number from BDK":       tx.DeriveFromBDK(b, aesKSN),
		"AES: TDES number":                ax.Derive(aesIK, tdes),
		"AES: TDES key":                   ax.Derive(ik, aesKSN),
		"AES: seventeen bits":             ax.Derive(aesIK, aesKSN.WithCounter(0x1ffff)),
		"AES: counter zero from BDK":      ax.DeriveFromBDK(ab, aesKSN.Device()),
		"single DES: counter zero":        sx.Derive(b, zero),
		"single DES: AES number":          sx.Derive(b, aesKSN),
		"TDES: an AES device":             tx.Derive(aesIK, aesKSN),
		"TDES: an AES device from BDK":    tx.DeriveFromBDK(ab, aesKSN),
		"AES: a TDES device":              ax.Derive(ik, tdes),
		"AES: a TDES device from BDK":     ax.DeriveFromBDK(b, tdes),
		"single DES: an AES device":       sx.Derive(ab, aesKSN),
		"update key: TDES":                fail(dukpt.UpdateKey(ik, tdes, dukpt.AES128)),
		"terminal: AES number, TDES key":  fail(dukpt.NewTDESTerminal(ik, aesKSN)),
		"terminal: an AES device as TDES": fail(dukpt.NewTDESTerminal(aesIK, aesKSN)),
		"terminal: a TDES device as AES":  fail(dukpt.NewAESTerminal(ik, tdes)),
	} {
		require.ErrorIs(t, err, dukpt.ErrKSN, name)
	}
	_, err = tx.PIN()
	require.ErrorIs(t, err, crypto.ErrNoKey, "nothing of a failed derivation is left")
	_, err = ax.PIN(dukpt.AES128)
	require.ErrorIs(t, err, crypto.ErrNoKey)
	require.ErrorIs(t, tx.Derive(crypto.InitialKey{}, tdes), crypto.ErrNoKey)

	require.NoError(t, ax.Derive(aesIK, aesKSN))
	_, err = ax.PIN(0)
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	_, err = ax.PIN(99)
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	_, err = ax.PIN(dukpt.HMAC128)
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	_, err = ax.MAC(dukpt.Request, dukpt.AES128, crypto.UsageHMAC)
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	_, err = ax.PIN(dukpt.AES256)
	require.ErrorIs(t, err, crypto.ErrWeakKey)
	b.Destroy()
	require.ErrorIs(t, tx.DeriveFromBDK(b, tdes), crypto.ErrDestroyed)
	require.ErrorIs(t, sx.Derive(b, tdes), crypto.ErrDestroyed)
	ab.Destroy()
	require.ErrorIs(t, ax.DeriveFromBDK(ab, aesKSN), crypto.ErrDestroyed)
}

func fail[T any](_ T, err error) error { return err }

func TestZeroTerminals(t *testing.T) {
	var a dukpt.TDESTerminal
	var b dukpt.AESTerminal
	_, err := a.Next(&dukpt.TDES{})
	require.ErrorIs(t, err, crypto.ErrNoKey)
	_, err = b.Next(&dukpt.AES{})
	require.ErrorIs(t, err, crypto.ErrNoKey)
	_, err = a.Seal(nil, crypto.KEK{})
	require.ErrorIs(t, err, crypto.ErrNoKey)
	_, _, err = a.NextSealed(&dukpt.TDES{}, nil, crypto.KEK{})
	require.ErrorIs(t, err, crypto.ErrNoKey)
	_, _, err = b.NextSealed(&dukpt.AES{}, nil, crypto.KEK{})
	require.ErrorIs(t, err, crypto.ErrNoKey)
	a.Wipe()
	b.Wipe()
	require.Zero(t, a.KSN())
	_, err = (&dukpt.SingleDES{}).PIN()
	require.ErrorIs(t, err, crypto.ErrNoKey)
	(&dukpt.SingleDES{}).Wipe()
}

func TestTripleLengthBDK(t *testing.T) {
	double, triple := bdk(t, crypto.TDES, testBDK), bdk(t, crypto.TDES, append(testBDK[:16:16], testBDK[:8]...))
	ksn := parse(t, "FFFF9876543210E00001")
	a, err := dukpt.Initial(double, ksn)
	require.NoError(t, err)
	b, err := dukpt.Initial(triple, ksn)
	require.NoError(t, err)
	require.True(t, a.Equal(b.Key()), "a double-length key written long is the same key")
	c, err := dukpt.Initial(bdk(t, crypto.TDES, append(testBDK[:16:16], "\x11\x22\x33\x44\x55\x66\x77\x88"...)), ksn)
	require.NoError(t, err)
	require.False(t, a.Equal(c.Key()))
}

// TestSharedKeys lets many goroutines derive with the same keys and numbers.
func TestSharedKeys(t *testing.T) {
	b, ab := bdk(t, crypto.TDES, testBDK), bdk(t, crypto.AES, testAESBDK)
	ksn, aesKSN := parse(t, tdesDevice), parse(t, aesDevice)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			var tx dukpt.TDES
			var ax dukpt.AES
			for n := uint32(1); n < 300; n++ {
				if tx.DeriveFromBDK(b, ksn.WithCounter(n)) != nil || ax.DeriveFromBDK(ab, aesKSN.WithCounter(n)) != nil {
					t.Error("derivation failed")
				}
			}
		})
	}
	wg.Wait()
}

func TestAllocations(t *testing.T) {
	ksn := parse(t, "FFFF9876543210E003FF") // ten bits
	b := bdk(t, crypto.TDES, testBDK)
	ik, err := dukpt.Initial(b, ksn)
	require.NoError(t, err)
	var tx dukpt.TDES
	require.Zero(t, testing.AllocsPerRun(100, func() { tx.Derive(ik, ksn) }))
	require.Zero(t, testing.AllocsPerRun(100, func() { tx.DeriveFromBDK(b, ksn) }))
	// AES has no key schedule to reuse: crypto/aes allocates one for each bit after the first.
	aesKSN, aesIK := parse(t, "1234567890123456000003FF"), initialKey(t, crypto.AES, testAESBDK)
	var ax dukpt.AES
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { ax.Derive(aesIK, aesKSN) }), 9.0)
	terminal, err := dukpt.NewTDESTerminal(ik, ksn)
	require.NoError(t, err)
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { terminal.Next(&tx) }), 2.0)
}

// The clear state is written into memory that is wide enough from the start: growing would leave copies of keys behind.
// What is left are the nonce and the AEAD.
func TestSealingDoesNotGrow(t *testing.T) {
	key := kek(t, "K0AB00N", make([]byte, 32))
	allocations := func(size int) float64 {
		ik := initialKey(t, crypto.AES, bytes.Repeat([]byte{0x5a}, size), home.Storable)
		terminal, err := dukpt.NewAESTerminal(ik, parse(t, aesDevice))
		require.NoError(t, err)
		var dst [2048]byte
		return testing.AllocsPerRun(100, func() { terminal.Seal(dst[:0], key) })
	}
	for _, size := range []int{16, 32} {
		require.LessOrEqual(t, allocations(size), 3.0, "of keys of %d bytes", size)
	}
}

// The form of DES a derivation computes in is that of the key: in constant time unless its maker chose tables.
func TestFormOfDerivations(t *testing.T) {
	require.False(t, dukpt.InTables(bdk(t, crypto.TDES, testBDK).Key()))
	require.True(t, dukpt.InTables(bdk(t, crypto.TDES, testBDK, crypto.TableDES).Key()))
}

func TestNothingShows(t *testing.T) {
	ksn, aesKSN := parse(t, "FFFF9876543210E00001"), parse(t, "123456789012345600000001")
	b, ab := bdk(t, crypto.TDES, testBDK, dukpt.AllowSingleDES), initialKey(t, crypto.AES, testAESBDK)
	ik, err := dukpt.Initial(b, ksn)
	require.NoError(t, err)
	var tx dukpt.TDES
	var ax dukpt.AES
	var sx dukpt.SingleDES
	require.NoError(t, tx.Derive(ik, ksn))
	require.NoError(t, ax.Derive(ab, aesKSN))
	require.NoError(t, sx.Derive(b, ksn))
	single, err := sx.PIN()
	require.NoError(t, err)
	terminal, err := dukpt.NewTDESTerminal(ik, ksn)
	require.NoError(t, err)
	aesTerminal, err := dukpt.NewAESTerminal(ab, aesKSN)
	require.NoError(t, err)
	pin, err := tx.PIN()
	require.NoError(t, err)
	secrets := [][]byte{bytesOf(t, single.Key()), bytesOf(t, ik.Key()), bytesOf(t, pin.Key()), dukpt.DerivationKey(&ax), testAESBDK, testBDK}
	for _, v := range []any{&tx, &ax, &sx, *terminal, terminal, aesTerminal, pin, single, ik, b} {
		require.Empty(t, shown.Inside(v, secrets...), "%T", v)
	}
}
