package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
)

// diary is a file of lines of JSON, for a book that outlives its process: each line is on the file before what it tells of
// is answered. That is not enough for a power cut, as the real ones must survive; here nobody pulls that plug. A nil diary
// writes nothing.
type diary struct{ f *os.File }

// openDiary opens or creates a file and gives its lines to read. A line that was not finished is forgotten.
func openDiary(path string, read func(line []byte) error) (*diary, error) {
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	whole := bytes.LastIndexByte(data, '\n') + 1
	for line := range bytes.Lines(data[:whole]) {
		if err := read(line); err != nil {
			return nil, err
		}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	if _, err := f.Seek(int64(whole), 0); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &diary{f}, f.Truncate(int64(whole))
}

// write writes one line, at once. A bank whose books cannot be written must not go on.
func (d *diary) write(v any) {
	if d == nil {
		return
	}
	line, err := json.Marshal(v)
	if err == nil {
		_, err = d.f.Write(append(line, '\n'))
	}
	if err != nil {
		panic("simulator: its books cannot be written: " + err.Error())
	}
}

func (d *diary) close() error {
	if d == nil {
		return nil
	}
	return d.f.Close()
}

// entry is a holding in the file.
type entry struct {
	Holding
	Number string
	Payer  string
	Left   int
}

func entriesOf(holdings ...*Holding) (list []entry) {
	for _, h := range holdings {
		if h != nil {
			list = append(list, entry{*h, h.number, h.payer, h.left})
		}
	}
	return list
}

// Keep keeps the book in a file, and takes from it what an earlier process wrote.
func (b *book) keep(path string, each func(h *Holding)) (err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.holdings = make(map[string]*Holding)
	b.file, err = openDiary(path, func(line []byte) error {
		var list []entry
		if err := json.Unmarshal(line, &list); err != nil {
			return err
		}
		for i := range list {
			h := list[i].Holding
			h.number, h.payer, h.left = list[i].Number, list[i].Payer, list[i].Left
			b.holdings[h.Reference] = &h
			each(&h)
		}
		return nil
	})
	return err
}

// Close closes the file of the book, if it has one.
func (b *book) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.file.close()
}
