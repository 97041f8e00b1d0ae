package crypto

import (
	"fmt"
	"slices"
	"strings"

	"github.com/posline/posline/internal/keymaterial"
)

// rules are what options say about what a key may do, beyond its attributes. They go where the key goes: into a key block,
// a key store, the state of a terminal.
type rules struct {
	permissions keymaterial.Permission
	methods     []method
	carriesOnly bool
	carries     []Usage
	confers     *rules // of keys that arrive under it

	home   *homeMark // where it may be kept
	keeper *homeMark // whose keys it keeps
}

// A method is how PIN verification data is computed under keys of a usage, in the words of package pinblock.
type method struct {
	usage Usage
	text  string
}

// Confers is an option of a key under which others arrive: a key encryption key, a key block protection key. Keys that are
// unwrapped under it have the rules of these options, as far as they are for such keys: where they may be kept
// (Home.Storable), how they verify PINs (pinblock.OffsetMethod), what may be derived (dukpt.AllowLegacyData). The header of a
// key block does not say such things and whoever calls Unwrap must not, so that the key they arrive under does. It unwraps
// only: a key that could be wrapped under it would come back with rules that it did not have. X9.24-1 wants a key of its own
// for each direction anyway.
func Confers(options ...Option) Option {
	options = slices.Clone(options)
	return func(o *KeyOptions) {
		var given KeyOptions
		given.apply(options)
		if given.fault != nil {
			o.fault = given.fault
		}
		own := given.rules // an option may hold on to the ones it was given
		o.rules.confers = &own
	}
}

// fitting returns the rules that mean something to a key of the usage.
func (r rules) fitting(u Usage) rules {
	if len(r.methods) > 0 {
		r.methods = slices.DeleteFunc(slices.Clone(r.methods), func(m method) bool { return m.usage != u })
	}
	if u != UsageKEK {
		r.carriesOnly, r.carries = false, nil
	}
	switch u {
	case UsageCVK:
		r.permissions &= keymaterial.CAVV
	case UsageBDK, UsageInitialKey:
		r.permissions &^= keymaterial.CAVV
	default:
		r.permissions = 0
	}
	return r
}

// widening reports rules that a caller may not give to a key that arrives: all but those of CarriesOnly, which take away.
func (r *rules) widening() bool {
	return r.permissions != 0 || len(r.methods) > 0 || r.confers != nil || r.home != nil || r.keeper != nil
}

// bound reports rules that the key must not lose: in a form other than a key block it would.
func (r *rules) bound() bool {
	return r.carriesOnly || len(r.methods) > 0 || r.permissions&keymaterial.CAVV != 0
}

// join adds the rules that another one has. Of two methods for a usage the own one counts, of two lists of what may be
// carried what is in both.
func (r *rules) join(other *rules) {
	r.permissions |= other.permissions
	for _, m := range other.methods {
		if _, there := r.method(m.usage); !there {
			r.methods = append(slices.Clip(r.methods), m)
		}
	}
	switch {
	case r.carriesOnly && other.carriesOnly:
		r.carries = slices.DeleteFunc(slices.Clone(r.carries), func(u Usage) bool { return !contains(other.carries, u) })
	case other.carriesOnly:
		r.carriesOnly, r.carries = true, other.carries
	}
	if r.confers == nil {
		r.confers = other.confers
	}
	if r.home == nil {
		r.home = other.home
	}
	if r.keeper == nil {
		r.keeper = other.keeper
	}
}

func (r *rules) same(other *rules) bool {
	if r == nil || other == nil {
		return r == other
	}
	return r.permissions == other.permissions && slices.Equal(r.methods, other.methods) && r.carriesOnly == other.carriesOnly &&
		slices.Equal(r.carries, other.carries) && r.home == other.home && r.keeper == other.keeper && r.confers.same(other.confers)
}

// SameRules reports whether options said the same about both keys.
func (k Key) SameRules(other Key) bool {
	return k.reach != nil && other.reach != nil && k.core().rules.same(&other.core().rules)
}

func (r *rules) method(u Usage) (string, bool) {
	for _, m := range r.methods {
		if m.usage == u {
			return m.text, true
		}
	}
	return "", false
}

// An Arrival is what a key brings along that is made of bytes somebody sent or kept. X9.143 section 6.3.6 (proprietary
// optional blocks).
type Arrival struct {
	Under Key    // what it arrived under, the zero Key for something that is no Key
	Of    Key    // what it is a part of or made of, and has the rules of
	Rules string // as Key.Rules wrote them
	Home  Home   // where it was kept
}

