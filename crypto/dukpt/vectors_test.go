package dukpt_test

import (
	"crypto/cipher"
	"encoding/binary"
	"encoding/hex"
	"math/bits"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/dukpt"
	"github.com/posline/posline/crypto/mac"
	"github.com/posline/posline/internal/keymaterial"
	"github.com/posline/posline/internal/vectortest"
)

func TestVectors(t *testing.T) {
	vectortest.Run(t, map[string]func(*testing.T, *vectortest.Case){
		"dukpt_tdes":       checkTDES,
		"dukpt_aes":        checkAES,
		"dukpt_des_single": checkSingleDES,
	})
}

func bdk(t testing.TB, a crypto.Algorithm, key []byte, options ...crypto.Option) crypto.BDK {
	t.Helper()
	k, err := clearkey.Import(crypto.MustAttributes("B0"+a.String()+"X00N"), key, options...)
	require.NoError(t, err)
	b, err := crypto.NewBDK(k)
	require.NoError(t, err)
	return b
}

func initialKey(t testing.TB, a crypto.Algorithm, key []byte, options ...crypto.Option) crypto.InitialKey {
	t.Helper()
	k, err := clearkey.Import(crypto.MustAttributes("B1"+a.String()+"X00N"), key, options...)
	require.NoError(t, err)
	ik, err := crypto.NewInitialKey(k)
	require.NoError(t, err)
	return ik
}

func parse(t testing.TB, text string) dukpt.KSN {
	t.Helper()
	var k dukpt.KSN
	require.NoError(t, k.UnmarshalText([]byte(text)))
	return k
}

// bytesOf shows the bytes of a derived key to a test of this module.
func bytesOf(t testing.TB, k crypto.Key) []byte {
	t.Helper()
	m, err := k.Unguarded(keymaterial.Grant())
	require.NoError(t, err)
	defer m.Release()
	return append([]byte{}, m.Bytes()...)
}

func blockOf(t testing.TB, k crypto.Key) cipher.Block {
	t.Helper()
	m, err := k.Unguarded(keymaterial.Grant())
	require.NoError(t, err)
	defer m.Release()
	return m.Block()
}

// pinBlock0 is ISO format 0, written out here because package pinblock is above this one.
func pinBlock0(pin, pan string) [8]byte {
	block, _ := hex.DecodeString("0" + string('0'+byte(len(pin))) + pin + strings.Repeat("F", 14-len(pin)))
	account, _ := hex.DecodeString("0000" + pan[len(pan)-13:len(pan)-1])
	for i := range block {
		block[i] ^= account[i]
	}
	return [8]byte(block)
}

// cbc encrypts in CBC mode with a zero vector, after zeros up to a whole block.
func cbc(t testing.TB, k crypto.Key, data []byte) []byte {
	b := blockOf(t, k)
	padded := append([]byte{}, data...)
	for len(padded)%b.BlockSize() != 0 {
		padded = append(padded, 0)
	}
	cipher.NewCBCEncrypter(b, make([]byte, b.BlockSize())).CryptBlocks(padded, padded)
	return padded
}

func tag(t testing.TB, key crypto.MACKey, a mac.Algorithm, data []byte) []byte {
	t.Helper()
	m, err := mac.New(key, a)
	require.NoError(t, err)
	out, err := m.Append(nil, data)
	require.NoError(t, err)
	return out
}

// checkInvalid checks a number that must be refused.
func checkInvalid(t *testing.T, c *vectortest.Case, aes bool) {
	t.Log(c.WantText("error"))
	k, err := dukpt.ParseKSN(c.Hex("ksn"))
	if err == nil && k.IsAES() == aes {
		err = k.Valid()
	} else if err == nil {
		var tx dukpt.AES
		err = tx.Derive(initialKey(t, crypto.AES, make([]byte, 16)), k)
	}
	require.ErrorIs(t, err, dukpt.ErrKSN)
}

