package card

import (
	"bytes"
	"errors"

	"github.com/posline/posline/emv"
)

// maximumRecords is how many records of a directory are read. EMV has no limit; real cards have one or two.
const maximumRecords = 30

// Candidates returns the applications that both the card and the terminal have, the first choice in front. Over contacts
// it reads the directory PSE or, when the card has none that can be read or nothing in it fits, selects the terminal's
// applications one by one; over contactless it reads the PPSE. ErrNoApplication: there is none. EMV Book 1 section 12.3,
// Book B section 3.3.
func (r *Reader) Candidates(terminal []emv.SupportedApplication) ([]emv.Candidate, error) {
	var found []emv.Candidate
	var err error
	if r.Over == emv.Contactless {
		found, err = r.tapped(terminal)
	} else {
		found, err = r.inserted(terminal)
	}
	if err == nil && len(found) == 0 {
		err = ErrNoApplication
	}
	return found, err
}

func (r *Reader) tapped(terminal []emv.SupportedApplication) ([]emv.Candidate, error) {
	fci, err := r.command(0x00, 0xA4, 4, 0, []byte(emv.PPSE))
	if err != nil {
		return nil, err
	}
	applications, err := emv.ParsePPSE(fci)
	return emv.Candidates(applications, terminal, emv.Contactless), err
}

func (r *Reader) inserted(terminal []emv.SupportedApplication) ([]emv.Candidate, error) {
	applications, err := r.directory()
	if blocked(err) {
		return nil, err
	}
	if err == nil {
		if found := emv.Candidates(applications, terminal, emv.Contact); len(found) > 0 {
			return found, nil
		}
	}
	if applications, err = r.tryEach(terminal); err != nil {
		return nil, err
	}
	return emv.Candidates(applications, terminal, emv.Contact), nil
}

// blocked reports whether the card as a whole is of no use.
func blocked(err error) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Status == uint16(statusNoFunction)
}

// directory reads the PSE to its end.
func (r *Reader) directory() ([]emv.Application, error) {
	fci, err := r.command(0x00, 0xA4, 4, 0, []byte(emv.PSE))
	if err != nil {
		return nil, err
	}
	d, err := emv.ParsePSE(fci)
	if err != nil {
		return nil, err
	}
	var applications []emv.Application
	for n := 1; n <= maximumRecords; n++ {
		record, err := r.command(0x00, 0xB2, byte(n), byte(d.SFI)<<3|4, nil)
		if isStatus(err, statusNoRecord) {
			break
		}
		var status *StatusError
		if errors.As(err, &status) {
			continue // the record is left out
		}
		if err != nil {
			return nil, err
		}
		more, err := d.ParseDirectoryRecord(record)
		if err != nil {
			return nil, err
		}
		applications = append(applications, more...)
	}
	return applications, nil
}

// tryEach selects the terminal's applications. With those that may match in part it selects the card's further ones, too,
// as long as the card's AID is longer: one that matches exactly is the only one. EMV Book 1 section 12.3.3.
func (r *Reader) tryEach(terminal []emv.SupportedApplication) ([]emv.Application, error) {
	var applications []emv.Application
	seen := map[string]bool{}
	for _, s := range terminal {
		for next := range maximumRecords {
			p2 := byte(selectFirst)
			if next > 0 {
				p2 = selectNext
			}
			fci, err := r.command(0x00, 0xA4, 4, p2, s.AID)
			if blocked(err) {
				return nil, err
			}
			a, parseErr := emv.ParseApplication(fci)
			invalidated := isStatus(err, statusInvalidated)
			match := emv.MatchAID(a.AID, s.AID)
			if err != nil && !invalidated || parseErr != nil || match == emv.NoMatch {
				break
			}
			if !invalidated && !seen[string(a.AID)] {
				applications = append(applications, a)
			}
			seen[string(a.AID)] = true
			if !s.Partial || match == emv.ExactMatch {
				break
			}
		}
	}
	return applications, nil
}

func isStatus(err error, s status) bool {
	var e *StatusError
	return errors.As(err, &e) && e.Status == uint16(s)
}

// Select selects an application by its AID, or the first octets of it, and begins anew. ErrResponse: the card answers with
// the name (84) of another application, or with none.
func (r *Reader) Select(aid []byte) error {
	return r.selectName(aid, func(name []byte) bool { return bytes.HasPrefix(name, aid) })
}

// selectName selects by a name and asks whether the card's name for what it selected is right.
func (r *Reader) selectName(name []byte, right func(name []byte) bool) error {
	fci, err := r.command(0x00, 0xA4, 4, selectFirst, name)
	if err != nil {
		return err
	}
	r.card, r.selected, r.answer, r.static, r.unsound, r.sent, r.atOnce, r.given = nil, nil, nil, nil, nil, nil, false, false
	r.chain, r.unproven, r.ended = chain{}, false, false
	d, err := objects(fci)
	if err != nil {
		return err
	}
	if selected, ok := d.Get(0x84); !ok || !right(selected) {
		return ErrResponse
	}
	r.card, r.selected = d, d
	return nil
}

// SelectFirst selects the first candidate that lets itself be selected, under its own name, and returns it. Which of several
// it is to be, and whether the cardholder confirms one that wants it, is the terminal's affair before. ErrNoApplication:
// none of them.
func (r *Reader) SelectFirst(candidates []emv.Candidate) (emv.Candidate, error) {
	for _, c := range candidates {
		right := func(name []byte) bool {
			return bytes.Equal(name, c.AID) || r.Over == emv.Contactless && bytes.HasPrefix(name, c.AID)
		}
		if r.selectName(c.SelectionName(), right) == nil {
			return c, nil
		}
	}
	return emv.Candidate{}, ErrNoApplication
}
