package card

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/posline/posline/emv"
)

// ExternalAuthenticate gives the card the issuer's answer, tag 91. A *StatusError with 6300: the issuer did not send it.
func (r *Reader) ExternalAuthenticate(response []byte) error {
	_, err := r.command(0x00, 0x82, 0, 0, response)
	return err
}

// Complete ends a transaction after the issuer has answered, or after it could not be reached, in the order of EMV Book 3
// sections 10.9 to 10.11: it gives the card the issuer's answer (91), the scripts for before (71), asks for the second
// cryptogram and gives the scripts for after (72).
//
// What to ask for is the caller's verdict: a TC when the host approved, an AAC when it did not, and what emv.ActionAnalysis
// says when nobody could be asked. The code does not tell it, because which codes approve differs from one host to the other;
// it goes to the card as tag 8A: that of field 39, or the terminal's own. The answer is the data of field 55, nil without any.
//
// A card that gave its cryptogram with the processing options, a tap, has no second one, whatever is asked for: when it and
// the terminal can do that it is selected again, the second tap of an issuer update, and gets the issuer's answer and scripts
// if it answers with the same name.
//
// TVR and TSI get their bits, and tags 9F5B and DF31 of the terminal's objects the results of the scripts. What the card
// refuses is told there, and is no error; an error is a card that does not answer as it should. ErrResponse, without a
// command: there is no request for the issuer, because the card gave no cryptogram, has decided by itself, or the
// transaction is complete.
func (r *Reader) Complete(asked emv.CryptogramType, code emv.ARC, answer emv.TLV) (emv.CID, error) {
	r.Set(0x8A, code[:])
	switch {
	case r.atOnce:
		return r.update(answer)
	case !r.given || r.ended:
		return 0, fmt.Errorf("%w: there is no cryptogram that the issuer could answer", ErrResponse)
	}
	if err := r.authenticateIssuer(answer); err != nil {
		return 0, err
	}
	r.runScripts(answer, emv.BeforeFinalAC, emv.TVRScriptFailedBefore)
	cid, err := r.GenerateAC(asked)
	if err != nil {
		return 0, err
	}
	r.runScripts(answer, emv.AfterFinalAC, emv.TVRScriptFailedAfter)
	return cid, nil
}

// update gives a tapped card what the issuer sent.
func (r *Reader) update(answer emv.TLV) (emv.CID, error) {
	cid, _ := r.Done()
	ctq, _ := emv.ParseCTQ(r.get(0x9F6C))
	value, _ := r.Terminal.Get(0x9F66)
	ttq, _ := emv.ParseTTQ(value)
	if !ctq.Has(emv.CTQIssuerUpdate) || !ttq.Has(emv.TTQIssuerUpdate) || len(answer) == 0 {
		return cid, nil
	}
	fci, err := r.command(0x00, 0xA4, 4, selectFirst, r.get(0x84))
	if err != nil {
		return 0, err
	}
	if name, ok := emv.TLV(fci).Lookup(0x84); !ok || !bytes.Equal(name, r.get(0x84)) {
		return 0, ErrResponse
	}
	if err := r.authenticateIssuer(answer); err != nil {
		return 0, err
	}
	r.runScripts(answer, emv.BeforeFinalAC, emv.TVRScriptFailedBefore)
	r.runScripts(answer, emv.AfterFinalAC, emv.TVRScriptFailedAfter)
	return cid, nil
}

// authenticateIssuer gives the card the issuer's answer by EXTERNAL AUTHENTICATE, if it takes it so, and leaves it for
// CDOL2 in any case.
func (r *Reader) authenticateIssuer(answer emv.TLV) error {
	response, ok := answer.Get(0x91)
	if !ok {
		return nil
	}
	r.Set(0x91, response)
	aip, err := emv.ParseAIP(r.get(0x82))
	if err != nil || !aip.Has(emv.AIPIssuerAuth) {
		return err
	}
	r.addTSI(emv.TSIIssuerAuthPerformed)
	var status *StatusError
	if err = r.ExternalAuthenticate(response); errors.As(err, &status) {
		r.AddTVR(bitsOf(emv.TVRIssuerAuthFailed))
		return nil
	}
	return err
}

// runScripts gives the card the scripts of a phase and notes the results.
func (r *Reader) runScripts(answer emv.TLV, phase emv.ScriptPhase, failure emv.TVRBit) {
	for s := range emv.Scripts(answer) {
		if s.Phase != phase {
			continue
		}
		result := r.RunScript(s)
		r.addTSI(emv.TSIScriptPerformed)
		if result.Outcome() != emv.ScriptSuccessful {
			r.AddTVR(bitsOf(failure))
		}
		for _, t := range []emv.Tag{0x9F5B, 0xDF31} {
			before, _ := r.Terminal.Get(t)
			r.Set(t, append(append([]byte{}, before...), result[:]...))
		}
	}
}

// RunScript gives the card the commands of an issuer script until it refuses one, and returns the result. A command that
// is none counts as refused. Of a script that is damaged, cut off or without commands the card gets nothing, and it is not
// performed. EMV Book 3 section 10.10.
func (r *Reader) RunScript(s emv.Script) emv.ScriptResult {
	if s.Validate() != nil {
		return emv.NewScriptResult(emv.ScriptNotPerformed, 0, s.ID)
	}
	n := 0
	for c := range s.Commands() {
		n++
		if !c.Valid() || !r.accepted(c) {
			return emv.NewScriptResult(emv.ScriptFailed, n, s.ID)
		}
	}
	return emv.NewScriptResult(emv.ScriptSuccessful, 0, s.ID)
}

// accepted sends a command and reports whether the card took it, warnings included.
func (r *Reader) accepted(c emv.ScriptCommand) bool {
	_, err := r.transmit(c)
	var status *StatusError
	if errors.As(err, &status) {
		return status.Status>>8 == 0x62 || status.Status>>8 == 0x63
	}
	return err == nil
}

func bitsOf(b emv.TVRBit) (tvr emv.TVR) {
	tvr.Set(b)
	return tvr
}

// addTSI adds a bit to the transaction status information, tag 9B.
func (r *Reader) addTSI(b emv.TSIBit) {
	v, _ := r.Terminal.Get(0x9B)
	tsi, _ := emv.ParseTSI(v)
	tsi.Set(b)
	r.Set(0x9B, tsi[:])
}
