package crypto_test

import (
	"bytes"
	stdcrypto "crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/gob"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/gm"
	"github.com/posline/posline/crypto/keyblock"
	"github.com/posline/posline/crypto/keystore"
	"github.com/posline/posline/crypto/transport"
)

// home is where the keys of the tests may be kept.
var home = crypto.NewHome()

const wrappingHex = "404142434445464748494a4b4c4d4e4f5051525354555657"

// rsaKey is one real key for all tests: making one takes long.
var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return private
})

// exits are all ways in which a key may leave.
func exits(t *testing.T) map[string]func(crypto.Key) error {
	aesKEK, err := crypto.NewKEK(importKey(t, "K0AB00N", wrappingHex))
	require.NoError(t, err)
	desKEK, err := crypto.NewKEK(importKey(t, "K0TB00N", wrappingHex))
	require.NoError(t, err)
	kept, err := crypto.NewKBPK(importKey(t, "K1AB00N", wrappingHex, home.Keeper))
	require.NoError(t, err)
	foreign, err := crypto.NewKBPK(importKey(t, "K1AB00N", wrappingHex, crypto.NewHome().Keeper))
	require.NoError(t, err)
	nobodys, err := crypto.NewKBPK(importKey(t, "K1AB00N", wrappingHex))
	require.NoError(t, err)
	shared, err := crypto.NewKBPK(importKey(t, "K1AB00E", wrappingHex, home.Keeper))
	require.NoError(t, err)
	old, err := crypto.NewKBPK(importKey(t, "K1TB00N", wrappingHex))
	require.NoError(t, err)
	private := rsaKey()
	pair, err := gm.GeneratePrivateKey(crypto.MustAttributes("K3EB00N"))
	require.NoError(t, err)
	public, err := pair.Public()
	require.NoError(t, err)
	wrap := func(kbpk crypto.KBPK, w keyblock.Wrapping) func(crypto.Key) error {
		return func(k crypto.Key) error {
			dst, err := keyblock.Wrap(nil, kbpk, k, w)
			if err != nil {
				require.Empty(t, dst)
			}
			return err
		}
	}
	return map[string]func(crypto.Key) error{
		"clear bytes":     func(k crypto.Key) error { _, err := clearkey.Export(k); return err },
		"components":      func(k crypto.Key) error { _, err := clearkey.Split(k, 3); return err },
		"AES key wrap":    func(k crypto.Key) error { _, err := crypto.AppendWrapAES(nil, aesKEK, k, false); return err },
		"padded key wrap": func(k crypto.Key) error { _, err := crypto.AppendWrapAES(nil, aesKEK, k, true); return err },
		"X9.17": func(k crypto.Key) error {
			_, err := crypto.AppendWrapVariant(nil, desKEK, crypto.SchemeX, 0, k)
			return err
		},
		"RSA": func(k crypto.Key) error {
			_, err := transport.AppendWrap(nil, &private.PublicKey, stdcrypto.SHA256, k)
			return err
		},
		"SM2":                        func(k crypto.Key) error { _, err := public.AppendWrap(nil, k); return err },
		"key block":                  wrap(kept, keyblock.Wrapping{}),
		"key block to others":        wrap(shared, keyblock.Wrapping{Context: keyblock.ContextExchange}),
		"key block marked N":         wrap(shared, keyblock.Wrapping{Export: crypto.NonExportable}),
		"key block of version C":     wrap(old, keyblock.Wrapping{Version: keyblock.VersionC, AllowLegacy: true}),
		"key block at home":          wrap(kept, keyblock.Wrapping{Context: keyblock.ContextStorage}),
		"storage at another home":    wrap(foreign, keyblock.Wrapping{Context: keyblock.ContextStorage}),
		"storage under any key":      wrap(nobodys, keyblock.Wrapping{Context: keyblock.ContextStorage}),
		"storage under a shared key": wrap(shared, keyblock.Wrapping{Context: keyblock.ContextStorage}),
		"key store": func(k crypto.Key) error {
			store, err := keystore.New(keystore.Key([32]byte{1}), keystore.Options{Home: home})
			require.NoError(t, err)
			return store.Put("k", k)
		},
		"a key store of one's own": func(k crypto.Key) error {
			store, err := keystore.New(keystore.Key([32]byte{1}), keystore.Options{})
			require.NoError(t, err)
			return store.Put("k", k)
		},
		"a key store of another home": func(k crypto.Key) error {
			store, err := keystore.New(keystore.Key([32]byte{1}), keystore.Options{Home: crypto.NewHome()})
			require.NoError(t, err)
			return store.Put("k", k)
		},
		"gob":    func(k crypto.Key) error { return gob.NewEncoder(new(bytes.Buffer)).Encode(k) },
		"text":   func(k crypto.Key) error { _, err := k.MarshalText(); return err },
		"binary": func(k crypto.Key) error { _, err := k.MarshalBinary(); return err },
	}
}

