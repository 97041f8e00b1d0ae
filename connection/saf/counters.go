package saf

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Counters are numbers that never come twice, over crashes too: STAN, RRN, batch. They live in one small file, which
// is replaced as a whole. Its methods may be called concurrently; one process can have the file open.
type Counters struct {
	path string

	mu       sync.Mutex
	guard    *os.File
	limits   map[string]uint64 // on disk: numbers below may have been given out
	counters map[string]*Counter
	closed   bool
}

// Counter is one of them.
type Counter struct {
	of       *Counters
	name     string
	min, max uint64
	reserve  uint64
	next     uint64 // position of the next number, counted from 0 without wrapping
	limit    uint64 // positions below are reserved on disk
}

// OpenCounters opens or creates a counter file.
func OpenCounters(path string) (*Counters, error) {
	guard, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lock(guard); err != nil {
		guard.Close()
		return nil, err
	}
	c := &Counters{path: path, guard: guard, limits: make(map[string]uint64), counters: make(map[string]*Counter)}
	b, err := os.ReadFile(path)
	if err == nil {
		err = c.parse(b)
	} else if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err != nil {
		guard.Close()
		return nil, err
	}
	return c, nil
}

// Counter returns the counter of that name, which runs from least to most and then starts again: 1 to 999999 for a
// STAN. reserve is how many numbers one write to the disk covers; a crash skips those that were not used. With 1
// every number costs a write and none is skipped, as a batch number wants it. Asking again for a name returns the
// same counter and must give the same range.
func (c *Counters) Counter(name string, least, most, reserve uint64) (*Counter, error) {
	if least > most || reserve == 0 || name == "" || strings.ContainsAny(name, " \n") {
		return nil, fmt.Errorf("saf: counter %q from %d to %d, %d at a time", name, least, most, reserve)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.counters == nil {
		return nil, ErrClosed
	}
	if old := c.counters[name]; old != nil {
		if old.min != least || old.max != most {
			return nil, fmt.Errorf("saf: counter %q runs from %d to %d already", name, old.min, old.max)
		}
		return old, nil
	}
	limit := c.limits[name]
	n := &Counter{of: c, name: name, min: least, max: most, reserve: reserve, next: limit, limit: limit}
	c.counters[name] = n
	return n, nil
}

// Next returns the next number. On error no number is given out.
func (n *Counter) Next() (uint64, error) {
	c := n.of
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return 0, ErrClosed
	}
	if n.next >= n.limit {
		old := c.limits[n.name]
		c.limits[n.name] = n.next + n.reserve
		if err := c.save(); err != nil {
			c.limits[n.name] = old
			return 0, err
		}
		n.limit = n.next + n.reserve
	}
	n.next++
	return n.value(n.next - 1), nil
}

// Current returns the number Next returned last, or the least one if it never did. After a crash it may be a number
// that was reserved and not used.
func (n *Counter) Current() uint64 {
	n.of.mu.Lock()
	defer n.of.mu.Unlock()
	if n.next == 0 {
		return n.min
	}
	return n.value(n.next - 1)
}

func (n *Counter) value(position uint64) uint64 {
	span := n.max - n.min + 1
	if span == 0 { // all 64 bits
		return position
	}
	return n.min + position%span
}

// Close gives the numbers back that are reserved and not used.
func (c *Counters) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.counters == nil {
		return nil
	}
	c.closed = true
	for name, n := range c.counters {
		c.limits[name] = n.next
	}
	return errors.Join(c.save(), c.guard.Close())
}

// save writes a new file and puts it in the place of the old one.
func (c *Counters) save() error {
	b := c.appendFile(nil)
	fresh := c.path + ".new"
	if err := writeDurably(fresh, b); err != nil {
		return err
	}
	if err := os.Rename(fresh, c.path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(c.path))
}

// A counter file has a line "name limit" for each counter and the CRC-32C of them all in its last line.
func (c *Counters) appendFile(b []byte) []byte {
	names := make([]string, 0, len(c.limits))
	for name := range c.limits {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		b = fmt.Appendf(b, "%s %d\n", name, c.limits[name])
	}
	return fmt.Appendf(b, "%08x\n", crc32.Checksum(b, castagnoli))
}

// parse reads a counter file. A damaged one is refused: a guess could give a number out twice.
func (c *Counters) parse(b []byte) error {
	lines, sum, ok := cutLastLine(b)
	if !ok || sum != fmt.Sprintf("%08x", crc32.Checksum(lines, castagnoli)) {
		return ErrBadCounters
	}
	for line := range bytes.Lines(lines) {
		var name string
		var limit uint64
		if n, err := fmt.Sscanf(string(line), "%s %d\n", &name, &limit); n != 2 || err != nil {
			return ErrBadCounters
		}
		c.limits[name] = limit
	}
	return nil
}

func cutLastLine(b []byte) (before []byte, last string, ok bool) {
	b, ok = bytes.CutSuffix(b, []byte("\n"))
	if !ok {
		return nil, "", false
	}
	i := bytes.LastIndexByte(b, '\n') + 1
	return b[:i], string(b[i:]), true
}
