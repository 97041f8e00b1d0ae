package keyblock_test

import (
	"crypto/aes"
	"crypto/x509"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/keyblock"
)

// Published blocks and keys that the vector files lack: ISO 20038:2017 B.2 and B.3, the latter with the key its MAC input
// has and not the misprinted one. The mode of B.2 does not go with its usage, which takes AllowLegacy.
func TestISO20038(t *testing.T) {
	master := []byte("256-bit AES wrapping (ISO 20038)")
	c, err := aes.NewCipher(master)
	require.NoError(t, err)
	require.Equal(t, unhex(t, "3A3D93E513CB591DCAC550C1554194F08ED9676770D25B727AD628E21B85D5CC"),
		keyblock.Derive(keyblock.VersionE, c, 2, len(master)))
	for _, v := range []struct{ block, attributes, key string }{
		{"E0084B0TV16N0000B2AE5E26BBA7F246E84D5EA24167E208A6B66EF2E27E55A52DB52F0AEACB94C57547", "B0TV16N", "77726170706564203344455320" + "6B6579"},
		{"D0112M3TV16N000018462FA5903B8D2B82FEE26B29713C0BE7ED81601087F12252093D06FC0A012C1CF769AD0E3E9E4877166AB013FC22B4", "M3TV16N", "76736170706464203245455220" + "6B6479"},
	} {
		k, _, err := keyblock.Unwrap(kbpk(t, v.block[0], master), []byte(v.block), lenient)
		require.NoError(t, err)
		require.Equal(t, v.attributes, k.Attributes().String())
		require.Equal(t, unhex(t, v.key), exported(t, kbpk(t, v.block[0], master), []byte(v.block)))
		require.NoError(t, k.CheckKCV(crypto.KCVLegacy, unhex(t, "B29D42")))
		_, _, err = keyblock.Unwrap(kbpk(t, v.block[0], master), []byte(v.block), keyblock.Options{})
		require.Equal(t, v.block[0] == 'E', err != nil)
	}
}

// The RSA key of X9.143:2021 8.5, with a certificate in an extended block, a check value of the protection key, a
// time stamp and padding.
func TestRSAKeyOfTheStandard(t *testing.T) {
	block, err := os.ReadFile("testdata/x9143-8.5.txt")
	require.NoError(t, err)
	master := kbpk(t, 'D', unhex(t, "FA36E44278DB3AB5F298F9F7DA8F1F88"))
	k, header, err := keyblock.Unwrap(master, block, keyblock.Options{})
	require.NoError(t, err)
	private, err := x509.ParsePKCS1PrivateKey(exported(t, master, block))
	require.NoError(t, err)
	require.Equal(t, 2048, private.N.BitLen())
	require.Equal(t, crypto.MustAttributes("S0RS00N"), k.Attributes())

	ct, there := header.Optional("CT")
	require.True(t, there)
	certificates, err := ct.Certificates()
	require.NoError(t, err)
	require.Len(t, certificates, 1)
	parsed, err := x509.ParseCertificate(certificates[0].Data)
	require.NoError(t, err)
	require.True(t, private.PublicKey.Equal(parsed.PublicKey))

	kp, _ := header.Optional("KP")
	method, kcv, err := kp.KCV()
	require.NoError(t, err)
	require.NoError(t, master.CheckKCV(method, kcv))
	ts, _ := header.Optional("TS")
	stamp, err := ts.Time()
	require.NoError(t, err)
	require.Equal(t, time.Date(2020, 8, 18, 22, 12, 18, 0, time.UTC), stamp)

	again, err := keyblock.Seal(header, master, payloadOf(t, master, block))
	require.NoError(t, err)
	require.Equal(t, string(block), string(again))
}
