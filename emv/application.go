package emv

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// The names by which a terminal selects a card's directory: over contacts and contactless. EMV Book 1 section 12.2, Book
// B section 3.3.
const (
	PSE  = "1PAY.SYS.DDF01"
	PPSE = "2PAY.SYS.DDF01"
)

// KernelID says which contactless kernel an application wants, in the three octets that count of tag 9F2A: {7} is kernel
// 7, UnionPay's. The zero value is the kernel of the application's scheme. Book B section 3.3.2.5.
type KernelID [3]byte

// Application is an application of a card, as a directory's entry or the answer to its selection describes it. Slices
// share the memory of what was parsed.
type Application struct {
	AID           []byte // 5 to 16 octets
	Label         string // tag 50, other characters than those of ASCII as dots
	PreferredName string // tag 9F12, when its code table is Latin-1
	Priority      int    // 1 is the first choice, up to 15; 0 says nothing
	Confirm       bool   // not to be selected without the cardholder's confirmation
	Kernel        KernelID
	AnyKernel     bool   // tag 9F2A is there and 0: whichever kernel the terminal has
	Extension     []byte // extended selection, tag 9F29: what a terminal that supports that adds to the AID it selects
	Languages     string // tag 5F2D of a selected application, "zhen"
}

// Name returns what to show to the cardholder: the preferred name, or the label, or the AID in hexadecimal.
func (a Application) Name() string {
	switch {
	case a.PreferredName != "":
		return a.PreferredName
	case a.Label != "":
		return a.Label
	}
	return nibbles(a.AID)
}

// Directory is what the selection of a PSE answers: where the entries are. EMV Book 1 section 12.2.2.
type Directory struct {
	SFI       int    // of the file with the entries, 1 to 10
	Languages string // tag 5F2D, "zhen"; "" when the card has no preference
	CodeTable int    // tag 9F11: part of ISO/IEC 8859 the preferred names are in; 0 when not said
}

// ParsePSE reads the answer to the selection of the PSE, without the status word. Errors are *SyntaxError, or a
// *ValueError with ErrMissing or ErrSFI.
func ParsePSE(fci TLV) (Directory, error) {
	inside, err := proprietary(fci)
	if err != nil {
		return Directory{}, err
	}
	sfi, ok := inside.Get(0x88)
	switch {
	case !ok:
		return Directory{}, &ValueError{Tag: 0x88, Err: ErrMissing}
	case len(sfi) != 1 || sfi[0] < 1 || sfi[0] > 10:
		return Directory{}, &ValueError{Tag: 0x88, Err: ErrSFI}
	}
	return Directory{SFI: int(sfi[0]), Languages: textOf(inside, 0x5F2D), CodeTable: codeTable(inside)}, nil
}

// ParseDirectoryRecord reads a record of the PSE's directory and returns the entries in their order. Entries without an
// AID of 5 to 16 octets are left out, as EMV Book 1 section 12.2.3 has it. Errors are *SyntaxError, or a *ValueError
// with ErrMissing when it is no template 70.
func (d Directory) ParseDirectoryRecord(record TLV) ([]Application, error) {
	if err := record.Validate(nil); err != nil {
		return nil, err
	}
	inside, ok := record.Get(0x70)
	if !ok {
		return nil, &ValueError{Tag: 0x70, Err: ErrMissing}
	}
	return entries(inside.TLV(), d.CodeTable), nil
}

// ParsePPSE reads the answer to the selection of the PPSE, without the status word, and returns the entries in their
// order. Entries without an AID of 5 to 16 octets, or with a kernel identifier that is none, are left out. Errors are
// *SyntaxError, or a *ValueError with ErrMissing when there is no directory inside. Book B section 3.3.2.
func ParsePPSE(fci TLV) ([]Application, error) {
	inside, err := proprietary(fci)
	if err != nil {
		return nil, err
	}
	directory, ok := inside.Get(0xBF0C)
	if !ok {
		return nil, &ValueError{Tag: 0xBF0C, Err: ErrMissing}
	}
	return entries(directory.TLV(), codeTable(inside)), nil
}

// ParseApplication reads the answer to the selection of an application, without the status word. Errors are *SyntaxError,
// or a *ValueError for a name (tag 84) that is missing or no AID. EMV Book 1 section 11.3.4.
func ParseApplication(fci TLV) (Application, error) {
	inside, err := proprietary(fci)
	if err != nil {
		return Application{}, err
	}
	aid, ok := fci.Find(0x6F, 0x84)
	switch {
	case !ok:
		return Application{}, &ValueError{Tag: 0x84, Err: ErrMissing}
	case !isAID(aid):
		return Application{}, &ValueError{Tag: 0x84, Err: ErrLength}
	}
	a, _ := application(inside, codeTable(inside))
	a.AID, a.Languages = aid, textOf(inside, 0x5F2D)
	return a, nil
}

// proprietary returns the inside of A5 in the answer to a selection.
func proprietary(fci TLV) (TLV, error) {
	if err := fci.Validate(nil); err != nil {
		return nil, err
	}
	inside, ok := fci.Find(0x6F, 0xA5)
	if !ok {
		return nil, &ValueError{Tag: 0xA5, Err: ErrMissing}
	}
	return inside.TLV(), nil
}

func entries(d TLV, table int) []Application {
	var applications []Application
	for v := range d.GetAll(0x61) {
		aid, _ := v.TLV().Get(0x4F)
		a, ok := application(v.TLV(), table)
		if !ok || !isAID(aid) {
			continue
		}
		a.AID = aid
		applications = append(applications, a)
	}
	return applications
}

func isAID(b []byte) bool { return len(b) >= 5 && len(b) <= 16 }

