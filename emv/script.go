package emv

import (
	"fmt"
	"iter"
)

// ScriptCommand is one command of an issuer script, tag 86: an APDU for the card. EMV Book 3 section 10.10.
type ScriptCommand []byte

// ScriptPhase is when the card gets a script.
type ScriptPhase uint8

// Template 71 goes to the card before the final GENERATE AC, template 72 after it.
const (
	BeforeFinalAC ScriptPhase = iota
	AfterFinalAC
)

// Script is an issuer script of an authorisation response: template 71 or 72.
type Script struct {
	Phase ScriptPhase
	ID    [4]byte // tag 9F18, zero when the issuer sent none
	Data  TLV     // the inside of the template

	cut bool // the answer ends before the template does
}

// Scripts iterates over the issuer scripts of an authorisation response in their order. One that is cut off counts too, with
// the data there are; Validate refuses it.
func Scripts(d TLV) iter.Seq[Script] {
	return func(yield func(Script) bool) {
		objects := NewDecoder(d, nil)
		for objects.Next() {
			if t := objects.Tag(); isScript(t) && !yield(newScript(t, objects.Value().TLV())) {
				return
			}
		}
		if fault := objects.err; fault != nil && isScript(fault.Tag) {
			s := newScript(fault.Tag, d[fault.Offset:])
			s.cut = true
			yield(s)
		}
	}
}

func isScript(t Tag) bool { return t == 0x71 || t == 0x72 }

func newScript(t Tag, inside TLV) Script {
	s := Script{Data: inside}
	if t == 0x72 {
		s.Phase = AfterFinalAC
	}
	if id, ok := inside.Get(0x9F18); ok && len(id) == len(s.ID) {
		s.ID = [4]byte(id)
	}
	return s
}

// Validate returns what is wrong with the script as a whole, before anything of it goes to the card: a *SyntaxError for data
// that are damaged or cut off, a *ValueError with ErrMissing for a script without a command. The commands themselves have a
// Valid.
func (s Script) Validate() error {
	if err := s.Data.Validate(nil); err != nil {
		return err
	}
	if s.cut {
		return &SyntaxError{Offset: len(s.Data), Part: "value", Tag: s.tag(), Err: ErrTruncated}
	}
	if !s.Data.has(0x86) {
		return &ValueError{Tag: 0x86, Err: ErrMissing}
	}
	return nil
}

func (s Script) tag() Tag {
	if s.Phase == AfterFinalAC {
		return 0x72
	}
	return 0x71
}

// Commands iterates over the commands of the script in their order. It stops at a fault as at the end: Validate the script
// first.
func (s Script) Commands() iter.Seq[ScriptCommand] {
	return func(yield func(ScriptCommand) bool) {
		for v := range s.Data.GetAll(0x86) {
			if !yield(ScriptCommand(v)) {
				return
			}
		}
	}
}

// Valid reports whether the command is a whole APDU header and its Lc, when there is one, counts what follows.
func (c ScriptCommand) Valid() bool {
	return len(c) == 4 || len(c) == 5 || len(c) > 5 && (int(c[4]) == len(c)-5 || int(c[4]) == len(c)-6)
}

var commandNames = map[byte]text{
	0x16: {"CARD BLOCK", "卡片锁定"},
	0x18: {"APPLICATION UNBLOCK", "应用解锁"},
	0x1E: {"APPLICATION BLOCK", "应用锁定"},
	0x24: {"PIN CHANGE/UNBLOCK", "PIN修改/解锁"},
	0xD2: {"UPDATE RECORD", "修改记录"},
	0xD6: {"UPDATE BINARY", "修改二进制"},
	0xDA: {"PUT DATA", "设置数据"},
	0xDB: {"PUT DATA", "设置数据"},
	0xDC: {"UPDATE RECORD", "修改记录"},
	0xE2: {"APPEND RECORD", "追加记录"},
}

// Text returns what the command does, and of PUT DATA to which tag; never its data.
func (c ScriptCommand) Text(l Language) string {
	if len(c) < 4 {
		return text{"not a command", "不是命令"}.in(l)
	}
	name, ok := commandNames[c[1]]
	if !ok {
		return text{"command ", "命令"}.in(l) + nibbles(c[1:2])
	}
	s := name.in(l)
	if c[1] == 0xDA {
		tag := Tag(c[2])<<8 | Tag(c[3])
		s += text{" of tag ", "，标签"}.in(l) + tag.String()
	}
	return s
}

// String returns the text in English.
func (c ScriptCommand) String() string { return c.Text(English) }

// Format prints the text in English, whatever the verb; convert to []byte for the bytes themselves.
func (c ScriptCommand) Format(f fmt.State, _ rune) { fmt.Fprint(f, c.Text(English)) }

// MarshalText writes the text in English, so that structured logs and JSON hold nothing of the data.
func (c ScriptCommand) MarshalText() ([]byte, error) { return []byte(c.Text(English)), nil }

// ScriptResult is what became of one issuer script: five octets of tag 9F5B. EMV Book 4 Annex A5.
type ScriptResult [5]byte

// ScriptOutcome is how a script ended.
type ScriptOutcome uint8

// The outcomes of a script.
const (
	ScriptNotPerformed ScriptOutcome = iota
	ScriptFailed
	ScriptSuccessful
)

var scriptOutcomes = [...]text{
	ScriptNotPerformed: {"not performed", "未执行"},
	ScriptFailed:       {"failed", "失败"},
	ScriptSuccessful:   {"successful", "成功"},
}

// String returns the outcome in English.
func (o ScriptOutcome) String() string { return o.Text(English) }

// Text returns the outcome.
func (o ScriptOutcome) Text(l Language) string { return bitText(scriptOutcomes[:], o, l) }

// NewScriptResult returns the result of a script. The sequence is the number of the command that failed, from 1; above
// 14 it is 15, and 0 when none failed.
func NewScriptResult(outcome ScriptOutcome, sequence int, id [4]byte) ScriptResult {
	return ScriptResult{byte(outcome)<<4 | byte(min(max(sequence, 0), 15)), id[0], id[1], id[2], id[3]}
}

// Outcome returns how the script ended.
func (r ScriptResult) Outcome() ScriptOutcome { return ScriptOutcome(r[0] >> 4) }

// Sequence returns the number of the command that failed, from 1; 15 stands for 15 and above, 0 for none.
func (r ScriptResult) Sequence() int { return int(r[0] & 0xF) }

// ID returns the identifier of the script.
func (r ScriptResult) ID() [4]byte { return [4]byte(r[1:]) }

// ParseScriptResults reads the value of tag 9F5B: five octets a script.
func ParseScriptResults(b []byte) ([]ScriptResult, error) {
	if len(b)%5 != 0 {
		return nil, &ValueError{Tag: 0x9F5B, Err: ErrLength}
	}
	var results []ScriptResult
	for ; len(b) > 0; b = b[5:] {
		results = append(results, ScriptResult(b[:5]))
	}
	return results, nil
}
