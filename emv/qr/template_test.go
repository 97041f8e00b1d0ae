package qr

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// withInside returns a sound code with one more object, which starts at offset 79.
func withInside(objects string) string {
	return finish("000201" + "15312031041800520446JDBMSZZXE44BFS0" + "520458125303156" + "5802CN5904SHOP6005CHINA" + objects)
}

// template returns an object around others.
func template(t *testing.T, id ID, objects ...Field) string {
	t.Helper()
	b, err := AppendTemplate(nil, id, objects...)
	require.NoError(t, err)
	return string(b)
}

func TestValidateLooksIntoTemplates(t *testing.T) {
	long := func(n int) string { return strings.Repeat("x", n) }
	for name, c := range map[string]struct {
		objects string
		want    string
	}{
		"account":                  {template(t, 26, Field{0, long(32)}, Field{1, "最"}), ""},
		"account without id":       {template(t, 26, Field{1, "x"}), "qr: 26.00: missing"},
		"account with two ids":     {template(t, 51, Field{0, "x"}, Field{0, "x"}), "qr: 51.00: there twice, at offset 88"},
		"account with a long id":   {template(t, 26, Field{0, long(33)}), "qr: 26.00: not in the format of the data object, at offset 83"},
		"account id of a script":   {template(t, 26, Field{0, "最"}), "qr: 26.00: not in the format of the data object, at offset 83"},
		"objects twice":            {template(t, 26, Field{0, "x"}, Field{7, "x"}, Field{7, "y"}), "qr: 26.07: there twice, at offset 93"},
		"unreserved":               {template(t, 80, Field{0, long(32)}, Field{50, "x"}), ""},
		"unreserved without id":    {template(t, 80, Field{1, "x"}), "qr: 80.00: missing"},
		"the last, without id":     {template(t, 99, Field{1, "x"}), "qr: 99.00: missing"},
		"language":                 {template(t, 64, Field{0, "ZH"}, Field{1, "最佳"}), ""},
		"language, long names":     {template(t, 64, Field{0, "zh"}, Field{1, long(26)}, Field{2, long(16)}, Field{3, "\n"}), ""},
		"language with nothing":    {template(t, 64, Field{2, "x"}), "qr: 64.00: missing\nqr: 64.01: missing"},
		"language of three":        {template(t, 64, Field{0, "ZHO"}, Field{1, "x"}), "qr: 64.00: not in the format of the data object, at offset 83"},
		"language of one":          {template(t, 64, Field{0, "Z"}, Field{1, "x"}), "qr: 64.00: not in the format of the data object, at offset 83"},
		"language no letters":      {template(t, 64, Field{0, "Z1"}, Field{1, "x"}), "qr: 64.00: not in the format of the data object, at offset 83"},
		"name in language twice":   {template(t, 64, Field{0, "ZH"}, Field{1, "x"}, Field{1, "x"}), "qr: 64.01: there twice, at offset 94"},
		"name of controls":         {template(t, 64, Field{0, "ZH"}, Field{1, "x\x00"}), "qr: 64.01: not in the format of the data object, at offset 89"},
		"city of controls":         {template(t, 64, Field{0, "ZH"}, Field{1, "x"}, Field{2, "\u0085"}), "qr: 64.02: not in the format of the data object, at offset 94"},
		"additional":               {template(t, 62, Field{1, long(25)}, Field{8, long(25)}, Field{9, "AME"}), ""},
		"additional, reserved":     {template(t, 62, Field{10, long(26)}, Field{49, "最"}), ""},
		"additional without a row": {template(t, 62, Field{10, "x"}), ""},
		"bill number":              {template(t, 62, Field{1, long(26)}), "qr: 62.01: not in the format of the data object, at offset 83"},
		"purpose":                  {template(t, 62, Field{8, long(26)}), "qr: 62.08: not in the format of the data object, at offset 83"},
		"asks":                     {template(t, 62, Field{9, "AMEA"}), "qr: 62.09: not in the format of the data object, at offset 83"},
		"newline in a label":       {template(t, 62, Field{5, "a\nb"}), "qr: 62.05: not in the format of the data object, at offset 83"},
		"label twice":              {template(t, 62, Field{5, "x"}, Field{5, "y"}), "qr: 62.05: there twice, at offset 88"},
		"network":                  {template(t, 62, Field{50, "0001x"}, Field{99, "0001x0105short"}), ""},
		"network without id":       {template(t, 62, Field{50, "0101x"}), "qr: 62.50.00: missing"},
		"network id too long":      {template(t, 62, Field{50, "0033" + long(33)}), "qr: 62.50.00: not in the format of the data object, at offset 87"},
		"network twice":            {template(t, 62, Field{99, "0001x0001x"}), "qr: 62.99.00: there twice, at offset 92"},
		"network, 01 is anything":  {template(t, 62, Field{50, "0001x01" + "30" + long(30)}), ""},
		"network not a template":   {template(t, 62, Field{50, "x"}), "qr: 62.50: not a two-digit id, at offset 87"},
		"network cut off":          {template(t, 62, Field{50, "0002x"}), "qr: 62.50.00: shorter than its length says, at offset 87"},
		"postal code":              {"6110" + long(10), ""},
		"postal code too long":     {"6111" + long(11), "qr: 61: not in the format of the data object, at offset 79"},
		"controls in postal code":  {"6102\x00\n", "qr: 61: not in the format of the data object, at offset 79"},
		"script in postal code":    {"6101é", "qr: 61: not in the format of the data object, at offset 79"},
		"controls in an account":   {"0203a\x7fb", "qr: 02: not in the format of the data object, at offset 79"},
		"reserved":                 {"6501\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := Validate(withInside(c.objects))
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, c.want)
		})
	}
}

