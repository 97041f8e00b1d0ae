package keyblock_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/keyblock"
	"github.com/posline/posline/internal/vectortest"
)

func TestVectors(t *testing.T) {
	vectortest.Run(t, map[string]func(*testing.T, *vectortest.Case){
		"tr31":          check,
		"tr31_negative": refuse,
	})
}

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	require.NoError(t, err)
	return b
}

func importKey(t testing.TB, attributes string, key []byte, options ...crypto.Option) crypto.Key {
	t.Helper()
	k, err := clearkey.Import(crypto.MustAttributes(attributes), key, append(options, crypto.AllowWeak)...)
	require.NoError(t, err)
	return k
}

// kbpk makes the protection key a block's version asks for.
func kbpk(t testing.TB, version byte, key []byte, options ...crypto.Option) crypto.KBPK {
	t.Helper()
	attributes := "K1TB00N"
	if version == 'D' || version == 'E' {
		attributes = "K1AB00N"
	}
	k, err := crypto.NewKBPK(importKey(t, attributes, key, options...))
	require.NoError(t, err)
	return k
}

// lenient admits all there is to admit.
var lenient = keyblock.Options{AllowLegacy: true, Key: []crypto.Option{crypto.AllowWeak}}

func check(t *testing.T, c *vectortest.Case) {
	switch {
	case c.Has("method"):
		checkDerivation(t, c)
		return
	case !c.Has("kbpk"):
		header, err := keyblock.Parse([]byte(c.Text("block")), keyblock.Options{LowerCase: lowerCase([]byte(c.Text("block")))})
		require.NoError(t, err)
		requireHeader(t, c, header, len(c.Text("block")))
		for id, want := range c.WantAny("decoded").(map[string]any) {
			b, there := header.Optional(id)
			require.True(t, there, id)
			require.Equal(t, want, b.Data, id)
			require.NoError(t, b.Check())
		}
		return
	}
	block := []byte(c.Text("block"))
	before := string(block)
	for _, option := range []func(*crypto.KeyOptions){func(*crypto.KeyOptions) {}, crypto.TableDES} {
		o := keyblock.Options{Key: []crypto.Option{crypto.AllowWeak}}
		master := kbpk(t, block[0], c.Hex("kbpk"), option)
		if o.LowerCase = lowerCase(block); o.LowerCase {
			_, _, err := keyblock.Unwrap(master, block, lenient)
			require.ErrorIs(t, err, keyblock.ErrBlock, "lower-case digits need an option of their own")
		}
		if block[0] == 'A' || block[0] == 'C' {
			_, _, err := keyblock.Unwrap(master, block, o)
			require.ErrorIs(t, err, keyblock.ErrLegacy)
			o.AllowLegacy = true
		}
		if _, err := crypto.ParseAttributes(string(block[5:12])); err != nil {
			o.AllowLegacy = true // the mode of the example does not go with its usage
		}
		if _, _, err := keyblock.Unwrap(master, block, o); errors.Is(err, keyblock.ErrWeakKBPK) {
			o.AllowLegacy = true
		}
		k, header, err := keyblock.Unwrap(master, block, o)
		require.NoError(t, err)
		requireHeader(t, c, header, len(block))
		require.Equal(t, string(block[5:12]), k.Attributes().String())
		checkMaterial(t, c, k)
		payload, err := keyblock.Payload(master, block)
		require.NoError(t, err)
		require.Equal(t, c.WantHex("plaintext_with_padding"), payload)
		again, err := keyblock.Seal(header, master, payload)
		require.NoError(t, err)
		if o.LowerCase { // Seal writes upper case
			require.True(t, strings.EqualFold(string(block), string(again)))
			continue
		}
		require.Equal(t, string(block), string(again))
	}
	require.Equal(t, before, string(block))
}

// lowerCase reports whether a block is refused for its lower-case digits alone.
func lowerCase(block []byte) bool {
	var fault *keyblock.FormatError
	_, err := keyblock.Parse(block, keyblock.Options{AllowLegacy: true})
	return errors.As(err, &fault) && fault.What == "hexadecimal digit"
}

func checkMaterial(t *testing.T, c *vectortest.Case, k crypto.Key) {
	same, err := clearkey.Import(k.Attributes(), c.WantHex("key"), crypto.AllowWeak, crypto.AnyMode)
	require.NoError(t, err)
	require.True(t, k.Equal(same))
	method := map[string]crypto.KCVMethod{"tdes-legacy": crypto.KCVLegacy, "aes-cmac": crypto.KCVCMAC, "": 0}
	name := c.WantText("kcv_method")
	require.Contains(t, method, name)
	if name != "" {
		require.NoError(t, k.CheckKCV(method[name], c.WantHex("kcv")))
	}
}

