package house

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/cardverify"
	"github.com/posline/posline/emv/cryptogram"
	"github.com/posline/posline/internal/shown"
	"github.com/posline/posline/pinblock"
)

// cards are the exported types whose exported fields hold card data.
var cards = map[string]reflect.Type{
	"crypto.CardData":           reflect.TypeFor[crypto.CardData](),
	"cardverify.Dynamic":        reflect.TypeFor[cardverify.Dynamic](),
	"cardverify.DCVV":           reflect.TypeFor[cardverify.DCVV](),
	"cardverify.CVC3":           reflect.TypeFor[cardverify.CVC3](),
	"cardverify.Authentication": reflect.TypeFor[cardverify.Authentication](),
	"pinblock.Encrypted":        reflect.TypeFor[pinblock.Encrypted](),
	"pinblock.Target":           reflect.TypeFor[pinblock.Target](),
	"pinblock.PVVData":          reflect.TypeFor[pinblock.PVVData](),
	"pinblock.OffsetData":       reflect.TypeFor[pinblock.OffsetData](),
}

// public are the exported types with text or bytes in exported fields that hold nothing secret.
var public = map[string]string{
	"crypto.Attributes":     "the header of a key block, sent in clear",
	"crypto.Arrival":        "the rules of a key, sent in the header of a key block",
	"crypto.UsageError":     "attributes and words",
	"keyblock.Block":        "the header of a key block, sent in clear",
	"keyblock.Certificate":  "a certificate",
	"keyblock.FormatError":  "words",
	"agreement.Parties":     "names of parties",
	"tr34.State":            "a certificate and hashes of tokens",
	"tr34.HostConfig":       "a list of revoked certificates",
	"pinblock.Cards":        "an issuer's number, which is public",
	"pinblock.OffsetMethod": "a decimalisation table is public in every manual",
}

// Every exported type of the packages of keys and PINs that has text or bytes to show is known to hide them or to have
// nothing to hide.
func TestTypesThatShowAreKnown(t *testing.T) {
	found := map[string]bool{}
	for _, folder := range []string{
		"crypto", "crypto/mac", "crypto/dukpt", "crypto/keyblock", "crypto/keystore", "crypto/cardverify", "crypto/gm",
		"crypto/clearkey", "crypto/transport", "crypto/tr34", "crypto/agreement", "pinblock",
	} {
		files, err := filepath.Glob("../../" + folder + "/*.go")
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			tree, err := parser.ParseFile(token.NewFileSet(), file, text, parser.SkipObjectResolution)
			require.NoError(t, err)
			ast.Inspect(tree, func(n ast.Node) bool {
				spec, ok := n.(*ast.TypeSpec)
				if !ok || !spec.Name.IsExported() {
					return true
				}
				if s, ok := spec.Type.(*ast.StructType); ok && shows(s, text) {
					name := filepath.Base(folder) + "." + spec.Name.Name
					found[name] = true
					if cards[name] == nil && public[name] == "" {
						t.Errorf("%s has text or bytes to show", name)
					}
				}
				return true
			})
		}
	}
	for name := range cards {
		require.True(t, found[name], name)
	}
}

// shows reports whether an exported or embedded field is text or bytes.
func shows(s *ast.StructType, source []byte) bool {
	for _, f := range s.Fields.List {
		kind := string(source[f.Type.Pos()-1 : f.Type.End()-1])
		for _, name := range f.Names {
			if name.IsExported() && (kind == "string" || strings.Contains(kind, "byte") || strings.HasSuffix(kind, "Hidden")) {
				return true
			}
		}
	}
	return false
}

// Where fmt calls no methods, in an unexported field, under an ambiguous embedding and through pointers, no PAN and no track
// shows, nor where a program hands the value to something that reads it by reflection.
func TestNoPANShowsByReflection(t *testing.T) {
	const pan = "5432987654329876" // no address looks like that
	type both struct {
		crypto.CardData
		pinblock.Encrypted
	}
	type alias = crypto.CardData
	type inside struct{ alias }
	values := []any{
		both{crypto.CardData{PAN: crypto.Hide(pan)}, pinblock.Encrypted{PAN: crypto.Hide(pan)}}, inside{alias{PAN: crypto.Hide(pan)}},
		crypto.Hide([]byte(pan)), cryptogram.Card{PAN: crypto.Hide(pan)}, cryptogram.Request{Card: cryptogram.Card{PAN: crypto.Hide(pan)}},
	}
	for name, kind := range cards {
		v := reflect.New(kind).Elem()
		require.NotZero(t, fillHidden(v, pan), name)
		values = append(values, v.Interface(), v.Addr().Interface())
	}
	for _, v := range values {
		require.Empty(t, shown.Inside(v, []byte(pan)), "%T", v)
		require.NotContains(t, fmt.Sprintf("%#v %+v", struct{ inner any }{v}, []any{v}), pan[:6])
	}
}

// fillHidden puts the text into everything hidden and says how much there was.
func fillHidden(v reflect.Value, text string) (n int) {
	if v.Type() == reflect.TypeFor[crypto.Hidden]() {
		v.Set(reflect.ValueOf(crypto.Hide(text)))
		return 1
	}
	for i := 0; v.Kind() == reflect.Struct && i < v.NumField(); i++ {
		n += fillHidden(v.Field(i), text)
	}
	return n
}

// Card data prints alike whatever it is, under every verb, in logs and in every encoding that does not refuse it.
func TestCardDataDoesNotShow(t *testing.T) {
	for name, kind := range cards {
		one, other := filled(kind, "4761739001010119"), filled(kind, "5432101234567891")
		require.True(t, forms(one) == forms(other), name)
		for _, v := range []any{one.Interface(), []any{one.Interface()}, map[string]any{"x": one.Interface()}} {
			require.Error(t, gob.NewEncoder(new(bytes.Buffer)).Encode(v), name)
		}
	}
}

// filled makes a value whose text and bytes are the digits.
func filled(kind reflect.Type, digits string) reflect.Value {
	v := reflect.New(kind).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); {
		case f.Type() == reflect.TypeFor[crypto.Hidden]():
			f.Set(reflect.ValueOf(crypto.Hide(digits)))
		case f.Kind() == reflect.String:
			f.SetString(digits)
		case f.Type() == reflect.TypeFor[[]byte]():
			f.SetBytes([]byte(digits))
		case f.Kind() == reflect.Struct:
			f.Set(filled(f.Type(), digits))
		}
	}
	return v
}

func forms(v reflect.Value) string {
	var all strings.Builder
	pointer := reflect.New(v.Type())
	pointer.Elem().Set(v)
	for _, x := range []any{v.Interface(), pointer.Interface(), []any{v.Interface()}, struct{ X any }{v.Interface()}} {
		// not %p, which is an address, and not %w, over which fmt asks no type and which go vet refuses outside Errorf
		for _, letter := range "abcdefghijklmnoqrstuvxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" {
			for _, flags := range []string{"", "+", "#", " ", "-", "0", "40.30"} {
				fmt.Fprintf(&all, "%"+flags+string(letter)+"\n", x)
			}
		}
		slog.New(slog.NewTextHandler(&all, &slog.HandlerOptions{ReplaceAttr: withoutTime})).Info("x", "value", x)
		slog.New(slog.NewJSONHandler(&all, &slog.HandlerOptions{ReplaceAttr: withoutTime})).Info("x", "value", x)
		text, err := json.Marshal(x)
		fmt.Fprintf(&all, "%s %v\n", text, err)
		text, err = xml.Marshal(v.Interface())
		fmt.Fprintf(&all, "%s %v\n", text, err)
	}
	return all.String()
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}