// A key leaves as its exportability says and in no other way (X9.143 table 6): E in a key block only, S also bare, N not
// at all; what is storable may stay at home besides, and at no other.
func TestExits(t *testing.T) {
	blocks := []string{"key block", "key block to others", "key block marked N"}
	storage := []string{"key block at home", "storage under a shared key", "key store"}
	elsewhere := []string{"storage at another home", "storage under any key", "a key store of one's own", "a key store of another home"}
	bare := []string{"clear bytes", "components", "AES key wrap", "padded key wrap", "X9.17", "RSA", "SM2", "key block of version C"}
	for _, c := range []struct {
		attributes string
		options    []crypto.Option
		open       []string
	}{
		{"P0TB00N", nil, nil},
		{"P0TB00N", []crypto.Option{home.Storable}, []string{"key block at home", "key store"}},
		{"P0TB00E", nil, blocks},
		{"P0TB00E", []crypto.Option{home.Storable}, slices.Concat(blocks, storage)},
		{"P0TB00S", nil, slices.Concat(blocks, bare, storage, elsewhere)},
	} {
		k := importKey(t, c.attributes, secretHex, c.options...)
		for name, leave := range exits(t) {
			if err := leave(k); slices.Contains(c.open, name) {
				require.NoError(t, err, "%s by %s", c.attributes, name)
			} else {
				require.ErrorIs(t, err, crypto.ErrExport, "%s by %s", c.attributes, name)
			}
		}
	}
}

// A block of storage context gives a key back as storable, and the secret of a key store may be the caller's own: so a key
// that is not storable must not come home as one that is, under whatever protection key.
func TestNoKeyComesHomeStorable(t *testing.T) {
	for _, master := range []string{"K1AB00N", "K1AB00E"} {
		kbpk, err := crypto.NewKBPK(importKey(t, master, wrappingHex, home.Keeper))
		require.NoError(t, err)
		for _, context := range []keyblock.Context{0, keyblock.ContextNone, keyblock.ContextExchange, keyblock.ContextStorage} {
			block, err := keyblock.Wrap(nil, kbpk, importKey(t, "P0TB00E", secretHex), keyblock.Wrapping{Context: context})
			if context == keyblock.ContextStorage {
				require.ErrorIs(t, err, crypto.ErrExport)
				require.Empty(t, block)
				continue
			}
			require.NoError(t, err)
			k, _, err := keyblock.Unwrap(kbpk, block, keyblock.Options{})
			require.NoError(t, err)
			store, err := keystore.New(keystore.Key([32]byte{1}), keystore.Options{Home: home})
			require.NoError(t, err)
			require.ErrorIs(t, store.Put("k", k), crypto.ErrExport)
		}
		block, err := keyblock.Wrap(nil, kbpk, importKey(t, "P0TB00E", secretHex, home.Storable), keyblock.Wrapping{Context: keyblock.ContextStorage})
		require.NoError(t, err)
		k, _, err := keyblock.Unwrap(kbpk, block, keyblock.Options{})
		require.NoError(t, err)
		store, err := keystore.New(keystore.Key([32]byte{1}), keystore.Options{Home: home})
		require.NoError(t, err)
		require.NoError(t, store.Put("k", k))
	}
}

// unguarded lists who opens a key without asking whether it may leave, and why that shows nothing of it.
var unguarded = map[string]string{
	"crypto/export.go OpenToLeave":            "asks",
	"crypto/home.go OpenToStay":               "asks",
	"crypto/export.go SameBytes":              "compares",
	"crypto/strength.go Strength":             "measures",
	"crypto/clearkey/clearkey.go CombineKeys": "makes a key of the same attributes",
	"crypto/gm/sm2.go NewPrivateKey":          "checks the form",
	"crypto/gm/sm2.go Public":                 "the public half",
	"crypto/mac/mac.go init":                  "looks at the block size; computes CMAC's subkeys, which live as long as the key",
	"crypto/mac/keys.go derive":               "a key derived here",
	"emv/cryptogram/compute.go ARPC1":         "after Require",
	"internal/released/released.go After":     "looks, for tests, whether it is wiped",
	"emv/cryptogram/sessionkey.go treeNode":   "a key derived here",
}

// Whoever opens a key past its mode of use is known here, so that no exit goes by without OpenToLeave.
func TestNobodyElseOpensKeysUnguarded(t *testing.T) {
	seen := map[string]bool{}
	root := ".."
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Name.Name == "Unguarded" {
				continue
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == "Unguarded" {
					relative, err := filepath.Rel(root, path)
					require.NoError(t, err)
					name := filepath.ToSlash(relative) + " " + f.Name.Name
					seen[name] = true
					require.Contains(t, unguarded, name)
				}
				return true
			})
		}
		return nil
	}))
	require.Len(t, seen, len(unguarded))
}