func checkTDES(t *testing.T, c *vectortest.Case) {
	if c.Expects("error") {
		checkInvalid(t, c, false)
		return
	}
	ksn := parse(t, c.Text("ksn"))
	for _, option := range []crypto.Option{func(*crypto.KeyOptions) {}, crypto.TableDES} {
		var tx dukpt.TDES
		if c.Has("ik") {
			require.NoError(t, tx.Derive(initialKey(t, crypto.TDES, c.Hex("ik"), option), ksn))
		}
		if c.Has("bdk") {
			b := bdk(t, crypto.TDES, c.Hex("bdk"), option)
			require.NoError(t, tx.DeriveFromBDK(b, ksn))
			ik, err := dukpt.Initial(b, ksn)
			require.NoError(t, err)
			if c.Has("ik") {
				require.Equal(t, c.Hex("ik"), bytesOf(t, ik.Key()))
			}
		}
		checkTDESKeys(t, c, &tx)
	}
}

func checkTDESKeys(t *testing.T, c *vectortest.Case, tx *dukpt.TDES) {
	pin, err := tx.PIN()
	require.NoError(t, err)
	data := []byte(c.Text("data_ascii"))
	if c.Expects("txn_key") {
		key := bytesOf(t, pin.Key())
		key[7] ^= 0xff
		key[15] ^= 0xff
		require.Equal(t, c.WantHex("txn_key"), key)
	}
	if c.Expects("pin_block_encrypted") {
		block := pinBlock0(c.Text("pin"), c.Text("pan"))
		if c.Has("pin_block_format0") {
			require.Equal(t, c.Hex("pin_block_format0"), block[:])
		}
		blockOf(t, pin.Key()).Encrypt(block[:], block[:])
		require.Equal(t, c.WantHex("pin_block_encrypted"), block[:])
	}
	for name, d := range map[string]dukpt.Direction{"request": dukpt.Request, "response": dukpt.Response} {
		if c.Expects("mac_" + name) {
			key, err := tx.MAC(d, crypto.UsageMAC3)
			require.NoError(t, err)
			require.Equal(t, c.WantHex("mac_"+name), tag(t, key, mac.X919(), data))
		}
		if c.Expects("mac_" + name + "_4") {
			key, err := tx.MAC(d, crypto.UsageMAC3)
			require.NoError(t, err)
			require.Equal(t, c.WantHex("mac_"+name+"_4"), tag(t, key, mac.X919(), data)[:4])
		}
		if c.Expects("cmac_" + name) {
			key, err := tx.MAC(d, crypto.UsageCMAC)
			require.NoError(t, err)
			require.Equal(t, c.WantHex("cmac_"+name), tag(t, key, mac.Algorithm{Scheme: crypto.CMAC}, data))
		}
		if c.Expects("data_" + name + "_encrypted") {
			key, err := tx.Data(d)
			require.NoError(t, err)
			require.Equal(t, c.WantHex("data_"+name+"_encrypted"), cbc(t, key.Key(), data))
		}
	}
}

func checkSingleDES(t *testing.T, c *vectortest.Case) {
	c.Ignore("algorithm")
	var tx dukpt.SingleDES
	require.NoError(t, tx.Derive(bdk(t, crypto.TDES, c.Hex("bdk"), dukpt.AllowSingleDES), parse(t, c.Text("ksn"))))
	key, err := tx.PIN()
	require.NoError(t, err)
	m, err := key.Unguarded(keymaterial.Grant())
	require.NoError(t, err)
	defer m.Release()
	block := pinBlock0(c.Text("pin"), c.Text("pan"))
	out, back := make([]byte, 8), make([]byte, 8)
	m.Block().Encrypt(out, block[:])
	require.Equal(t, c.WantHex("pin_block_encrypted"), out)
	m.Block().Decrypt(back, out)
	require.Equal(t, block[:], back)
}

var keyTypes = map[string]dukpt.KeyType{
	"": dukpt.AES128, "AES128": dukpt.AES128, "AES192": dukpt.AES192, "AES256": dukpt.AES256,
	"2TDEA": dukpt.TDES2, "3TDEA": dukpt.TDES3, "HMAC128": dukpt.HMAC128, "HMAC192": dukpt.HMAC192, "HMAC256": dukpt.HMAC256,
	"AES128 (HMAC: HMAC128)": dukpt.AES128,
}

func keyType(t *testing.T, c *vectortest.Case) dukpt.KeyType {
	kt, known := keyTypes[c.Text("working_key")]
	require.True(t, known, "unknown working key %q", c.Text("working_key"))
	return kt
}

func checkAES(t *testing.T, c *vectortest.Case) {
	switch {
	case c.Expects("error") && c.Has("ik_bytes"):
		t.Log(c.WantText("error"))
		var tx dukpt.AES
		ik := initialKey(t, crypto.AES, make([]byte, c.Int("ik_bytes")))
		require.NoError(t, tx.Derive(ik, parse(t, "123456789012345600000001")))
		usage := crypto.UsageCMAC
		if strings.HasPrefix(c.Text("working_key"), "HMAC") {
			usage = crypto.UsageHMAC
		}
		_, err := tx.MAC(dukpt.Request, keyType(t, c), usage)
		require.ErrorIs(t, err, crypto.ErrWeakKey)
	case c.Expects("error"):
		checkInvalid(t, c, true)
	case c.Expects("transactions"):
		checkTransactionCount(t, c)
	case c.Expects("update_key"):
		ksn := parse(t, c.Text("ikid")+c.Text("counter"))
		require.Equal(t, "key encryption key (0x0002)", c.Text("usage"))
		kek, err := dukpt.UpdateKey(initialKey(t, crypto.AES, c.Hex("ik")), ksn, keyType(t, c))
		require.NoError(t, err)
		require.Equal(t, c.WantHex("update_key"), bytesOf(t, kek.Key()))
	case c.Has("ikid"):
		ik, err := dukpt.Initial(bdk(t, crypto.AES, c.Hex("bdk")), parse(t, c.Text("ikid")+"00000000"))
		require.NoError(t, err)
		require.Equal(t, c.WantHex("ik"), bytesOf(t, ik.Key()))
	default:
		checkAESTransaction(t, c)
	}
}

// checkTransactionCount counts the valid counters without walking through them: sums of binomial coefficients.
func checkTransactionCount(t *testing.T, c *vectortest.Case) {
	require.True(t, parse(t, c.Text("iksn")).IsAES())
	total, choose := int64(0), int64(1)
	for k := int64(1); k <= 16; k++ {
		choose = choose * (32 - k + 1) / k
		total += choose
	}
	require.EqualValues(t, c.WantAny("transactions"), total)
}

func checkAESTransaction(t *testing.T, c *vectortest.Case) {
	ksn := parse(t, c.Text("ksn"))
	ik := initialKey(t, crypto.AES, c.Hex("ik"))
	c.Ignore("register", "derivation_key", "valid")
	var tx dukpt.AES
	err := tx.Derive(ik, ksn)
	if bits.OnesCount32(ksn.Counter()) > 16 {
		require.ErrorIs(t, err, dukpt.ErrKSN)
		if c.Expects("derivation_key") && ksn.Counter() == 0xffffffff {
			require.Equal(t, c.WantHex("derivation_key"), dukpt.UpdateDerivationKey(t, ik, ksn))
		}
		return
	}
	require.NoError(t, err)
	if c.Expects("derivation_key") {
		require.Equal(t, c.WantHex("derivation_key"), dukpt.DerivationKey(&tx))
	}
	if c.Expects("register") {
		require.EqualValues(t, c.WantAny("register"), bits.TrailingZeros32(ksn.Counter()))
	}
	checkAESWorkingKeys(t, c, &tx)
	checkAESData(t, c, &tx)
}

