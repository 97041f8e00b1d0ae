// Package shown looks, for tests, whether printing a value shows a secret that is in it: under every verb of fmt, inside
// other values, in log/slog, and in the encodings that write exported fields.
package shown

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
)

// verbs are those of fmt, and one that it does not know: it prints the fields all the same. %T does not look
// inside. Under %p fmt prints the fields of what is no pointer, without asking its methods; see Inside.
var verbs = strings.Fields("%v %+v %#v %s %q %+q %#q %x %X %#x %d %+d %t %o %O %#o %b %c %e %E %f %g %G %U %#U %z")

// window is how many bytes of a secret in a row are looked for: enough not to come up in an address by chance.
const window = 8

// In returns the first form of v in which eight bytes of a secret show, or the whole of a shorter one; "" for none. Data
// that hide by methods pass; see Inside.
func In(v any, secrets ...[]byte) string { return find(forms(v), secrets) }

// Inside is In, and looks at v as an unexported field of something else besides. There fmt calls no methods, nor
// under %p, and only what fmt cannot reach stays hidden: keys and PINs must pass.
func Inside(v any, secrets ...[]byte) string {
	const pointer = "%p"
	asked := map[string]string{pointer: fmt.Sprintf(pointer, v)}
	if name := find(asked, secrets); name != "" {
		return name
	}
	all := forms(v)
	for _, verb := range verbs {
		all[verb+" in an unexported field"] = fmt.Sprintf(verb, struct{ inner any }{v})
	}
	return find(all, secrets)
}

func find(forms map[string]string, secrets [][]byte) string {
	wanted := spellings(secrets)
	for name, text := range forms {
		text = squeeze(text)
		for _, s := range wanted {
			if strings.Contains(text, s) {
				return name
			}
		}
	}
	return ""
}

// forms are all prints of a value by name.
func forms(v any) map[string]string {
	all := map[string]string{}
	for place, inside := range map[string]any{
		"": v, " in a slice": []any{v}, " in a field": struct{ Inner any }{v}, " in a map": map[string]any{"k": v},
	} {
		for _, verb := range verbs {
			all[verb+place] = fmt.Sprintf(verb, inside)
		}
	}
	var text, lines bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("x", "value", v)
	slog.New(slog.NewJSONHandler(&lines, nil)).Info("x", "value", v, slog.Group("g", "value", v))
	all["slog text"], all["slog JSON"] = text.String(), lines.String()
	if b, err := json.Marshal(map[string]any{"value": v}); err == nil {
		all["JSON"] = string(b)
	}
	if b, err := xml.Marshal(v); err == nil {
		all["XML"] = string(b)
	}
	var stream bytes.Buffer
	if gob.NewEncoder(&stream).Encode(v) == nil {
		all["gob"] = stream.String()
	}
	return all
}

// spellings are how the bytes of the secrets may be written, squeezed.
func spellings(secrets [][]byte) []string {
	var all []string
	for _, secret := range secrets {
		n := min(window, len(secret))
		for i := 0; i+n <= len(secret) && n > 0; i++ {
			part := secret[i : i+n]
			for _, format := range []string{"%s", "%x", "% x", "%d", "%o", "%O", "%b", "%U", "%c", "%#v", "%#o"} {
				all = append(all, squeeze(strings.Trim(fmt.Sprintf(format, part), "[]byte{}")))
			}
		}
	}
	return all
}

// squeeze makes spellings alike that differ in letter case and in what stands between the bytes.
func squeeze(text string) string {
	return strings.NewReplacer(", ", " ", ",", " ").Replace(strings.ToLower(text))
}
