package emv

import (
	"fmt"
	"strconv"
	"strings"
)

// UnionPayQPS is the contactless parameters of a UnionPay terminal, downloaded with 60.3 394: up to which amount a tap
// needs no PIN and no signature (小额免密免签), and for whose cards. The comments name the tags of field 62.
type UnionPayQPS struct {
	PreferEC bool // FF805D: electronic cash before the account

	RetapSeconds  int // FF803A: how long to wait for the card of an interrupted tap
	RecordSeconds int // FF803C: how long such a tap can be resumed

	NoPIN      bool   // FF8054: taps without a PIN are on
	NoPINLimit uint64 // FF8058: up to this amount, minor units

	// OnlyTableA and DebitTableB are the stages of the roll-out: at first only cards of BIN table A, then all but domestic
	// debit cards outside BIN table B, then all.
	OnlyTableA  bool // FF8055
	DebitTableB bool // FF8056

	DeviceCVM bool // FF8057: a phone that verified its holder needs no PIN, whatever the amount

	NoSignature      bool   // FF805A: taps without a signature are on
	NoSignatureLimit uint64 // FF8059: up to this amount, minor units

	Others string // entries with other tags or without a value, as they stood
}

// The entries: a tag of six characters, a length of three digits, digits.
const (
	qpsTag    = 6
	qpsLength = 3
)

// ParseUnionPayQPS reads field 62 of the answer: tags of six characters, each with three digits of length and a value of
// digits. Of repeated entries the first with a value counts, and the others go to Others. Errors, in a *ValueError that
// names the tag: ErrTruncated, ErrLength for a number that is too long, ErrDigits.
func ParseUnionPayQPS(field62 string) (UnionPayQPS, error) {
	var q UnionPayQPS
	seen := map[Tag]bool{}
	for rest := field62; rest != ""; {
		if len(rest) < qpsTag+qpsLength {
			return UnionPayQPS{}, &ValueError{Offset: len(field62) - len(rest), Err: ErrTruncated}
		}
		tag, _ := ParseTag(rest[:qpsTag]) // 0 for what is no tag: an entry of others
		n, err := strconv.ParseUint(rest[qpsTag:qpsTag+qpsLength], 10, 16)
		switch {
		case err != nil:
			return UnionPayQPS{}, &ValueError{Tag: tag, Offset: len(field62) - len(rest), Err: ErrDigits}
		case int(n) > len(rest)-qpsTag-qpsLength:
			return UnionPayQPS{}, &ValueError{Tag: tag, Offset: len(field62) - len(rest), Err: ErrTruncated}
		}
		entry := rest[:qpsTag+qpsLength+int(n)]
		rest = rest[len(entry):]
		if seen[tag] || n == 0 {
			q.Others += entry
			continue
		}
		seen[tag] = true
		if err := q.read(tag, entry); err != nil {
			return UnionPayQPS{}, &ValueError{Tag: tag, Err: err}
		}
	}
	return q, nil
}

// read takes over one entry.
func (q *UnionPayQPS) read(tag Tag, entry string) (err error) {
	value := entry[qpsTag+qpsLength:]
	switch tag {
	case 0xFF805D:
		q.PreferEC, err = textFlag(value)
	case 0xFF803A:
		q.RetapSeconds, err = textNumber(value, 3)
	case 0xFF803C:
		q.RecordSeconds, err = textNumber(value, 3)
	case 0xFF8054:
		q.NoPIN, err = textFlag(value)
	case 0xFF8058:
		q.NoPINLimit, err = textAmount(value)
	case 0xFF8055:
		q.OnlyTableA, err = textFlag(value)
	case 0xFF8056:
		q.DebitTableB, err = textFlag(value)
	case 0xFF8057:
		q.DeviceCVM, err = textFlag(value)
	case 0xFF805A:
		q.NoSignature, err = textFlag(value)
	case 0xFF8059:
		q.NoSignatureLimit, err = textAmount(value)
	default:
		q.Others += entry
	}
	return err
}

func textAmount(value string) (uint64, error) {
	switch {
	case len(value) > 12:
		return 0, ErrLength
	case strings.IndexFunc(value, notDigit) >= 0:
		return 0, ErrDigits
	}
	return strconv.ParseUint(value, 10, 64)
}

func textNumber(value string, digits int) (int, error) {
	if len(value) > digits {
		return 0, ErrLength
	}
	n, err := textAmount(value)
	return int(n), err
}

func textFlag(value string) (bool, error) {
	n, err := textNumber(value, 1)
	if err == nil && n > 1 {
		err = ErrDigits
	}
	return n == 1, err
}

// Append appends field 62 with every parameter. ErrDigits, in a *ValueError, for seconds of more than three digits or
// amounts of more than twelve; dst then is as it was.
func (q UnionPayQPS) Append(dst []byte) ([]byte, error) {
	out := dst
	for _, e := range []struct {
		tag    Tag
		digits int
		value  uint64
	}{
		{0xFF805D, 1, bit(q.PreferEC)}, {0xFF803A, 3, uint64(q.RetapSeconds)}, {0xFF803C, 3, uint64(q.RecordSeconds)},
		{0xFF8054, 1, bit(q.NoPIN)}, {0xFF8055, 1, bit(q.OnlyTableA)}, {0xFF8056, 1, bit(q.DebitTableB)},
		{0xFF8057, 1, bit(q.DeviceCVM)}, {0xFF8058, 12, q.NoPINLimit}, {0xFF8059, 12, q.NoSignatureLimit},
		{0xFF805A, 1, bit(q.NoSignature)},
	} {
		value := fmt.Sprintf("%0*d", e.digits, e.value)
		if len(value) > e.digits {
			return dst, &ValueError{Tag: e.tag, Err: ErrDigits}
		}
		out = fmt.Appendf(out, "%v%03d%s", e.tag, e.digits, value)
	}
	return append(out, q.Others...), nil
}

func bit(on bool) uint64 {
	if on {
		return 1
	}
	return 0
}

// UnionPayQPSInput is the tap that the parameters are asked about. Only a tap that the issuer is asked about can be without PIN
// and signature: a stripe, a contact chip and a tap in magnetic stripe mode never are.
type UnionPayQPSInput struct {
	Amount uint64 // minor units
	Tapped bool   // over contactless, in EMV mode, and goes online
	CTQ    CTQ    // tag 9F6C of the card; zero without it

	InTableA bool // the card's BIN, in the tables that the host sends
	InTableB bool
	InTableC bool // the cards that are shut out

	DomesticDebit bool
}

// UnionPayQPSDecision is what a tap can do without.
type UnionPayQPSDecision struct {
	NoPIN       bool // field 22 says 072, and there is no field 52
	NoSignature bool // the receipt has no line for it
}

// Decide tells what a tap can do without.
func (q UnionPayQPS) Decide(in UnionPayQPSInput) UnionPayQPSDecision {
	if !in.Tapped {
		return UnionPayQPSDecision{}
	}
	allowed := !in.InTableC
	switch {
	case q.OnlyTableA:
		allowed = allowed && in.InTableA
	case q.DebitTableB && in.DomesticDebit:
		allowed = allowed && in.InTableB
	}
	verified := q.DeviceCVM && in.CTQ.Has(CTQConsumerDeviceCVMDone) && !in.CTQ.Has(CTQOnlinePIN)
	return UnionPayQPSDecision{
		NoPIN:       verified || allowed && q.NoPIN && in.Amount <= q.NoPINLimit,
		NoSignature: allowed && q.NoSignature && in.Amount <= q.NoSignatureLimit,
	}
}
