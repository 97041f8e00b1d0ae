package dukpt_test

import (
	"bytes"
	"crypto/aes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/dukpt"
)

// bookKey computes an AES DUKPT key from scratch, after X9.24-3 tables 1 to 3: the derivation data in words, encrypted
// block for block.
func bookKey(t *testing.T, from []byte, usage, code, bits uint16, ksn dukpt.KSN, counter uint32) []byte {
	t.Helper()
	block, err := aes.NewCipher(from)
	require.NoError(t, err)
	var key []byte
	for n := byte(1); len(key) < int(bits)/8; n++ {
		data := []byte{1, n}
		for _, word := range []uint16{usage, code, bits} {
			data = binary.BigEndian.AppendUint16(data, word)
		}
		data = append(data, ksn.Append(nil)[4:8]...)
		data = binary.BigEndian.AppendUint32(data, counter)
		block.Encrypt(data, data)
		key = append(key, data...)
	}
	return key[:bits/8]
}

// Every key type of every usage, under initial keys of every length, against the book.
func TestWorkingKeysAgainstTheBook(t *testing.T) {
	types := map[dukpt.KeyType][2]uint16{
		dukpt.TDES2: {0, 128}, dukpt.TDES3: {1, 192}, dukpt.AES128: {2, 128}, dukpt.AES192: {3, 192}, dukpt.AES256: {4, 256},
		dukpt.HMAC128: {5, 128}, dukpt.HMAC192: {5, 192}, dukpt.HMAC256: {5, 256},
	}
	for size, own := range map[int]uint16{16: 2, 24: 3, 32: 4} {
		clear := bytes.Repeat([]byte{0x5a, byte(size)}, size/2)
		ik := initialKey(t, crypto.AES, clear)
		ksn := parse(t, aesDevice).WithCounter(0x2801)
		derivation, at := clear, uint32(0)
		for _, bit := range []uint32{0x2000, 0x0800, 0x0001} {
			at |= bit
			derivation = bookKey(t, derivation, 0x8000, own, uint16(8*size), ksn, at)
		}
		var ax dukpt.AES
		require.NoError(t, ax.Derive(ik, ksn))
		require.Equal(t, derivation, dukpt.DerivationKey(&ax))
		for kt, form := range types {
			if int(form[1]) > 8*size && kt != dukpt.TDES3 {
				continue
			}
			want := func(usage uint16) []byte { return bookKey(t, derivation, usage, form[0], form[1], ksn, at) }
			mac := crypto.UsageCMAC
			if kt >= dukpt.HMAC128 {
				mac = crypto.UsageHMAC
			}
			for d, code := range map[dukpt.Direction]uint16{dukpt.Request: 0x2000, dukpt.Response: 0x2001, dukpt.BothWays: 0x2002} {
				k, err := ax.MAC(d, kt, mac)
				require.NoError(t, err)
				require.Equal(t, want(code), bytesOf(t, k.Key()), "MAC key, %s of %d bytes", kt, size)
				if mac == crypto.UsageHMAC {
					continue
				}
				data, err := ax.Data(d, kt)
				require.NoError(t, err)
				require.Equal(t, want(code+0x1000), bytesOf(t, data.Key()), "data key, %s of %d bytes", kt, size)
			}
			if mac == crypto.UsageHMAC {
				continue
			}
			pin, err := ax.PIN(kt)
			require.NoError(t, err)
			require.Equal(t, want(0x1000), bytesOf(t, pin.Key()), "PIN key, %s of %d bytes", kt, size)
			kek, err := ax.KEK(kt)
			require.NoError(t, err)
			require.Equal(t, want(0x0002), bytesOf(t, kek.Key()), "KEK, %s of %d bytes", kt, size)
		}
	}
}