// application reads what entries and answers to selections have in common; false when its kernel identifier is none.
func application(d TLV, table int) (Application, bool) {
	a := Application{Label: textOf(d, 0x50)}
	if name, ok := d.Get(0x9F12); ok && table == 1 {
		a.PreferredName = latin1(name)
	}
	if priority, _ := d.Get(0x87); len(priority) == 1 {
		a.Priority, a.Confirm = int(priority[0]&0x0F), priority[0]&0x80 != 0
	}
	a.Extension, _ = d.Get(0x9F29)
	kernel, _ := d.Get(0x9F2A)
	var ok bool
	a.Kernel, ok = kernelID(kernel)
	a.AnyKernel = ok && len(kernel) > 0 && a.Kernel == KernelID{}
	return a, ok
}

// kernelID reads tag 9F2A. Two leading bits say who numbers the kernel: international ones need one octet, domestic ones
// three, of which the number in the first must not be 0. Book B section 3.3.2.5.
func kernelID(v []byte) (KernelID, bool) {
	const domestic, number = 0x80, 0x3F
	switch {
	case len(v) == 0:
		return KernelID{}, true
	case len(v) > 8:
		return KernelID{}, false
	case v[0]&domestic == 0:
		return KernelID{v[0]}, true
	case len(v) < 3 || v[0]&number == 0:
		return KernelID{}, false
	}
	return KernelID(v[:3]), true
}

// kernelOf is the kernel of an application that names none: that of its scheme. Book B table 3-6.
func kernelOf(aid []byte) KernelID { return KernelID{byte(RIDOf(aid).Scheme())} }

func textOf(d TLV, t Tag) string {
	v, _ := d.Get(t)
	return printable(v)
}

// latin1 reads text of ISO/IEC 8859-1 without its control characters.
func latin1(v []byte) string {
	var s strings.Builder
	for _, c := range v {
		if c >= ' ' && c <= '~' || c >= 0xA0 {
			s.WriteRune(rune(c))
		} else {
			s.WriteByte('.')
		}
	}
	return s.String()
}

func codeTable(d TLV) int {
	v, _ := d.Get(0x9F11)
	n, err := ParseN(v)
	if err != nil || n > 10 {
		return 0
	}
	return int(n)
}

// SupportedApplication is an application of the terminal.
type SupportedApplication struct {
	AID     []byte
	Partial bool // also for card applications whose AIDs begin with AID: the application selection indicator

	// Kernel is the contactless kernel it runs; zero is that of the AID's scheme. It does not count over contacts.
	Kernel KernelID
	// Extended is the extended selection support flag: a card's extension (9F29) is added to the name it is selected by. It
	// does not count over contacts.
	Extended bool
}

// Candidate is an application that both sides have.
type Candidate struct {
	Application
	Terminal int  // the index of the terminal's application
	Extended bool // the terminal's application supports extended selection, and the card is tapped
}

// SelectionName returns the name to select the candidate by: its AID, with the card's extension behind it where the
// terminal's application supports extended selection and an AID has room for it. Book B section 3.3.3.3.
func (c Candidate) SelectionName() []byte {
	if !c.Extended || len(c.AID)+len(c.Extension) > 16 {
		return c.AID
	}
	return slices.Concat(c.AID, c.Extension)
}

// Interface is how the card is read.
type Interface uint8

// The interfaces of a chip.
const (
	Contact Interface = iota
	Contactless
)

// String returns the name of the interface.
func (i Interface) String() string {
	switch i {
	case Contact:
		return "contact"
	case Contactless:
		return "contactless"
	}
	return "interface " + strconv.Itoa(int(i))
}

// Candidates returns the applications that both the card and the terminal have, the one to try first in front: by the
// card's priority, those without one last, in the card's order among equals. Of several of the terminal's that match a
// card application the longest AID counts; over contactless a card application is a candidate once with each kernel, and
// then the longest AID of each kernel counts. EMV Book 1 section 12.3 and 12.4, Book B sections 3.3.2 and 3.3.3.
func Candidates(card []Application, terminal []SupportedApplication, over Interface) []Candidate {
	var found []Candidate
	for _, a := range card {
		first := len(found)
		for i, s := range terminal {
			match := MatchAID(a.AID, s.AID)
			if match == NoMatch || match == PartialMatch && !s.Partial || over != Contact && !s.runs(a) {
				continue
			}
			c := Candidate{Application: a, Terminal: i, Extended: s.Extended && over != Contact}
			rival := slices.IndexFunc(found[first:], func(c Candidate) bool {
				return over == Contact || terminal[c.Terminal].kernel() == s.kernel()
			})
			if rival < 0 {
				found = append(found, c)
			} else if rival += first; len(s.AID) > len(terminal[found[rival].Terminal].AID) {
				found[rival] = c
			}
		}
	}
	slices.SortStableFunc(found, func(a, b Candidate) int { return cmp.Compare(rank(a), rank(b)) })
	return found
}

// kernel is the contactless kernel the terminal's application runs.
func (s SupportedApplication) kernel() KernelID {
	if s.Kernel != (KernelID{}) {
		return s.Kernel
	}
	return kernelOf(s.AID)
}

// runs reports whether the kernel the card wants is the one the terminal has for the application.
func (s SupportedApplication) runs(a Application) bool {
	wanted := a.Kernel
	if wanted == (KernelID{}) {
		wanted = kernelOf(a.AID)
	}
	return a.AnyKernel || wanted == (KernelID{}) || wanted == s.kernel()
}

// rank orders candidates: the priorities from 1, then none.
func rank(c Candidate) int { return (c.Priority + 15) % 16 }
