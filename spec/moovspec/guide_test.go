//go:build amd64 || arm64

package moovspec_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/padding"
	"github.com/moov-io/iso8583/prefix"
	moovsort "github.com/moov-io/iso8583/sort"
	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message"
	"github.com/posline/posline/spec/moovspec"
)

// guideSpec has a field of each kind that the guide tells apart.
func guideSpec() *iso8583.MessageSpec {
	text := func(length int, p prefix.Prefixer, pad padding.Padder) *field.Spec {
		return &field.Spec{Length: length, Enc: encoding.ASCII, Pref: p, Pad: pad}
	}
	return &iso8583.MessageSpec{Name: "guide", Fields: map[int]field.Field{
		0:  field.NewString(text(4, prefix.ASCII.Fixed, nil)),
		1:  field.NewBitmap(&field.Spec{Enc: encoding.Binary, Pref: prefix.Hex.Fixed}),
		2:  field.NewString(text(19, prefix.ASCII.LL, nil)),
		4:  field.NewNumeric(text(12, prefix.ASCII.Fixed, padding.Left('0'))),
		6:  field.NewNumeric(text(5, prefix.ASCII.LL, nil)),
		32: field.NewString(text(6, prefix.ASCII.Fixed, padding.Left('0'))),
		41: field.NewString(text(8, prefix.ASCII.Fixed, padding.Right(' '))),
		48: field.NewComposite(&field.Spec{Length: 99, Pref: prefix.ASCII.LLL, Tag: &field.TagSpec{Length: 1, Enc: encoding.ASCII, Sort: moovsort.Strings},
			Subfields: map[string]field.Field{"1": field.NewString(text(20, prefix.ASCII.LL, nil)), "4": field.NewString(text(20, prefix.ASCII.L, nil)),
				"5": field.NewNumeric(text(9, prefix.ASCII.L, nil))}}),
		49: field.NewComposite(&field.Spec{Length: 99, Pref: prefix.ASCII.LL, Tag: &field.TagSpec{Length: 1, Enc: encoding.ASCII, Sort: moovsort.Strings, SkipUnknownTLVTags: true,
			StoreUnknownTLVTags: true, PrefUnknownTLV: prefix.ASCII.LL}, Subfields: map[string]field.Field{"1": field.NewString(text(20, prefix.ASCII.LL, nil))}}),
		50: field.NewComposite(&field.Spec{Length: 99, Pref: prefix.ASCII.LL, Tag: &field.TagSpec{Sort: moovsort.StringsByInt},
			Subfields: map[string]field.Field{"1": field.NewString(text(2, prefix.ASCII.Fixed, nil)), "2": field.NewHex(text(2, prefix.ASCII.Fixed, nil)), "3": field.NewBinary(text(9, prefix.ASCII.L, nil))}}),
		51: field.NewComposite(&field.Spec{Length: 99, Pref: prefix.ASCII.LL, Tag: &field.TagSpec{Sort: moovsort.StringsByInt},
			Subfields: map[string]field.Field{"1": field.NewString(text(2, prefix.ASCII.Fixed, nil)), "2": field.NewBinary(&field.Spec{Length: 2, Enc: encoding.Binary, Pref: prefix.Binary.Fixed})}}),
		52: field.NewBinary(&field.Spec{Length: 8, Enc: encoding.Binary, Pref: prefix.Binary.Fixed}),
		53: field.NewHex(&field.Spec{Length: 8, Enc: encoding.Binary, Pref: prefix.ASCII.LL}),
		54: field.NewComposite(&field.Spec{Length: 255, Pref: prefix.ASCII.LLL, Tag: &field.TagSpec{Enc: encoding.BerTLVTag, Sort: moovsort.StringsByHex, SkipUnknownTLVTags: true},
			Subfields: map[string]field.Field{"9A": field.NewHex(&field.Spec{Enc: encoding.Binary, Pref: prefix.BerTLV})}}),
		55: field.NewComposite(&field.Spec{Length: 255, Pref: prefix.ASCII.LLL, Tag: &field.TagSpec{Enc: encoding.BerTLVTag, Sort: moovsort.StringsByHex},
			Subfields: map[string]field.Field{"9F02": field.NewHex(&field.Spec{Enc: encoding.Binary, Pref: prefix.BerTLV}), "82": field.NewBinary(&field.Spec{Enc: encoding.Binary, Pref: prefix.BerTLV})}}),
	}}
}

type guideSale struct {
	MTI    string `iso8583:"0"`
	PAN    string `iso8583:"2"`
	Amount int64  `iso8583:"4"`
	Block  []byte `iso8583:"52"`
}

type guideRate struct {
	MTI  string `iso8583:"0"`
	Rate string `iso8583:"6"`
}

type guideNumber struct {
	MTI  string `iso8583:"0"`
	Rate int64  `iso8583:"6"`
}

type guideKept struct {
	PAN   string `iso8583:"2"`
	Text  string `iso8583:"41"`
	Parts *struct {
		First  string `iso8583:"1"`
		Fourth string `iso8583:"4"`
	} `iso8583:"48"`
	Others *struct {
		First string `iso8583:"1"`
	} `iso8583:"49"`
}

type guidePadded struct {
	PAN      string `iso8583:"2"`
	Amount   string `iso8583:"4"`
	Acquirer string `iso8583:"32"`
	Terminal string `iso8583:"41"`
}

var guideRow = regexp.MustCompile(`^//\t(\S.*?)\s{2,}(\S.*)$`)

// Each row of the moving guide is run with both libraries, and comes to the same bytes and the same values.
func TestMovingGuide(t *testing.T) {
	source, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	rows := guideRows()
	for line := range strings.Lines(string(source)) {
		found := guideRow.FindStringSubmatch(strings.TrimRight(line, "\n"))
		if found == nil || found[1] == "moov" {
			continue
		}
		row, known := rows[found[1]]
		require.True(t, known, "a row without a test: %s", found[1])
		delete(rows, found[1])
		require.Equal(t, row.here, found[2])
		t.Run(found[1], func(t *testing.T) {
			theirs, ours := iso8583.NewMessage(guideSpec()), codecOf(t, guideSpec()).New()
			theirs.MTI("0100")
			require.NoError(t, ours.SetMTI("0100"))
			row.run(t, theirs, ours)
			want, err := theirs.Pack()
			require.NoError(t, err)
			got, err := ours.Pack()
			require.NoError(t, err)
			require.Equal(t, hex.EncodeToString(want), hex.EncodeToString(got))
		})
	}
	require.Empty(t, rows, "tests without a row")
}

type guideCase struct {
	here string
	run  func(t *testing.T, theirs *iso8583.Message, ours *message.Message)
}

// setText gives a field the same text in both.
func setText(t *testing.T, theirs *iso8583.Message, ours *message.Message, number int, text string) {
	require.NoError(t, theirs.Field(number, text))
	require.NoError(t, ours.Set(number, text))
}

// bothRead unpacks what theirs packs into both, so that values are read, not remembered.
func bothRead(t *testing.T, theirs *iso8583.Message, ours *message.Message) {
	wire, err := theirs.Pack()
	require.NoError(t, err)
	require.NoError(t, theirs.Unpack(wire))
	require.NoError(t, ours.Unpack(wire))
}

func requireString(t *testing.T, theirs *iso8583.Message, number int, ours string) {
	want, err := theirs.GetString(number)
	require.NoError(t, err)
	require.NotEmpty(t, want)
	require.Equal(t, want, ours)
}

