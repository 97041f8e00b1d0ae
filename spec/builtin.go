package spec

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// builtins are the shipped specs by name.
var builtins = map[string]func() *Spec{
	"iso8583-1987-ascii":  ISO8583v1987ASCII,
	"iso8583-1987-binary": ISO8583v1987Binary,
	"iso8583-1987-ebcdic": ISO8583v1987EBCDIC,
	"iso8583-1993-ascii":  ISO8583v1993ASCII,
	"iso8583-1993-binary": ISO8583v1993Binary,
	"iso8583-2003-binary": ISO8583v2003Binary,
	"unionpay-pos":        UnionPayPOS,
}

// variants are the overrides of the shipped specs by name.
var variants = map[string]map[string]func() Config{
	"unionpay-pos": {
		"no-header":      UnionPayNoHeader,
		"no-tpdu":        UnionPayNoTPDU,
		"field52-long":   UnionPayField52Long,
		"field59-opaque": UnionPayField59Opaque,
		"field60-ascii":  UnionPayField60ASCII,
		"field64-binary": UnionPayField64Binary,
		"vendor-fields":  UnionPayVendorFields,
	},
}

// BuiltIn returns a shipped spec by name. Variants follow the name with plus signs and apply from left to right:
// "unionpay-pos+field64-binary+vendor-fields"; "header-N" is a header of N bytes behind the TPDU.
func BuiltIn(name string) (*Spec, error) {
	parts := strings.Split(name, "+")
	makeSpec, ok := builtins[parts[0]]
	if !ok {
		return nil, fmt.Errorf("no built-in spec %q (there are %s)", parts[0], strings.Join(BuiltInNames(), ", "))
	}
	s := makeSpec()
	for _, variant := range parts[1:] {
		override, err := variantOf(parts[0], variant)
		if err != nil {
			return nil, err
		}
		override.Name = s.Name() + ", " + variant
		if s, err = s.Derive(override); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func variantOf(base, name string) (Config, error) {
	if digits, ok := strings.CutPrefix(name, "header-"); ok && base == "unionpay-pos" {
		if n, err := strconv.Atoi(digits); err == nil && n >= 0 && n <= 255 {
			return UnionPayHeader(n), nil
		}
	}
	if override, ok := variants[base][name]; ok {
		return override(), nil
	}
	if len(VariantNames(base)) == 0 {
		return Config{}, fmt.Errorf("%s has no variants, and so no %q", base, name)
	}
	return Config{}, fmt.Errorf("%s has no variant %q (there are %s)", base, name, strings.Join(VariantNames(base), ", "))
}

// BuiltInNames lists the shipped specs.
func BuiltInNames() []string { return sortedKeys(builtins) }

// VariantNames lists the variants of a shipped spec.
func VariantNames(base string) []string { return sortedKeys(variants[base]) }

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