func checkAESWorkingKeys(t *testing.T, c *vectortest.Case, tx *dukpt.AES) {
	kt := keyType(t, c)
	derive := map[string]func(kt dukpt.KeyType) crypto.Key{
		"pin":      func(kt dukpt.KeyType) crypto.Key { k, err := tx.PIN(kt); require.NoError(t, err); return k.Key() },
		"kek":      func(kt dukpt.KeyType) crypto.Key { k, err := tx.KEK(kt); require.NoError(t, err); return k.Key() },
		"mac_gen":  func(kt dukpt.KeyType) crypto.Key { return macKey(t, tx, dukpt.Request, kt) },
		"mac_ver":  func(kt dukpt.KeyType) crypto.Key { return macKey(t, tx, dukpt.Response, kt) },
		"mac_both": func(kt dukpt.KeyType) crypto.Key { return macKey(t, tx, dukpt.BothWays, kt) },
		"data_enc": func(kt dukpt.KeyType) crypto.Key {
			k, err := tx.Data(dukpt.Request, kt)
			require.NoError(t, err)
			return k.Key()
		},
		"data_dec": func(kt dukpt.KeyType) crypto.Key {
			k, err := tx.Data(dukpt.Response, kt)
			require.NoError(t, err)
			return k.Key()
		},
		"data_both": func(kt dukpt.KeyType) crypto.Key {
			k, err := tx.Data(dukpt.BothWays, kt)
			require.NoError(t, err)
			return k.Key()
		},
	}
	for name, f := range derive {
		if c.Expects(name) {
			require.Equal(t, c.WantHex(name), bytesOf(t, f(kt)), name)
		}
		for suffix, kt := range map[string]dukpt.KeyType{"aes128": dukpt.AES128, "aes192": dukpt.AES192, "aes256": dukpt.AES256} {
			if key := name + "_" + suffix; c.Expects(key) {
				require.Equal(t, c.WantHex(key), bytesOf(t, f(kt)), key)
			}
		}
	}
	if c.Expects("working_key") {
		c.Ignore("usage_code") // the same as the usage, in numbers
		f := derive[c.Text("usage")]
		require.NotNil(t, f, "unknown usage %q", c.Text("usage"))
		require.Equal(t, c.WantHex("working_key"), bytesOf(t, f(kt)))
	}
	if c.Expects("ciphertext") {
		require.Equal(t, "ECB/one block", c.Text("mode"))
		block := c.Hex("plaintext")
		blockOf(t, derive[c.Text("usage")](kt)).Encrypt(block, block)
		require.Equal(t, c.WantHex("ciphertext"), block)
	}
	if c.Expects("pin_block_iso4_encrypted") {
		pin := derive["pin"](dukpt.AES128)
		require.Equal(t, c.WantHex("pin_block_iso4_encrypted"), iso4(t, pin, c.Text("pin"), c.Text("pan"), c.Hex("iso4_random")))
	}
	c.Ignore("pin", "pan", "iso4_random")
}

// macKey takes the usage that goes with the key type.
func macKey(t *testing.T, tx *dukpt.AES, d dukpt.Direction, kt dukpt.KeyType) crypto.Key {
	usage := crypto.UsageCMAC
	if kt >= dukpt.HMAC128 {
		usage = crypto.UsageHMAC
	}
	k, err := tx.MAC(d, kt, usage)
	require.NoError(t, err)
	return k.Key()
}

func checkAESData(t *testing.T, c *vectortest.Case, tx *dukpt.AES) {
	data := []byte(c.Text("data_ascii"))
	for name, d := range map[string]dukpt.Direction{"request": dukpt.Request, "response": dukpt.Response} {
		if c.Expects("cmac_" + name) {
			key, err := tx.MAC(d, dukpt.AES128, crypto.UsageCMAC)
			require.NoError(t, err)
			require.Equal(t, c.WantHex("cmac_"+name), tag(t, key, mac.Algorithm{Scheme: crypto.CMAC}, data))
		}
		if c.Expects("hmac_sha256_" + name) {
			key, err := tx.MAC(d, dukpt.HMAC128, crypto.UsageHMAC)
			require.NoError(t, err)
			require.Equal(t, c.WantHex("hmac_sha256_"+name), tag(t, key, mac.Algorithm{Scheme: crypto.HMACSHA256}, data))
		}
		if c.Expects("data_" + name + "_cbc") {
			key, err := tx.Data(d, dukpt.AES128)
			require.NoError(t, err)
			require.Equal(t, c.WantHex("data_"+name+"_cbc"), cbc(t, key.Key(), data))
		}
	}
}

// iso4 is ISO format 4, written out here because package pinblock is above this one.
func iso4(t *testing.T, k crypto.Key, pin, pan string, random []byte) []byte {
	block := make([]byte, 16)
	hex.Decode(block, []byte("4"+string('0'+byte(len(pin)))+pin+strings.Repeat("A", 14-len(pin))))
	copy(block[8:], random)
	account := make([]byte, 16)
	padded := string('0'+byte(len(pan)-12)) + pan
	hex.Decode(account, []byte(padded+strings.Repeat("0", 32-len(padded))))
	b := blockOf(t, k)
	b.Encrypt(block, block)
	for i := 0; i < 16; i += 8 {
		binary.NativeEndian.PutUint64(block[i:], binary.NativeEndian.Uint64(block[i:])^binary.NativeEndian.Uint64(account[i:]))
	}
	b.Encrypt(block, block)
	return block
}
