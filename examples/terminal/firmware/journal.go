package firmware

import (
	"errors"
	"path/filepath"
	"time"

	"github.com/posline/posline/connection/saf"
)

// journal is what the terminal must know after a power cut: reversals that may have to be sent, and the last STAN. What a
// stripe sale's reversal holds is no card data, so the file needs no seal.
type journal struct {
	file     *saf.File
	counters *saf.Counters
	stan     *saf.Counter
	pending  int // reversals in the file
}

func openJournal(dir string) (*journal, error) {
	file, err := saf.OpenFile(filepath.Join(dir, "reversals"), saf.FileOptions{CardDataInPlaintext: true})
	if err != nil {
		return nil, err
	}
	j := &journal{file: file}
	if err := j.openCounters(dir); err != nil {
		return nil, errors.Join(err, j.close())
	}
	entries, err := file.Pending()
	if err != nil {
		return nil, errors.Join(err, j.close())
	}
	j.pending = len(entries)
	return j, nil
}

func (j *journal) openCounters(dir string) (err error) {
	if j.counters, err = saf.OpenCounters(filepath.Join(dir, "counters")); err != nil {
		return err
	}
	j.stan, err = j.counters.Counter("STAN", 1, 999_999, 20)
	return err
}

// keep puts the reversal of a sale on disk. Until it is dropped it will be sent.
func (j *journal) keep(reversal []byte) (uint64, error) {
	id, err := j.file.Append("host", reversal, time.Now())
	if err == nil {
		j.pending++
	}
	return id, err
}

// drop takes a reversal back, for good: the sale stands, or it never left.
func (j *journal) drop(id uint64) error { return j.end(id, saf.Withdrawn) }

func (j *journal) end(id uint64, outcome saf.Outcome) error {
	err := j.file.End(id, outcome)
	if err == nil {
		j.pending--
	}
	return err
}

// change puts another reversal in the place of one, in one step.
func (j *journal) change(id uint64, reversal []byte) (uint64, error) {
	return j.file.Replace(id, "host", reversal, time.Now())
}

func (j *journal) close() error {
	err := j.file.Close()
	if j.counters != nil {
		err = errors.Join(err, j.counters.Close())
	}
	return err
}
