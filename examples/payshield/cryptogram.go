package payshield

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/cryptogram"
)

var _ cryptogram.Issuer = (*Client)(nil)

// The session keys that KQ knows.
const (
	schemeStatic = "0" // the card's own key
	schemeMChip  = "1" // of the counter and the unpredictable number
)

// chip is a request for KQ.
type chip struct {
	key               Key
	scheme            string
	card              [8]byte // the last 16 digits of PAN and sequence number
	counter, un, arqc []byte
	contents          []byte
	profile           cryptogram.Profile
}

// VerifyCryptogram has the device verify a cryptogram (KQ, mode 0), for cards with Triple DES, keys of option A, and no
// session key or M/Chip's; others are crypto.ErrUnsupported. Errors: crypto.ErrVerify, those of the data as in
// cryptogram.Profile.Verify, *Error.
func (c *Client) VerifyCryptogram(ctx context.Context, key crypto.KeyRef, r cryptogram.Request) error {
	q, err := newChip(key, r)
	if err != nil {
		return err
	}
	return c.do(ctx, "KQ", func(w *request) { q.write(w, "0") })
}

// AppendResponse has the device verify the cryptogram and compute the issuer's (KQ, mode 1), method 1, under the card's key:
// for M/Chip cards versions 10 and 11 and Visa's version 10. Another method is crypto.ErrUnsupported; errors are those of
// VerifyCryptogram, and cryptogram.ErrAnswer.
func (c *Client) AppendResponse(ctx context.Context, dst []byte, key crypto.KeyRef, r cryptogram.Request, a cryptogram.Answer) ([]byte, error) {
	q, err := newChip(key, r)
	if err != nil {
		return dst, err
	}
	method := q.profile.Response
	switch {
	case method == cryptogram.NoResponse || len(a.Proprietary) != 0:
		return dst, cryptogram.ErrAnswer
	case method != cryptogram.Response1Card && (method != cryptogram.Response1 || q.scheme != schemeStatic):
		return dst, fmt.Errorf("%w: %s on the device", crypto.ErrUnsupported, q.profile.Name)
	}
	reply, err := c.call(ctx, "KQ", func(w *request) {
		q.write(w, "1")
		w.Raw(a.ARC[:])
	})
	if err != nil {
		return dst, err
	}
	arpc := reply.Raw(8)
	if err := c.end("KQ", reply); err != nil {
		return dst, err
	}
	return append(append(dst, arpc...), a.ARC[:]...), nil
}

// AppendCommands is crypto.ErrUnsupported: the commands for issuer scripts are not known well enough.
func (c *Client) AppendCommands(
	_ context.Context, dst []byte, _ cryptogram.IssuerScriptKeys, _ cryptogram.Request, _ []cryptogram.IssuerCommand,
) ([]byte, error) {
	return dst, crypto.ErrUnsupported
}

func newChip(ref crypto.KeyRef, r cryptogram.Request) (q chip, err error) {
	if q.profile, err = r.ProfileOf(); err != nil {
		return q, err
	}
	if q.key, err = keyOf(ref, crypto.OpDerive, crypto.UsageEMVCryptogram); err != nil {
		return q, err
	}
	pan, err := q.setCard(r.Card)
	if err != nil {
		return q, err
	}
	if q.scheme, err = schemeOf(q.profile, pan); err != nil {
		return q, err
	}
	for _, f := range []struct {
		tag  emv.Tag
		size int
		to   *[]byte
	}{{0x9F36, 2, &q.counter}, {0x9F37, 4, &q.un}, {0x9F26, 8, &q.arqc}} {
		v, ok := r.Data.Get(f.tag)
		if !ok {
			return q, &emv.ValueError{Tag: f.tag, Err: cryptogram.ErrMissing}
		}
		if len(v) != f.size {
			return q, &emv.ValueError{Tag: f.tag, Err: emv.ErrLength}
		}
		*f.to = v
	}
	if q.contents, err = q.profile.AppendContents(nil, r.Data); err != nil {
		return q, err
	}
	q.pad()
	return q, nil
}

// setCard takes the last 16 digits of PAN and sequence number, and returns both.
func (q *chip) setCard(card cryptogram.Card) (string, error) {
	pan, sequence := card.PAN.Text(), card.Sequence
	if sequence == "" {
		sequence = "00"
	}
	if len(pan) < 8 || len(pan) > 19 || len(sequence) != 2 || !digits(pan+sequence) {
		return "", cryptogram.ErrCard
	}
	pan += sequence
	last := strings.Repeat("0", max(0, 16-len(pan))) + pan
	_, err := hex.Decode(q.card[:], []byte(last[len(last)-16:]))
	return pan, err
}

func schemeOf(p cryptogram.Profile, pan string) (string, error) {
	derived := p.Derivation == cryptogram.OptionA || p.Derivation == cryptogram.OptionB && len(pan) <= 18
	if p.Algorithm == crypto.TDES && derived {
		switch p.Session {
		case cryptogram.SessionDirect:
			return schemeStatic, nil
		case cryptogram.SessionMChip:
			return schemeMChip, nil
		}
	}
	return "", fmt.Errorf("%w: %s on the device", crypto.ErrUnsupported, p.Name)
}

// pad fills the contents up to whole blocks, because the device does not.
func (q *chip) pad() {
	if q.profile.Padding == crypto.Padding2 {
		q.contents = append(q.contents, 0x80)
	}
	for len(q.contents)%8 != 0 {
		q.contents = append(q.contents, 0)
	}
}

func (q chip) write(w *request, mode string) {
	w.Text(mode, q.scheme, q.key.text)
	w.Raw(q.card[:])
	w.Raw(q.counter)
	w.Raw(q.un)
	w.HexNumber(len(q.contents), 2)
	w.Raw(q.contents)
	w.Text(";")
	w.Raw(q.arqc)
}
