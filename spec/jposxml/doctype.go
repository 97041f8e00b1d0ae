package jposxml

import (
	"strings"
)

// attributeDefaults reads the default values of attributes from the part of a document type that stands in the file
// itself: element to attribute to value (XML 1.0, 3.3). A validating parser, as jPOS uses, gives them to elements that
// leave the attribute out. What is outside the file is not fetched, and entities are not followed.
func attributeDefaults(doctype string) map[string]map[string]string {
	_, rest, inside := strings.Cut(doctype, "[")
	if !inside {
		return nil
	}
	defaults := map[string]map[string]string{}
	for {
		var found bool
		if _, rest, found = strings.Cut(rest, "<!ATTLIST"); !found {
			return defaults
		}
		var words []string
		if words, rest = declaration(rest); len(words) < 4 {
			continue
		}
		element := words[0]
		if defaults[element] == nil {
			defaults[element] = map[string]string{}
		}
		attributeList(words[1:], defaults[element])
	}
}

// attributeList reads name, type and default of one attribute after the other. The first declaration counts.
func attributeList(words []string, defaults map[string]string) {
	for len(words) >= 3 {
		name := words[0]
		words = words[2:]
		if words[0] == "#FIXED" && len(words) > 1 {
			words = words[1:]
		}
		value, quoted := strings.CutPrefix(words[0], `"`)
		if _, known := defaults[name]; quoted && !known && !strings.ContainsAny(value, "&<") {
			defaults[name] = value
		}
		words = words[1:]
	}
}

// declaration splits the text of a declaration up to its end into words: names, lists in parentheses, and quoted values
// with one " before them. It also returns the text behind it.
func declaration(text string) (words []string, rest string) {
	for {
		text = strings.TrimLeft(text, " \t\r\n")
		if text == "" || text[0] == '>' {
			return words, text
		}
		end := 0
		switch text[0] {
		case '"', '\'':
			end = strings.IndexByte(text[1:], text[0])
			if end < 0 {
				return nil, ""
			}
			words = append(words, `"`+text[1:1+end])
			text = text[end+2:]
			continue
		case '(':
			end = strings.IndexByte(text, ')') + 1
		default:
			end = strings.IndexAny(text, " \t\r\n>\"'(")
		}
		if end <= 0 {
			return nil, ""
		}
		words = append(words, text[:end])
		text = text[end:]
	}
}
