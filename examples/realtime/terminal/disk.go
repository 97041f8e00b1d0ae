package terminal

import (
	"bytes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/posline/posline/examples/realtime/terminal/engine"
)

// Record is what a terminal writes: what it must not forget, and a line of its journal.
type Record struct {
	Kept  engine.Kept
	Entry Entry
}

// Disk is where a terminal keeps its records.
type Disk interface {
	// Append returns when the record is where a power cut does not reach it.
	Append(r *Record) error
	Close() error
}

// Memory is a disk that forgets, for terminals that are not there to last.
type Memory struct{}

// Append implements Disk.
func (Memory) Append(*Record) error { return nil }

// Close implements Disk.
func (Memory) Close() error { return nil }

// ErrDamaged is the error of a journal with damage that no power cut explains.
var ErrDamaged = errors.New("terminal: the journal is damaged: restore the terminal's folder from a copy, or install it anew once its open payment was looked up")

// file is a Disk: a file of sealed records, each synced. A record that a power cut tore off at the end is forgotten.
type file struct {
	f    onDisk
	seal cipher.AEAD
	next uint64 // number of the next record, which its seal covers
	at   int64  // where it goes
}

// onDisk is what of *os.File a journal needs.
type onDisk interface {
	WriteAt(b []byte, at int64) (int, error)
	Truncate(size int64) error
	Sync() error
	Close() error
}

// keepEntries is how many of the youngest lines stay when a journal is opened, if the configuration does not say.
const keepEntries = 2_000

// openFile opens or creates a journal and returns its records. One that has grown to twice what is kept is written anew.
func openFile(path string, seal cipher.AEAD, keep int) (*file, []Record, error) {
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, nil, err
	}
	d := &file{seal: seal}
	records, good, err := d.read(data)
	if err != nil {
		return nil, nil, err
	}
	if len(records)-keep > keep {
		records = records[len(records)-keep:]
		return d.rewrite(path, records)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, nil, err
	}
	d.f = f
	d.at = int64(good)
	if err = errors.Join(d.f.Truncate(d.at), d.f.Sync(), syncFolder(path)); err != nil {
		d.f.Close()
		return nil, nil, err
	}
	return d, records, nil
}

// read opens records until the end, or until one that is torn; good is where they end.
func (d *file) read(data []byte) (records []Record, good int, err error) {
	for rest := data; len(rest) >= 4; {
		told := binary.BigEndian.Uint32(rest)
		if uint64(told) > uint64(len(rest)-4) {
			break
		}
		size := int(told)
		r, err := d.open(rest[4 : 4+size])
		if err != nil {
			if len(rest) > 4+size && !blank(rest) {
				return nil, 0, fmt.Errorf("%w: record %d", ErrDamaged, d.next)
			}
			break
		}
		records = append(records, r)
		rest = rest[4+size:]
		good = len(data) - len(rest)
		d.next++
	}
	return records, good, nil
}

// blank reports whether there is nothing but zeros, which a file system may leave behind a power cut.
func blank(b []byte) bool { return len(bytes.TrimRight(b, "\x00")) == 0 }

func (d *file) number() []byte { return binary.BigEndian.AppendUint64(nil, d.next) }

func (d *file) open(sealed []byte) (r Record, err error) {
	size := d.seal.NonceSize()
	if len(sealed) < size {
		return r, ErrDamaged
	}
	text, err := d.seal.Open(nil, sealed[:size], sealed[size:], d.number())
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(text, &r)
}

// Append implements Disk.
func (d *file) Append(r *Record) error {
	wire, err := d.sealed(r)
	if err != nil {
		return err
	}
	if _, err = d.f.WriteAt(wire, d.at); err == nil {
		err = d.f.Sync()
	}
	if err != nil {
		return errors.Join(err, d.f.Truncate(d.at)) // what is half there would hide what comes after it
	}
	d.at += int64(len(wire))
	d.next++
	return nil
}

func (d *file) sealed(r *Record) ([]byte, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	wire := make([]byte, 4+d.seal.NonceSize(), 4+d.seal.NonceSize()+len(text)+d.seal.Overhead())
	rand.Read(wire[4:])
	wire = d.seal.Seal(wire, wire[4:], text, d.number())
	binary.BigEndian.PutUint32(wire, uint32(len(wire)-4))
	return wire, nil
}

// rewrite puts a new file in the place of the old one.
func (d *file) rewrite(path string, records []Record) (*file, []Record, error) {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return nil, nil, err
	}
	d.f = f
	if err = d.fill(records); err == nil {
		err = os.Rename(path+".new", path)
	}
	if err = errors.Join(err, syncFolder(path)); err != nil {
		d.f.Close()
		return nil, nil, err
	}
	return d, records, nil
}

// fill writes records into an empty file.
func (d *file) fill(records []Record) error {
	d.next = 0
	for i := range records {
		wire, err := d.sealed(&records[i])
		if err != nil {
			return err
		}
		if _, err = d.f.WriteAt(wire, d.at); err != nil {
			return err
		}
		d.at += int64(len(wire))
		d.next++
	}
	return d.f.Sync()
}

func syncFolder(path string) error {
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer folder.Close()
	folder.Sync() // not every file system has it
	return nil
}

// Close implements Disk.
func (d *file) Close() error { return d.f.Close() }
