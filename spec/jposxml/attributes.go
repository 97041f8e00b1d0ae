package jposxml

import (
	"strconv"
	"strings"

	"github.com/posline/posline/spec"
)

// known are the attributes and what becomes of them: true when they are used, false when they make no difference.
var known = map[string]bool{
	"id": true, "length": true, "name": true, "class": true, "pad": true, "token": true, "trim": true, "inclusive": true,
	"packager": true, "emitBitmap": true, "bitmapField": true, "thirdBitmapField": true, "firstField": true,
	"headerLength": true, "tagMapper": true, "tagSize": true, "lenSize": true, "swapTagAndLen": true,
	"maxValidField": false, "encoding": false, "xmlns": false, "schema": false, "description": false,
}

// unknownAttributes warns about attributes that no packager has.
func (im *importer) unknownAttributes(e *element, path string) {
	for name := range e.attributes {
		switch _, ok := known[name]; {
		case name == "params":
			im.warn(e, path, "params are for a constructor in Java: they are not looked at")
		case !ok:
			im.warn(e, path, "attribute %q is not known", name)
		}
	}
}

// number reads an attribute that is a number from 0.
func (im *importer) number(e *element, path, name string, otherwise int, required bool) int {
	text, ok := e.attributes[name]
	text = strings.TrimSpace(text)
	if !ok || text == "" && !required {
		if required {
			im.fault(e, path, "attribute %q is missing", name)
		}
		return otherwise
	}
	n, err := strconv.Atoi(text)
	switch {
	case err != nil || n < 0:
		im.fault(e, path, "%s %q is not a number", name, text)
		return otherwise
	case n > spec.MaxLength:
		im.fault(e, path, "%s %d is above %d", name, n, spec.MaxLength)
		return otherwise
	}
	return n
}

// frame is how a packager arranges its fields.
type frame struct {
	emitBitmap       bool
	bitmapField      int
	thirdBitmapField int // 0 for none
	firstField       int // -1 when the file does not say
	headerLength     int // bytes
}

// frame reads the attributes of a packager.
func (im *importer) frame(e *element, path string) frame {
	return frame{
		emitBitmap:       im.flag(e, path, "emitBitmap", true),
		bitmapField:      im.number(e, path, "bitmapField", 1, false),
		thirdBitmapField: im.number(e, path, "thirdBitmapField", 0, false),
		firstField:       im.number(e, path, "firstField", -1, false),
		headerLength:     im.number(e, path, "headerLength", 0, false),
	}
}

// flag reads an attribute that is true or false, as Java does: what is not "true" is false.
func (im *importer) flag(e *element, path, name string, otherwise bool) bool {
	text, ok := e.attributes[name]
	text = strings.TrimSpace(text)
	switch {
	case !ok || text == "":
		return otherwise
	case strings.EqualFold(text, "true"):
		return true
	case !strings.EqualFold(text, "false"):
		im.warn(e, path, "%s %q is read as false", name, text)
	}
	return false
}

// className is the class without stray blanks.
func (e *element) className() string { return strings.TrimSpace(e.attributes["class"]) }

func (e *element) packagerName() string { return strings.TrimSpace(e.attributes["packager"]) }

// label is the name of a field, on one line.
func (e *element) label() string { return strings.Join(strings.Fields(e.attributes["name"]), " ") }

// exported is the element as hooks see it.
func (e *element) exported(path string) Element {
	id, _ := strconv.Atoi(strings.TrimSpace(e.attributes["id"]))
	length, _ := strconv.Atoi(strings.TrimSpace(e.attributes["length"]))
	return Element{Line: e.line, Path: path, ID: id, Class: e.className(), Packager: e.packagerName(), Length: length, Attributes: e.attributes}
}

// shortName is a class name without the packages of jPOS: the key in classes.
func shortName(name string) string {
	name = strings.TrimPrefix(name, "org.jpos.")
	return strings.TrimPrefix(name, "iso.")
}

// simpleName is a class name without any package.
func simpleName(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }
