package wire

import "encoding/binary"

// Window is a check of up to eight bytes of a run of fixed values that lie side by side. One window may check several
// values, or a part of one.
type Window struct {
	check Check
	at    int    // where the eight bytes start in the run
	words int    // with all bits of mask: how many such windows follow one another
	mask  uint64 // which bits of them are checked
	want  uint64 // of fillers: the bits that must be there; with a form none
	form  *Form  // for checks that no word does: the value from at on
	size  int    // bytes of the value
}

// AppendWindows appends the checks of a fixed value that starts at offset in a run of so many bytes. Windows from index
// first on are those of the run; one of the same check that reaches the value takes it in.
func (f *Form) AppendWindows(dst []Window, first, offset, run int) []Window {
	switch f.Check {
	case CheckNothing:
		return dst
	case CheckDigits, CheckPrintable, CheckSeven:
		if run >= 8 {
			return appendMasked(dst, first, f.Check, offset, f.Size, run, ^uint64(0), ^uint64(0))
		}
	case CheckBCD:
		if run >= 8 {
			return f.appendPackedWindows(dst, first, offset, run)
		}
	}
	return append(dst, Window{at: offset, form: f, size: f.Size})
}

// appendPackedWindows leaves the nibble beside an odd digit out of the check, and asks for the filler where it must be
// the declared one.
func (f *Form) appendPackedWindows(dst []Window, first, offset, run int) []Window {
	head, tail := ^uint64(0), ^uint64(0)
	if f.Max%2 == 1 {
		at, nibble, filler := offset, uint64(0xF0), uint64(f.Filler)<<4
		if f.Left {
			at, nibble, filler = offset+f.Size-1, 0x0F, uint64(f.Filler)
			tail = ^nibble
		} else {
			head = ^nibble
		}
		if f.Size == 1 {
			head, tail = ^nibble, ^nibble
		}
		if !f.AnyFiller {
			from := min(at, run-8)
			shift := 8 * (at - from)
			dst = append(dst, Window{check: CheckNothing, at: from, mask: nibble << shift, want: filler << shift})
		}
	}
	return appendMasked(dst, first, CheckBCD, offset, f.Size, run, head, tail)
}

// appendMasked adds the bytes of a value to windows, the first and the last of them masked.
func appendMasked(dst []Window, first int, check Check, offset, size, run int, head, tail uint64) []Window {
	for i := range size {
		mask := uint64(0xFF)
		if i == 0 {
			mask &= head
		}
		if i == size-1 {
			mask &= tail
		}
		at := offset + i
		k := len(dst) - 1
		for k >= first && (dst[k].check != check || dst[k].form != nil || at-dst[k].at >= 8) {
			k--
		}
		if k < first {
			dst = append(dst, Window{check: check, at: min(at, run-8)})
			k = len(dst) - 1
		}
		dst[k].mask |= mask << (8 * (at - dst[k].at))
	}
	return dst
}

// MergeWindows makes one window of those that check whole words one behind the other.
func MergeWindows(windows []Window) []Window {
	out := windows[:0]
	for _, w := range windows {
		w.words = 1
		if last := len(out) - 1; last >= 0 && w.form == nil && w.mask == ^uint64(0) && out[last].form == nil && out[last].mask == w.mask &&
			out[last].check == w.check && out[last].at+8*out[last].words == w.at {
			out[last].words++
			continue
		}
		out = append(out, w)
	}
	return out
}

// Sound runs the checks of a run of values.
func Sound(windows []Window, run []byte) bool {
	for i := range windows {
		w := &windows[i]
		if w.form != nil {
			if !w.form.ValidContent(run[w.at:w.at+w.size], w.form.Max) {
				return false
			}
			continue
		}
		if w.words > 1 {
			if !soundWords(w.check, run[w.at:w.at+8*w.words]) {
				return false
			}
			continue
		}
		x := binary.LittleEndian.Uint64(run[w.at:])
		switch w.check {
		case CheckDigits:
			x = notDigits(x&w.mask | 0x30*ones&^w.mask)
		case CheckPrintable:
			x = notPrintable(x) & w.mask
		case CheckSeven:
			x &= highs & w.mask
		case CheckBCD:
			x = notBCD(x & w.mask)
		default:
			x = x&w.mask ^ w.want
		}
		if x != 0 {
			return false
		}
	}
	return true
}

// soundWords checks whole words.
func soundWords(check Check, b []byte) bool {
	var bad uint64
	switch check {
	case CheckDigits:
		for ; len(b) >= 8; b = b[8:] {
			bad |= notDigits(binary.LittleEndian.Uint64(b))
		}
	case CheckPrintable:
		for ; len(b) >= 8; b = b[8:] {
			bad |= notPrintable(binary.LittleEndian.Uint64(b))
		}
	case CheckSeven:
		for ; len(b) >= 8; b = b[8:] {
			bad |= binary.LittleEndian.Uint64(b) & highs
		}
	default:
		for ; len(b) >= 8; b = b[8:] {
			bad |= notBCD(binary.LittleEndian.Uint64(b))
		}
	}
	return bad == 0
}