// Receive makes a key that arrives: its rules are those it brings along and those that the key it arrives under Confers.
// Options may not add to them, but for CarriesOnly, which takes away: ErrUsage. Rules that are none are ErrAttributes. The
// other errors are those of NewKey. Only packages of this module can call it.
func Receive(token keymaterial.Token, arrival Arrival, a Attributes, bytes []byte, options ...Option) (Key, error) {
	var seen KeyOptions
	seen.apply(options)
	o := seen // not what an option has seen and may hold on to: it could add to it behind the check
	if !token.Granted() {
		return Key{}, ErrUsage
	}
	if o.rules.widening() {
		return Key{}, fmt.Errorf("%w: a key that arrives has its rules from its owner or by Confers, not from the caller", ErrUsage)
	}
	own, err := parseRules(arrival.Rules, arrival.Home, maximumNesting)
	if err != nil {
		return Key{}, err
	}
	own.home = arrival.Home.mark
	if c := arrival.Of.core(); c != nil {
		own.join(&c.rules)
	}
	own.join(&o.rules)
	if c := arrival.Under.core(); c != nil && c.rules.confers != nil {
		own.join(c.rules.confers)
	}
	o.rules = own
	return newKey(a, bytes, &o)
}

// The text of rules is words with spaces in between. 'P' and letters are permissions, 'C' and usages what is carried, 'M', a
// usage and a text a method; 'F' stands before the rules that are conferred.
const (
	wordPermissions, wordCarries, wordMethod, wordConfers = 'P', 'C', 'M', "F"
	letterKeeper, letterHome                              = 'K', 'H' // relative to the home the text is for

	maximumNesting = 2 // a key that confers on keys that confer
)

// letters are those of permissions.
var letters = map[keymaterial.Permission]byte{
	keymaterial.InitialExports: 'I', keymaterial.LegacyData: 'L', keymaterial.SingleDES: 'S', keymaterial.CAVV: 'V',
}

// Rules returns what options said about what the key may do, as text to be kept with it at a home; "" for nothing. What is
// about another home is left out.
func (k Key) Rules(at Home) string {
	if k.reach == nil {
		return ""
	}
	return strings.Join(k.core().rules.words(at, false), " ")
}

func (r *rules) words(at Home, conferred bool) (words []string) {
	permissions := []byte{wordPermissions}
	for p := keymaterial.Permission(1); p != 0; p <<= 1 {
		if letter := letters[p]; letter != 0 && r.permissions&p != 0 {
			permissions = append(permissions, letter)
		}
	}
	if at.mark != nil && r.keeper == at.mark {
		permissions = append(permissions, letterKeeper)
	}
	if at.mark != nil && r.home == at.mark && conferred {
		permissions = append(permissions, letterHome)
	}
	if len(permissions) > 1 {
		words = append(words, string(permissions))
	}
	if r.carriesOnly {
		carries := string(wordCarries)
		for _, u := range r.carries {
			carries += u.String()
		}
		words = append(words, carries)
	}
	for _, m := range r.methods {
		words = append(words, string(wordMethod)+m.usage.String()+m.text)
	}
	if r.confers != nil {
		words = append(append(words, wordConfers), r.confers.words(at, true)...)
	}
	return words
}

var errRules = fmt.Errorf("%w: rules of the key", ErrAttributes)

// parseRules undoes Rules. What it does not know it refuses: it may be a rule that takes something away.
func parseRules(text string, at Home, nesting int) (r rules, err error) {
	for text != "" {
		word, rest, _ := strings.Cut(text, " ")
		text = rest
		ok := len(word) > 0
		switch {
		case !ok:
		case word[0] == wordPermissions:
			ok = r.parsePermissions(word[1:], at, nesting < maximumNesting)
		case word[0] == wordCarries:
			r.carriesOnly = true
			r.carries, ok = parseUsages(word[1:])
		case word[0] == wordMethod && len(word) >= 3:
			usage, err := ParseUsage(word[1:3])
			r.methods, ok = append(r.methods, method{usage, word[3:]}), err == nil
		case word == wordConfers && nesting > 0:
			given, err := parseRules(text, at, nesting-1)
			if err != nil {
				return rules{}, err
			}
			r.confers = &given
			return r, nil
		default:
			ok = false
		}
		if !ok {
			return rules{}, errRules
		}
	}
	return r, nil
}

func (r *rules) parsePermissions(text string, at Home, conferred bool) bool {
next:
	for _, c := range []byte(text) {
		for p, letter := range letters {
			if letter == c {
				r.permissions |= p
				continue next
			}
		}
		switch {
		case c == letterKeeper:
			r.keeper = at.mark
		case c == letterHome && conferred:
			r.home = at.mark
		default:
			return false
		}
	}
	return true
}

func parseUsages(text string) (usages []Usage, ok bool) {
	for ; len(text) >= 2; text = text[2:] {
		u, err := ParseUsage(text[:2])
		if err != nil {
			return nil, false
		}
		usages = append(usages, u)
	}
	return usages, text == ""
}
