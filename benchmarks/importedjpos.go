package main

import (
	"fmt"
	"strings"

	"github.com/posline/posline/spec"
	"github.com/posline/posline/spec/jposxml"
)

func importedFromJPOS() []imported {
	return []imported{
		{"jpos-ascii-0200", packager{spec.ISO8583v1987ASCII, element1987.asciiClass, "IFA_BITMAP"}.prepare},
		{"jpos-binary-0200", packager{spec.ISO8583v1987Binary, element1987.binaryClass, "IFB_BITMAP"}.prepare},
	}
}

// packager is a built-in spec and the classes of a packager file that says the same.
type packager struct {
	native func() *spec.Spec
	class  func(element1987) string
	bitmap string
}

// prepare makes the sale ready with both specs.
func (s packager) prepare() (imported, native *bench, err error) {
	parsed, warnings, err := jposxml.Parse(strings.NewReader(packager1987(s.class, s.bitmap)))
	if err != nil || len(warnings) > 0 {
		return nil, nil, fmt.Errorf("packager: %v %w", warnings, err)
	}
	if imported, err = benchOf(parsed); err == nil {
		native, err = benchOf(s.native())
	}
	return imported, native, err
}

// benchOf is the sale with a spec, without the other sides.
func benchOf(s *spec.Spec) (*bench, error) {
	subject := subject{sample: func() *sample { return &sample{spec: s, mti: "0200", fields: sale1987} }, moov: moovASCII0200, floor: floorASCII0200}
	return subject.prepare()
}

// element1987 is a data element of the sale as packager files have it.
type element1987 struct {
	number, length int
	dots           int
	text           bool
}

var elements1987 = []element1987{
	{2, 19, 2, false}, {3, 6, 0, false}, {4, 12, 0, false}, {7, 10, 0, false}, {11, 6, 0, false}, {12, 6, 0, false}, {13, 4, 0, false},
	{14, 4, 0, false}, {18, 4, 0, false}, {22, 3, 0, false}, {25, 2, 0, false}, {32, 11, 2, false}, {35, 37, 2, false}, {37, 12, 0, true},
	{41, 8, 0, true}, {42, 15, 0, true}, {43, 40, 0, true}, {49, 3, 0, true},
}

func (e element1987) asciiClass() string {
	switch {
	case e.text:
		return "IF_CHAR"
	case e.dots > 0:
		return "IFA_LLNUM"
	default:
		return "IFA_NUMERIC"
	}
}

func (e element1987) binaryClass() string {
	switch {
	case e.text:
		return "IF_CHAR"
	case e.dots > 0:
		return "IFB_LLNUM"
	default:
		return "IFB_NUMERIC"
	}
}

// packager1987 writes a packager file for the sale.
func packager1987(class func(element1987) string, bitmap string) string {
	var b strings.Builder
	field := func(id, length int, pad bool, class string) {
		fmt.Fprintf(&b, "<isofield id=\"%d\" length=\"%d\" name=\"field\" pad=\"%v\" class=\"org.jpos.iso.%s\"/>\n", id, length, pad, class)
	}
	b.WriteString("<isopackager>\n")
	field(0, 4, true, class(element1987{length: 4}))
	field(1, 16, false, bitmap)
	for _, e := range elements1987 {
		field(e.number, e.length, e.dots == 0, class(e))
	}
	b.WriteString("</isopackager>\n")
	return b.String()
}
