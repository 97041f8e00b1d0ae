package emv

import (
	"cmp"
	"iter"
	"slices"
	"strconv"
)

// Source is who provides a data element.
type Source uint8

// The sources of data elements.
const (
	UnknownSource Source = iota
	SourceCard
	SourceTerminal
	SourceIssuer
)

// String returns the name of the source.
func (s Source) String() string {
	if s > SourceIssuer {
		return "source " + strconv.Itoa(int(s))
	}
	return [...]string{"unknown", "card", "terminal", "issuer"}[s]
}

// Format is how a value is coded. EMV Book 3 section 4.3.
type Format uint8

// The formats of EMV.
const (
	FormatB   Format = iota // binary
	FormatN                 // packed digits, zeros before them
	FormatCN                // packed digits, F behind them
	FormatA                 // letters
	FormatAN                // letters and digits
	FormatANS               // letters, digits and special characters
)

// String returns the abbreviation EMV uses.
func (f Format) String() string {
	if f > FormatANS {
		return "format " + strconv.Itoa(int(f))
	}
	return [...]string{"b", "n", "cn", "a", "an", "ans"}[f]
}

// Sensitivity is how much of a value may be shown.
type Sensitivity uint8

// What may be shown, from nothing to everything. An entry that does not say is hidden.
const (
	Hidden     Sensitivity = iota // nothing but the size
	MaskScript                    // an issuer script command: its header
	MaskTrack                     // a track: the masked card number and the expiry date
	MaskPAN                       // a card number: its first six and last four digits
	Public                        // all of it
)

// Scheme is a payment system. Its number is that of its contactless kernel.
type Scheme uint8

// The payment systems whose data elements are known.
const (
	AnyScheme  Scheme = 0
	Mastercard Scheme = 2
	Visa       Scheme = 3
	Amex       Scheme = 4
	JCB        Scheme = 5
	Discover   Scheme = 6
	UnionPay   Scheme = 7
)

// String returns the name of the scheme.
func (s Scheme) String() string {
	if s > UnionPay || s == 1 {
		return "kernel " + strconv.Itoa(int(s))
	}
	return [...]string{"any", "", "Mastercard", "Visa", "American Express", "JCB", "Discover", "UnionPay"}[s]
}

// Scheme returns the payment system that registered the RID; AnyScheme when it is not one of those known.
func (r RID) Scheme() Scheme {
	switch r {
	case RIDMastercard:
		return Mastercard
	case RIDVisa:
		return Visa
	case RIDAmex:
		return Amex
	case RIDJCB:
		return JCB
	case RIDDiscover:
		return Discover
	case RIDUnionPay:
		return UnionPay
	}
	return AnyScheme
}

// Context says whose data it is, for the tags that schemes give different meanings: 9F5D, 9F63, 9F66, 9F67, 9F69, 9F6B,
// 9F6D, 9F6E, 9F7C and others. The zero value says nothing.
type Context struct {
	RID    RID // of the application
	Kernel int // number of the contactless kernel, 2 to 7; asked only when the RID tells nothing
}

func (c Context) scheme() Scheme {
	if s := c.RID.Scheme(); s != AnyScheme || c.RID != (RID{}) {
		return s
	}
	if c.Kernel >= int(Mastercard) && c.Kernel <= int(UnionPay) {
		return Scheme(c.Kernel)
	}
	return AnyScheme
}

// Info is what the dictionary knows about a data element.
type Info struct {
	Tag         Tag
	Name        string // English, as the EMV books have it
	NameChinese string
	Source      Source
	Format      Format
	Min, Max    int    // bytes of the value; a Max of 0 sets no limit
	Templates   []Tag  // where it stands; not to be changed
	Scheme      Scheme // whose meaning it is; AnyScheme when it is everybody's
	Sensitivity Sensitivity
}

// In returns the name in the language, the English one when the other is missing.
func (i Info) In(l Language) string {
	if l == Chinese && i.NameChinese != "" {
		return i.NameChinese
	}
	return i.Name
}