// A wrapped key that comes without a key block has no word of its owner's on leaving again, and the caller cannot give
// it one: else whoever may unwrap had the clear bytes of every key that was ever sent.
func TestUnwrappedBareMayNotLeave(t *testing.T) {
	aesKEK, err := crypto.NewKEK(importKey(t, "K0AB00N", wrappingHex))
	require.NoError(t, err)
	desKEK, err := crypto.NewKEK(importKey(t, "K0TB00N", wrappingHex))
	require.NoError(t, err)
	key := importKey(t, "P0TB00S", secretHex)
	kw, err := crypto.AppendWrapAES(nil, aesKEK, key, true)
	require.NoError(t, err)
	x917, err := crypto.AppendWrapVariant(nil, desKEK, crypto.SchemeX, 0, key)
	require.NoError(t, err)
	for _, attributes := range []string{"P0TB00S", "P0TB00E", "D0TB00S"} {
		_, err = crypto.UnwrapAES(aesKEK, kw, true, crypto.MustAttributes(attributes))
		require.ErrorIs(t, err, crypto.ErrExport)
		_, err = crypto.UnwrapVariant(desKEK, crypto.SchemeX, 0, x917, crypto.MustAttributes(attributes))
		require.ErrorIs(t, err, crypto.ErrExport)
	}
}

// What may come and go under a key encryption key is its own: a PIN key that a terminal was sent is not unwrapped as one
// that decrypts its PIN blocks as data, encrypts chosen ones as a MAC key, or shows them in a check value.
func TestWhatAKEKCarries(t *testing.T) {
	only := crypto.CarriesOnly(crypto.UsagePIN, crypto.UsageMAC1)
	aesKEK, err := crypto.NewKEK(importKey(t, "K0AB00N", wrappingHex, only))
	require.NoError(t, err)
	desKEK, err := crypto.NewKEK(importKey(t, "K0TB00N", wrappingHex, only))
	require.NoError(t, err)
	none, err := crypto.NewKEK(importKey(t, "K0AB00N", wrappingHex, crypto.CarriesOnly()))
	require.NoError(t, err)
	kw, err := crypto.AppendWrapAES(nil, aesKEK, importKey(t, "P0TB00S", secretHex), true)
	require.NoError(t, err)
	x917, err := crypto.AppendWrapVariant(nil, desKEK, crypto.SchemeX, 0, importKey(t, "P0TB00S", secretHex))
	require.NoError(t, err)
	for attributes, want := range map[string]error{
		"P0TB00N": nil, "P0TE00N": nil, "M1TC00N": nil, "M3TC00N": crypto.ErrUsage, "D0TB00N": crypto.ErrUsage, "K0TB00N": crypto.ErrUsage, "C0TC00N": crypto.ErrUsage,
	} {
		a := crypto.MustAttributes(attributes)
		_, err = crypto.UnwrapAES(aesKEK, kw, true, a)
		require.ErrorIs(t, err, want, attributes)
		_, err = crypto.UnwrapVariant(desKEK, crypto.SchemeX, 0, x917, a)
		require.ErrorIs(t, err, want, attributes)
		_, err = crypto.UnwrapAES(none, kw, true, a)
		require.ErrorIs(t, err, crypto.ErrUsage)
		sent := importKey(t, attributes[:6]+"S", secretHex)
		dst, err := crypto.AppendWrapAES([]byte("x"), aesKEK, sent, true)
		require.ErrorIs(t, err, want)
		if want != nil {
			require.Equal(t, "x", string(dst))
		}
		_, err = crypto.AppendWrapVariant(nil, desKEK, crypto.SchemeX, 0, sent)
		require.ErrorIs(t, err, want)
	}
	usages := []crypto.Usage{crypto.UsagePIN}
	option := crypto.CarriesOnly(usages...)
	usages[0] = crypto.UsageData
	own, err := crypto.NewKEK(importKey(t, "K0AB00N", wrappingHex, option))
	require.NoError(t, err)
	_, err = crypto.AppendWrapAES(nil, own, importKey(t, "P0TB00S", secretHex), true)
	require.NoError(t, err, "the option keeps its own list")
}

// X9.17 schemes carry DES keys: nothing else goes under Triple DES there.
func TestVariantsCarryDESOnly(t *testing.T) {
	desKEK, err := crypto.NewKEK(importKey(t, "K0TB00N", wrappingHex))
	require.NoError(t, err)
	for _, attributes := range []string{"M7HC00", "D0AB00"} {
		_, err = crypto.AppendWrapVariant(nil, desKEK, crypto.SchemeX, 0, importKey(t, attributes+"S", secretHex))
		require.Error(t, err)
		_, err = crypto.UnwrapVariant(desKEK, crypto.SchemeX, 0, make([]byte, 16), crypto.MustAttributes(attributes+"N"))
		require.ErrorIs(t, err, crypto.ErrUnsupported)
	}
}
