package keyblock_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/keyblock"
)

func TestOptionalBlocks(t *testing.T) {
	for _, c := range []struct {
		id, data string
		read     func(keyblock.Block) (any, error)
		want     any
		bad      []string
	}{
		{"AL", "0100", func(b keyblock.Block) (any, error) { return b.Ephemeral() }, true, []string{"", "0102", "01", "0200", "010"}},
		{"AL", "0101", func(b keyblock.Block) (any, error) { return b.Ephemeral() }, false, nil},
		{"DA", "01P0TEE", func(b keyblock.Block) (any, error) { return b.Derivations() },
			[]crypto.Attributes{crypto.MustAttributes("P0TE00E")}, []string{"", "01", "02P0TEE", "01P0TE", "01??TEE"}},
		{"HM", "21", func(b keyblock.Block) (any, error) { return b.Hash() }, "SHA-256", []string{"", "2", "99", "021"}},
		{"IK", "0011223344556677", func(b keyblock.Block) (any, error) { return b.IKID() },
			unhex(t, "0011223344556677"), []string{"", "00112233445566", "001122334455667g", "001122334455667a"}},
		{"KS", "00604B120F9292800000", func(b keyblock.Block) (any, error) { return b.KSN() },
			unhex(t, "00604B120F9292800000"), []string{"VM9A", "00604B120F929280", ""}},
		{"TC", "20200818221218Z", func(b keyblock.Block) (any, error) { return b.Time() },
			time.Date(2020, 8, 18, 22, 12, 18, 0, time.UTC), []string{"", "20200818221218", "20201318221218Z", "2020-08-18", "Z"}},
		{"TS", "2020081822121825Z", func(b keyblock.Block) (any, error) { return b.Time() },
			time.Date(2020, 8, 18, 22, 12, 18, 250e6, time.UTC), []string{"202008182212182.Z"}},
		{"TS", "2020-08-18T22:12:18Z", func(b keyblock.Block) (any, error) { return b.Time() },
			time.Date(2020, 8, 18, 22, 12, 18, 0, time.UTC), nil},
		{"TS", "2020-08-18T22:12:18.25Z", func(b keyblock.Block) (any, error) { return b.Time() },
			time.Date(2020, 8, 18, 22, 12, 18, 250e6, time.UTC), []string{"2018-06-18T20:42:39.22"}},
		{"WP", "003", func(b keyblock.Block) (any, error) { return b.Pedigree() }, 3, []string{"", "004", "013", "0030"}},
		{"CT", "00MDA=", func(b keyblock.Block) (any, error) { return b.Certificates() },
			[]keyblock.Certificate{{Data: []byte("00")}}, []string{"", "00", "00MDA", "03MDA="}},
		{"CT", "02000004MDA=010004MDE=", func(b keyblock.Block) (any, error) { return b.Certificates() },
			[]keyblock.Certificate{{Data: []byte("00")}, {EMV: true, Data: []byte("01")}}, []string{"02", "02000005MDA=", "0200000", "02000004MDA=01"}},
		{"KV", "0000", func(b keyblock.Block) (any, error) { return b.Data, b.Check() }, "0000", []string{"000"}},
	} {
		b := keyblock.Block{ID: c.id, Data: c.data}
		got, err := c.read(b)
		require.NoError(t, err, c.id)
		require.Equal(t, c.want, got, c.id)
		require.NoError(t, b.Check())
		for _, bad := range c.bad {
			require.ErrorIs(t, keyblock.Block{ID: c.id, Data: bad}.Check(), keyblock.ErrBlock, "%s %q", c.id, bad)
		}
	}
	algorithm, id, err := keyblock.Block{ID: "BI", Data: "001122334455"}.BDKID()
	require.NoError(t, err)
	require.Equal(t, crypto.TDES, algorithm)
	require.Equal(t, unhex(t, "1122334455"), id)
	algorithm, id, err = keyblock.Block{ID: "BI", Data: "0111223344"}.BDKID()
	require.NoError(t, err)
	require.Equal(t, crypto.AES, algorithm)
	require.Equal(t, unhex(t, "11223344"), id)
	for _, bad := range []string{"", "0011223344", "011122334455", "0211223344"} {
		require.Error(t, keyblock.Block{ID: "BI", Data: bad}.Check())
	}
	for _, bad := range []string{"", "00", "0012345678", "02123456", "01112233445566"} {
		require.Error(t, keyblock.Block{ID: "PK", Data: bad}.Check())
	}
	_, err = keyblock.Block{ID: "LB"}.KSN()
	require.ErrorIs(t, err, keyblock.ErrBlock)
	require.Equal(t, "2020-09-13T12:26:40Z", keyblock.Created(time.Unix(1600000000, 0)).Data)
	require.NoError(t, keyblock.InitialKSN(make([]byte, 10)).Check())
	require.NoError(t, keyblock.InitialKeyID(bytes.Repeat([]byte{0xab}, 8)).Check())
}