func requireHeader(t *testing.T, c *vectortest.Case, h keyblock.Header, length int) {
	want := c.WantAny("header").(map[string]any)
	blocks := []any{}
	for _, b := range h.Blocks {
		blocks = append(blocks, []any{b.ID, b.Data})
	}
	require.Equal(t, want, map[string]any{
		"version": h.Version.String(), "length": float64(length), "usage": h.Attributes.Usage.String(),
		"algorithm": h.Attributes.Algorithm.String(), "mode": h.Attributes.Mode.String(), "key_version": h.Attributes.Version,
		"exportability": h.Attributes.Export.String(), "reserved": string(rune(h.Context)) + "0", "optional_blocks": blocks,
	})
}

func checkDerivation(t *testing.T, c *vectortest.Case) {
	key, which := c.Hex("kbpk"), c.Text("which")
	require.Contains(t, []string{"kbek", "kbak"}, which)
	want := c.WantHex(which)
	if c.Text("method") == "variant" {
		letter := map[string]byte{"kbek": 'E', "kbak": 'M'}[which]
		require.Equal(t, want, keyblock.Variant(key, letter))
		return
	}
	require.Equal(t, "derive", c.Text("method"))
	use := uint16(keyblock.UseMAC)
	if which == "kbek" {
		use = keyblock.UseCBC
	}
	version, master := keyblock.VersionB, cipher.Block(nil)
	var err error
	if len(key) == 32 {
		version = keyblock.VersionD
		master, err = aes.NewCipher(key)
	} else {
		master, err = des.NewTripleDESCipher(append(key[:16:16], key[:8]...))
	}
	require.NoError(t, err)
	require.Equal(t, want, keyblock.Derive(version, master, use, len(key)))
}

func refuse(t *testing.T, c *vectortest.Case) {
	if c.Has("rule") {
		refuseMutants(t, c)
		return
	}
	require.NotEmpty(t, c.WantText("error"))
	switch {
	case c.Has("block"):
		block := []byte(c.Text("block"))
		_, _, err := keyblock.Unwrap(kbpk(t, block[0], c.Hex("kbpk")), block, lenient)
		require.Error(t, err)
	case c.Has("header"):
		_, err := keyblock.ParseHeader([]byte(c.Text("header")), lenient)
		require.ErrorIs(t, err, keyblock.ErrBlock)
	case c.Has("version_id"):
		text := c.Text("key_usage") + c.Text("algorithm") + c.Text("mode_of_use") + c.Text("version_num") + c.Text("exportability")
		_, err := keyblock.ParseHeader([]byte(c.Text("version_id")+"0000"+text+"0000"), lenient)
		require.ErrorIs(t, err, keyblock.ErrBlock)
	default:
		_ = c.Text("version")
		require.NotZero(t, c.Int("key_bytes"))
		_, err := clearkey.Import(crypto.MustAttributes("K1TB00N"), make([]byte, c.Int("kbpk_bytes")), crypto.AllowWeak)
		require.ErrorIs(t, err, crypto.ErrKeyLength)
	}
}

func refuseMutants(t *testing.T, c *vectortest.Case) {
	require.Equal(t, "replace any one character by another: unwrap must fail", c.Text("rule"))
	block := []byte(c.Text("block"))
	master := kbpk(t, block[0], c.Hex("kbpk"), crypto.TableDES)
	_, _, err := keyblock.Unwrap(master, block, lenient)
	require.NoError(t, err)
	require.EqualValues(t, c.WantAny("accepted_mutants"), acceptedMutants(t, master, block))
}

// acceptedMutants changes every character to every other byte.
func acceptedMutants(t *testing.T, master crypto.KBPK, block []byte) (accepted int) {
	t.Helper()
	for i, original := range block {
		for b := range 256 {
			if byte(b) == original {
				continue
			}
			block[i] = byte(b)
			_, _, err := keyblock.Unwrap(master, block, lenient)
			if err == nil {
				accepted++
			} else if msg := fmt.Sprint(err); strings.Contains(msg, string(block[16:])) {
				t.Errorf("the error shows the block")
			}
		}
		block[i] = original
	}
	return accepted
}