// Info returns the meaning that needs no context, or the most usual one.
func (t Tag) Info() (Info, bool) { return Lookup(t, Context{}) }

// Lookup returns what the built-in dictionary knows about the tag in the context. Where the context tells the scheme,
// the meanings of other schemes are not found; where it tells nothing and several have one, the first is returned with
// the strictest sensitivity of them all.
func Lookup(t Tag, c Context) (Info, bool) {
	var d *Dictionary
	return d.Lookup(t, c)
}

// Dictionary is the built-in dictionary under entries of one's own. It is immutable; nil is the built-in one.
type Dictionary struct {
	own []Info // ordered by tag
}

// NewDictionary returns a dictionary that prefers the given entries: for the DFxx tags every terminal vendor gives a
// meaning of its own. An entry with a Scheme counts only for it. Tags without an entry are as in the built-in one.
func NewDictionary(own ...Info) *Dictionary {
	own = slices.Clone(own)
	slices.SortStableFunc(own, func(a, b Info) int { return cmp.Compare(a.Tag, b.Tag) })
	return &Dictionary{own: own}
}

// Lookup returns what the dictionary knows about the tag in the context.
func (d *Dictionary) Lookup(t Tag, c Context) (Info, bool) {
	e, ok := d.find(t, c, anyLength)
	return e.Info, ok
}

// Tags iterates over the entries of the built-in dictionary, ordered by tag: first those that mean the same to everybody,
// then those of the schemes, one for each meaning.
func Tags() iter.Seq[Info] {
	return func(yield func(Info) bool) {
		for _, rows := range [][]row{coreRows[:], schemeRows[:]} {
			for _, r := range rows {
				if !yield(r.entry(AnyScheme).Info) {
					return
				}
			}
		}
	}
}

// anyLength is the length of a value nobody has.
const anyLength = -1

// entry is an Info and how its value is shown.
type entry struct {
	Info
	kind kind
}

// find looks the tag up. The length of the value, unless anyLength, helps to choose between schemes.
func (d *Dictionary) find(t Tag, c Context, length int) (entry, bool) {
	scheme := c.scheme()
	if d != nil {
		i, _ := slices.BinarySearchFunc(d.own, t, func(e Info, t Tag) int { return cmp.Compare(e.Tag, t) })
		for ; i < len(d.own) && d.own[i].Tag == t; i++ {
			if own := d.own[i]; own.Scheme == AnyScheme || own.Scheme == scheme {
				return entry{own, kindOf(own.Format)}, true
			}
		}
	}
	ofSchemes := rowsOf(schemeRows[:], t)
	if scheme != AnyScheme {
		for _, r := range ofSchemes {
			if !r.schemes.include(scheme) {
				continue
			}
			e := r.entry(scheme)
			if !r.fits(length) { // then perhaps it is another scheme's after all
				e.Sensitivity = strictest(ofSchemes)
			}
			return e, true
		}
	}
	if core := rowsOf(coreRows[:], t); len(core) > 0 {
		return core[0].entry(AnyScheme), true
	}
	if c != (Context{}) || len(ofSchemes) == 0 {
		return entry{}, false
	}
	return usual(ofSchemes, length), true
}

// usual chooses among the meanings of several schemes: the first whose size fits, as secret as the most secret.
func usual(rows []row, length int) entry {
	chosen := rows[0]
	if i := slices.IndexFunc(rows, func(r row) bool { return r.fits(length) }); i >= 0 {
		chosen = rows[i]
	}
	e := chosen.entry(AnyScheme)
	e.Sensitivity = strictest(rows)
	return e
}

func strictest(rows []row) Sensitivity {
	s := Public
	for _, r := range rows {
		s = min(s, r.sensitivity)
	}
	return s
}

func rowsOf(rows []row, t Tag) []row {
	i, found := slices.BinarySearchFunc(rows, t, func(r row, t Tag) int { return cmp.Compare(r.tag, t) })
	if !found {
		return nil
	}
	end := i + 1
	for end < len(rows) && rows[end].tag == t {
		end++
	}
	return rows[i:end]
}