// TestControlsInNames: names may be long and of any script, not lines.
func TestControlsInNames(t *testing.T) {
	const start = "000201" + "1501x" + "520458125303156" + "5802CN"
	require.NoError(t, Validate(finish(start+"5930"+strings.Repeat("最", 30)+"6020"+strings.Repeat("é", 20))))
	require.EqualError(t, Validate(finish(start+"5902a\n"+"6001x")), "qr: 59: not in the format of the data object, at offset 32")
	require.EqualError(t, Validate(finish(start+"5901a"+"6001\x00")), "qr: 60: not in the format of the data object, at offset 37")
}

// TestLongestCode: 512 bytes, and beyond them no list of faults that is longer than the code.
func TestLongestCode(t *testing.T) {
	const most = 512 - 79 - 8
	var objects string
	for id := ID(65); len(objects) < most-103; id++ {
		objects += id.String() + "99" + strings.Repeat("x", 99)
	}
	rest := most - len(objects) - 4
	code := withInside(objects + "79" + string([]byte{'0' + byte(rest/10), '0' + byte(rest%10)}) + strings.Repeat("x", rest))
	require.Len(t, code, 512)
	require.NoError(t, Validate(code))
	longer := withInside(objects + "79" + string([]byte{'0' + byte(rest/10), '0' + byte(rest%10)}) + strings.Repeat("x", rest-1) + "é")
	require.Len(t, longer, 513)
	require.EqualError(t, Validate(longer), "qr: longer than 512 bytes, at offset 512")
	require.ErrorIs(t, Validate(strings.Repeat("0101x", 32000)), ErrTooLong)
}

// TestLanguageThatCannotBeBuilt: a name without its language is not built.
func TestLanguageThatCannotBeBuilt(t *testing.T) {
	m := sale()
	m.Language.Code = ""
	code, err := m.Append([]byte("keep"))
	require.EqualError(t, err, "qr: 64.00: missing")
	require.Equal(t, "keep", string(code))
}

// TestNothingGetsLost: a code that is read and written again has the objects it had, all of them and no others. Only
// their order may change.
func TestNothingGetsLost(t *testing.T) {
	const mandatory = "1501x" + "520458125303156" + "5802CN5904SHOP6005CHINA"
	for name, code := range map[string]string{
		"not said how often":     finish("000201" + mandatory),
		"a sign":                 finish("000201" + "010211" + mandatory),
		"for one sale":           finish("000201" + "010212" + mandatory),
		"all of a language":      finish("000201" + mandatory + template(t, 64, Field{0, "ZH"}, Field{1, "店"}, Field{3, "x"}, Field{99, "y"})),
		"language out of order":  finish("000201" + template(t, 64, Field{4, "x"}, Field{2, "c"}, Field{1, "店"}, Field{0, "zh"}) + mandatory),
		"tip asked for":          finish("000201" + mandatory + "550201"),
		"tip fixed":              finish("000201" + mandatory + "540298" + "550202" + "5602" + "1."),
		"accounts out of order":  finish("000201" + "26050001x" + "0201y" + mandatory + "6110" + "1234567890" + "6501x" + "99050001x"),
		"additional data":        finish("000201" + mandatory + template(t, 62, Field{99, "0001x"}, Field{5, "***"}, Field{33, "é"})),
		"sample with lower case": specSample[:len(specSample)-4] + "a13a",
	} {
		t.Run(name, func(t *testing.T) {
			m, err := ParseMerchant(code)
			require.NoError(t, err)
			again, err := m.Append(nil)
			require.NoError(t, err)
			require.ElementsMatch(t, objects(code), objects(string(again)))
		})
	}
	m, err := ParseMerchant(finish("000201" + "010212" + mandatory))
	require.NoError(t, err)
	require.Equal(t, "12", m.Initiation)
	m.Initiation = "13"
	_, err = m.Append(nil)
	require.EqualError(t, err, "qr: 01: not in the format of the data object, at offset 6")
}

// objects returns all objects but the checksum, those of templates by themselves.
func objects(code string) (all []string) {
	for id, v := range Fields(code).All() {
		switch {
		case id == Checksum:
		case id.IsTemplate():
			for inner, v := range Fields(v).All() {
				all = append(all, id.String()+"."+inner.String()+" "+v)
			}
		default:
			all = append(all, id.String()+" "+v)
		}
	}
	return all
}
