package jposxml_test

import (
	"fmt"
	"strings"

	"github.com/posline/posline/message"
	"github.com/posline/posline/spec"
	"github.com/posline/posline/spec/jposxml"
)

const packager = `<?xml version="1.0"?>
<!DOCTYPE isopackager PUBLIC "-//jPOS/jPOS Generic Packager DTD 1.0//EN" "http://jpos.org/dtd/generic-packager-1.0.dtd">
<isopackager>
  <isofield id="0" length="4" name="Message type" class="org.jpos.iso.IFA_NUMERIC"/>
  <isofield id="1" length="16" name="Bitmap" class="org.jpos.iso.IFB_BITMAP"/>
  <isofield id="2" length="19" name="Card number" class="org.jpos.iso.IFA_LLNUM"/>
  <isofield id="11" length="6" name="STAN" class="org.jpos.iso.IFA_NUMERIC"/>
  <isofield id="44" length="150" name="Additional data" class="org.jpos.iso.IFA_LLCHAR"/>
  <isofield id="60" length="4" name="Ours" class="com.example.Flags"/>
</isopackager>`

// A packager file becomes a spec; what it cannot mean is told.
func ExampleParse() {
	s, warnings, err := jposxml.Parse(strings.NewReader(packager), jposxml.WithName("our acquirer"))
	fmt.Println(s.Name(), err)
	for _, w := range warnings {
		fmt.Println(w)
	}
	m := message.MustCompile(s).New()
	_ = m.SetMTI("0800")
	_ = m.Set(11, "42")
	wire, err := m.Pack()
	fmt.Printf("%q %v\n", wire, err)
	// Output:
	// our acquirer <nil>
	// line 8: field 44: length 150 is more than org.jpos.iso.IFA_LLCHAR can carry: 99 is used
	// line 9: field 60: class com.example.Flags is not one of jPOS: the field is left out, messages that have it are refused
	// "0800\x00 \x00\x00\x00\x00\x00\x00000042" <nil>
}

// A class of one's own is a field in the standard's notation.
func ExampleWithClasses() {
	s, warnings, err := jposxml.Parse(strings.NewReader(packager), jposxml.WithClasses(func(e jposxml.Element) (spec.Field, bool) {
		return spec.Field{Format: fmt.Sprintf("b %d", 8*e.Length), Encoding: spec.Raw}, e.Class == "com.example.Flags"
	}))
	fmt.Println(len(s.Config().Fields), len(warnings), err)
	// Output: 5 1 <nil>
}
