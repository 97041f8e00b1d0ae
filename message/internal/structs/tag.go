package structs

import (
	"errors"
	"reflect"
	"strconv"
	"strings"
)

// structTag is what `iso8583:"2,keepzero,trim"` says.
type structTag struct {
	key      string
	keepZero bool
	trim     bool
	skip     bool
}

// parseStructTag reads the tag of a Go field. index goes before iso8583, as moov has it.
func parseStructTag(tag reflect.StructTag) (structTag, error) {
	text := tag.Get("index")
	if text == "" {
		text = tag.Get("iso8583")
	}
	if text == "-" {
		return structTag{skip: true}, nil
	}
	key, options, _ := strings.Cut(text, ",")
	out := structTag{key: key}
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "":
		case "keepzero":
			out.keepZero = true
		case "trim":
			out.trim = true
		default:
			return out, errors.New("unknown option " + strconv.Quote(option) + " in the struct tag")
		}
	}
	return out, nil
}