func guideRows() map[string]guideCase {
	type msg = iso8583.Message
	const pan, parts = "4242424242424242", "104414243EFA"
	block, tags := []byte("12345678"), []byte{0x82, 2, '4', '1', 0x9F, 0x02, 1, 'A'}
	sale := guideSale{MTI: "0100", PAN: pan, Amount: 1999, Block: block}
	textual := map[int]string{48: parts, 49: "102419042233", 50: "4142343D"} // which are hexadecimal, too
	padded := map[int]string{2: pan, 4: "1999", 32: "42", 41: "TERM1"}
	setBytes := func(number int, value []byte) func(*testing.T, *msg, *message.Message) {
		return func(t *testing.T, theirs *msg, ours *message.Message) {
			require.NoError(t, theirs.Field(number, string(value)))
			require.NoError(t, ours.SetBytes(number, value))
		}
	}
	return map[string]guideCase{
		"iso8583.NewMessage(Spec)": {"codec.New()", func(*testing.T, *msg, *message.Message) {}},
		"msg.Marshal(&auth)": {"message.Marshal(msg, &auth)", func(t *testing.T, theirs *msg, ours *message.Message) {
			require.NoError(t, theirs.Marshal(&sale))
			require.NoError(t, message.Marshal(ours, &sale))
			type later struct {
				Parts *struct {
					First  string `iso8583:"1"`
					Fourth string `iso8583:"4"`
				} `iso8583:"48"`
			}
			var last, first later
			require.NoError(t, json.Unmarshal([]byte(`{"Parts": {"Fourth": "four"}}`), &last))
			require.NoError(t, json.Unmarshal([]byte(`{"Parts": {"First": "one"}}`), &first))
			for _, part := range []*later{&last, &first} {
				require.NoError(t, theirs.Marshal(part))
				require.NoError(t, message.Marshal(ours, part))
			}
		}},
		"msg.Unmarshal(&auth)": {"message.Unmarshal(msg, &auth)", func(t *testing.T, theirs *msg, ours *message.Message) {
			require.NoError(t, theirs.Marshal(&sale))
			bothRead(t, theirs, ours)
			var want, got guideSale
			require.NoError(t, theirs.Unmarshal(&want))
			require.NoError(t, message.Unmarshal(ours, &got))
			require.Equal(t, want, got)
		}},
		"msg.Unmarshal(&padded)": {"message.UnmarshalTrimmed(msg, &padded, now)", func(t *testing.T, theirs *msg, ours *message.Message) {
			for number, text := range padded {
				require.NoError(t, theirs.Field(number, text))
			}
			bothRead(t, theirs, ours)
			var want, got guidePadded
			require.NoError(t, theirs.Unmarshal(&want))
			require.NoError(t, message.UnmarshalTrimmed(ours, &got, time.Now()))
			require.Equal(t, want, got)
			require.Equal(t, guidePadded{PAN: pan, Amount: "1999", Acquirer: "42", Terminal: "TERM1"}, got)
		}},
		"msg.Unmarshal(&kept)": {"message.UnmarshalOver(msg, &kept, now)", func(t *testing.T, theirs *msg, ours *message.Message) {
			setText(t, theirs, ours, 41, "TERM1")
			require.NoError(t, theirs.MarshalPath("48.4", "new"))
			bothRead(t, theirs, ours)
			before := `{"PAN": "4242", "Text": "old", "Parts": {"First": "kept", "Fourth": "old"}, "Others": {"First": "kept"}}`
			var want, got guideKept
			require.NoError(t, json.Unmarshal([]byte(before), &want))
			require.NoError(t, json.Unmarshal([]byte(before), &got))
			require.NoError(t, theirs.Unmarshal(&want))
			require.NoError(t, message.UnmarshalOver(ours, &got, time.Now()))
			require.Equal(t, want, got)
			require.Equal(t, "kept", got.Parts.First)
			require.Equal(t, "TERM1", got.Text)
			require.NoError(t, message.Unmarshal(ours, &got))
			require.Empty(t, got.Parts.First)
			require.Nil(t, got.Others)
		}},
		`msg.UnmarshalPath("48.1", &text)`: {`msg.Get("48.1").Unpadded()`, func(t *testing.T, theirs *msg, ours *message.Message) {
			require.NoError(t, theirs.MarshalPath("48.1", "one"))
			bothRead(t, theirs, ours)
			var text string
			require.NoError(t, theirs.UnmarshalPath("48.1", &text))
			require.Equal(t, "one", text)
			require.Equal(t, text, ours.Get("48.1").Unpadded())
		}},
		"msg.GetFields()": {"msg.Numbers()", func(t *testing.T, theirs *msg, ours *message.Message) {
			setText(t, theirs, ours, 2, pan)
			setText(t, theirs, ours, 41, "TERM1")
			bothRead(t, theirs, ours)
			var numbers []int
			for number := range theirs.GetFields() {
				if number > 1 {
					numbers = append(numbers, number)
				}
			}
			require.ElementsMatch(t, numbers, slices.Collect(ours.Numbers()))
		}},
		`msg.UnsetFields("2", "48.1")`: {`msg.Unset(2), msg.UnsetPath("48.1")`, func(t *testing.T, theirs *msg, ours *message.Message) {
			setText(t, theirs, ours, 2, pan)
			setText(t, theirs, ours, 48, parts)
			require.NoError(t, theirs.UnsetFields("2", "48.1"))
			ours.Unset(2)
			require.NoError(t, ours.UnsetPath("48.1"))
		}},
		`msg.MTI("0100"), msg.GetMTI()`: {`msg.SetMTI("0100"), msg.MTI()`, func(t *testing.T, theirs *msg, ours *message.Message) {
			mti, err := theirs.GetMTI()
			require.NoError(t, err)
			require.Equal(t, mti, ours.MTI())
		}},
		"msg.Field(2, pan)": {"msg.Set(2, pan)", func(t *testing.T, theirs *msg, ours *message.Message) {
			for number, text := range padded {
				setText(t, theirs, ours, number, text)
			}
		}},
		"msg.GetString(2)": {"msg.Field(2).Unpadded()", func(t *testing.T, theirs *msg, ours *message.Message) {
			for number, text := range padded {
				require.NoError(t, theirs.Field(number, text))
			}
			bothRead(t, theirs, ours)
			for number := range padded {
				requireString(t, theirs, number, ours.Field(number).Unpadded())
			}
		}},
		"msg.GetBytes(2)": {"msg.Field(2).AppendUnpadded(nil)", func(t *testing.T, theirs *msg, ours *message.Message) {
			for number, text := range padded {
				require.NoError(t, theirs.Field(number, text))
			}
			bothRead(t, theirs, ours)
			for number := range padded {
				want, err := theirs.GetBytes(number)
				require.NoError(t, err)
				require.Equal(t, want, ours.Field(number).AppendUnpadded(nil))
			}
		}},
		`msg.MarshalPath("48.1", text)`: {`msg.SetPath("48.1", text)`, func(t *testing.T, theirs *msg, ours *message.Message) {
			for _, set := range [][2]string{{"48.4", "four"}, {"48.1", "4142"}, {"55.9F02", "00001999"}, {"55.82", "5C00"}} {
				value, err := hex.DecodeString(set[1])
				if strings.HasPrefix(set[0], "55") {
					require.NoError(t, err)
					require.NoError(t, theirs.MarshalPath(set[0], value))
				} else {
					require.NoError(t, theirs.MarshalPath(set[0], set[1]))
				}
				require.NoError(t, ours.SetPath(set[0], set[1]))
			}
		}},
		"msg.UnsetField(2)": {"msg.Unset(2)", func(t *testing.T, theirs *msg, ours *message.Message) {
			setText(t, theirs, ours, 2, pan)
			theirs.UnsetField(2)
			ours.Unset(2)
		}},
		`msg.UnsetPath("48.1")`: {`msg.UnsetPath("48.1")`, func(t *testing.T, theirs *msg, ours *message.Message) {
			setText(t, theirs, ours, 48, parts)
			require.NoError(t, theirs.UnsetPath("48.1"))
			require.NoError(t, ours.UnsetPath("48.1"))
		}},
		"msg.Pack(), msg.Unpack(wire)": {"msg.Pack(), msg.Unpack(wire)", func(t *testing.T, theirs *msg, ours *message.Message) {
			require.NoError(t, theirs.Field(2, pan))
			bothRead(t, theirs, ours)
		}},
		"untyped.Pack()": {"msg.AppendBody(nil)", func(t *testing.T, theirs *msg, ours *message.Message) {
			untyped, typeless := iso8583.NewMessage(guideSpec()), ours.Codec().New()
			setText(t, untyped, typeless, 2, pan)
			want, err := untyped.Pack()
			require.NoError(t, err)
			require.Error(t, iso8583.NewMessage(guideSpec()).Unpack(want))
			_, err = typeless.Pack()
			require.ErrorIs(t, err, message.ErrMissing)
			got, err := typeless.AppendBody(nil)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}},
		"dropping.Unpack(wire)": {`msg.Unpack(wire), msg.UnsetUnknown("54")`, func(t *testing.T, theirs *msg, ours *message.Message) {
			_, warnings, err := moovspec.From(guideSpec())
			require.NoError(t, err)
			require.Contains(t, fmt.Sprint(warnings), "54: moov drops tags that are not listed when it reads, here they are kept: UnsetUnknown")
			wire := []byte("0100\x00\x00\x00\x00\x00\x00\x04\x00010\x9F\x36\x02\x01\x57\x9A\x03\x26\x11\x29")
			require.NoError(t, theirs.Unpack(wire))
			require.NoError(t, ours.Unpack(wire))
			again, err := ours.Pack()
			require.NoError(t, err)
			require.Equal(t, wire, again)
			require.NoError(t, ours.UnsetUnknown("54"))
			want, err := theirs.GetBytes(54)
			require.NoError(t, err)
			require.Equal(t, want, ours.Field(54).Bytes())
		}},
		"iso8583.Describe(msg, os.Stdout)": {"fmt.Print(msg)", func(t *testing.T, theirs *msg, ours *message.Message) {
			setText(t, theirs, ours, 2, pan)
			var text strings.Builder
			require.NoError(t, iso8583.Describe(theirs, &text))
			for _, shown := range []string{text.String(), fmt.Sprint(ours)} {
				require.NotContains(t, shown, pan)
				require.Contains(t, shown, pan[len(pan)-4:])
			}
		}},
		"iso8583.NewMessageScanner(Spec, wire)": {"codec.Scanner()", func(t *testing.T, theirs *msg, ours *message.Message) {
			setText(t, theirs, ours, 2, pan)
			setText(t, theirs, ours, 41, "TERM1")
			wire, err := ours.Pack()
			require.NoError(t, err)
			found, err := iso8583.NewMessageScanner(guideSpec(), wire).ScanField(41)
			require.NoError(t, err)
			want, err := found.String()
			require.NoError(t, err)
			scanner := ours.Codec().Scanner()
			require.NoError(t, scanner.Reset(wire))
			got, err := scanner.Field(41)
			require.NoError(t, err)
			require.Equal(t, want, got.Unpadded())
		}},
		"msg.Field(48, text)": {"msg.Set(48, text)", func(t *testing.T, theirs *msg, ours *message.Message) {
			for number, text := range textual {
				setText(t, theirs, ours, number, text)
			}
		}},
		"msg.GetString(48)": {"msg.Field(48).Text()", func(t *testing.T, theirs *msg, ours *message.Message) {
			for number, text := range textual {
				require.NoError(t, theirs.Field(number, text))
			}
			bothRead(t, theirs, ours)
			for number := range textual {
				requireString(t, theirs, number, ours.Field(number).Text())
			}
		}},
		"msg.Field(52, string(block))": {"msg.SetBytes(52, block)", setBytes(52, block)},
		"msg.BinaryField(52, block)": {"msg.SetBytes(52, block)", func(t *testing.T, theirs *msg, ours *message.Message) {
			for _, number := range []int{52, 53} {
				require.NoError(t, theirs.BinaryField(number, block))
				require.NoError(t, ours.SetBytes(number, block))
			}
		}},
		"msg.GetString(52)": {"msg.Field(52).Text()", func(t *testing.T, theirs *msg, ours *message.Message) {
			for _, number := range []int{52, 53} {
				require.NoError(t, theirs.Field(number, string(block)))
				bothRead(t, theirs, ours)
				requireString(t, theirs, number, ours.Field(number).Text())
			}
		}},
		"msg.GetBytes(52)": {"msg.Field(52).Bytes()", func(t *testing.T, theirs *msg, ours *message.Message) {
			require.NoError(t, theirs.Field(52, string(block)))
			bothRead(t, theirs, ours)
			want, err := theirs.GetBytes(52)
			require.NoError(t, err)
			require.Equal(t, want, ours.Field(52).Bytes())
		}},
		"msg.Field(55, string(tags))": {"msg.SetBytes(55, tags)", func(t *testing.T, theirs *msg, ours *message.Message) {
			setBytes(55, tags)(t, theirs, ours)
			setBytes(51, []byte("4142"))(t, theirs, ours)
		}},
		"msg.GetString(55)": {"string(msg.Field(55).Bytes())", func(t *testing.T, theirs *msg, ours *message.Message) {
			require.NoError(t, theirs.Field(55, string(tags)))
			require.NoError(t, theirs.Field(51, "4142"))
			bothRead(t, theirs, ours)
			requireString(t, theirs, 55, string(ours.Field(55).Bytes()))
			requireString(t, theirs, 51, string(ours.Field(51).Bytes()))
		}},
		`msg.Field(6, "007")`: {"msg.SetInt(6, 7)", func(t *testing.T, theirs *msg, ours *message.Message) {
			require.NoError(t, theirs.Field(6, "007"))
			require.NoError(t, ours.SetInt(6, 7))
		}},
		"msg.GetString(6)": {"msg.Field(6).Int64()", func(t *testing.T, theirs *msg, ours *message.Message) {
			wire := append([]byte("0100"), "\x04\x00\x00\x00\x00\x00\x00\x0003007"...)
			require.NoError(t, theirs.Unpack(wire))
			require.NoError(t, ours.Unpack(wire))
			got, err := ours.Field(6).Int64()
			require.NoError(t, err)
			requireString(t, theirs, 6, strconv.FormatInt(got, 10))
			require.Equal(t, "007", ours.Field(6).Unpadded())
			require.NoError(t, ours.SetInt(6, got)) // what moov packs of it
		}},
		`msg.MarshalPath("48.5", "007")`: {`msg.SetPathInt("48.5", 7)`, func(t *testing.T, theirs *msg, ours *message.Message) {
			require.NoError(t, theirs.MarshalPath("48.5", "007"))
			require.NoError(t, ours.SetPathInt("48.5", 7))
		}},
		"Rate string `iso8583:\"6\"`": {"Rate int64 `iso8583:\"6\"`", func(t *testing.T, theirs *msg, ours *message.Message) {
			require.NoError(t, theirs.Marshal(&guideRate{MTI: "0100", Rate: "007"}))
			require.NoError(t, message.Marshal(ours, &guideNumber{MTI: "0100", Rate: 7}))
			bothRead(t, theirs, ours)
			var want guideRate
			var got guideNumber
			require.NoError(t, theirs.Unmarshal(&want))
			require.NoError(t, message.Unmarshal(ours, &got))
			require.Equal(t, want.Rate, strconv.FormatInt(got.Rate, 10))
		}},
		`msg.MarshalPath("55.9F02", octets)`: {`msg.SetPath("55.9F02", hexadecimal)`, func(t *testing.T, theirs *msg, ours *message.Message) {
			require.NoError(t, theirs.MarshalPath("55.9F02", []byte{0, 0, 0x19, 0x99}))
			require.NoError(t, ours.SetPath("55.9F02", "00001999"))
		}},
	}
}
