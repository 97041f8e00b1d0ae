package saf

import (
	"cmp"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Counters are numbers that never come twice until they have all been used, over crashes too: STAN, RRN, batch. They
// live in one small file, which is replaced as a whole. Its methods may be called concurrently; one process can have
// the file open, as OpenFile has it. When the file is removed or another one gets its name no number is given out any
// more (ErrBroken).
type Counters struct {
	place

	mu       sync.Mutex
	f        file              // which has the name, locked; nil where open files cannot be replaced
	limits   map[string]uint64 // on disk: numbers below may have been given out
	counters map[string]*Counter
	broken   error
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

// OpenCounters opens or creates a counter file. A damaged one is ErrBadCounters: a guess could give a number out twice.
func OpenCounters(path string) (*Counters, error) { return openCountersOn(systemDisk{}, path) }

func openCountersOn(d disk, path string) (*Counters, error) {
	at, err := takePlace(d, path)
	if err != nil {
		return nil, err
	}
	c := &Counters{place: at, limits: make(map[string]uint64), counters: make(map[string]*Counter)}
	if err := c.read(); err != nil {
		c.leave()
		return nil, err
	}
	return c, nil
}

// read reads the file, if there is one, and writes it again: after an earlier sync that failed, what the system shows
// need not be on the disk.
func (c *Counters) read() (err error) {
	c.f, err = c.openAlone()
	if errors.Is(err, fs.ErrNotExist) {
		return c.save()
	}
	if err != nil {
		return err
	}
	size, err := c.f.Size()
	if err != nil {
		return err
	}
	if size > maxCounters {
		return ErrBadCounters
	}
	b := make([]byte, size)
	if n, err := c.f.ReadAt(b, 0); int64(n) < size {
		return err
	}
	if c.limits, err = parseCounters(b); err != nil {
		return err
	}
	return c.save()
}

// Counter returns the counter of that name, which runs from least to most and then starts again: 1 to 999999 for a
// STAN. reserve is how many numbers one write to the disk covers; a crash skips those that were not used. With 1
// every number costs a write and none is skipped, as a batch number wants it. A name is made of visible characters
// without spaces. Asking again for a name returns the same counter and must give the same range and reserve.
func (c *Counters) Counter(name string, least, most, reserve uint64) (*Counter, error) {
	if least > most || reserve == 0 || !goodName(name) {
		return nil, fmt.Errorf("saf: counter %q from %d to %d, %d at a time", name, least, most, reserve)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counters == nil {
		return nil, ErrClosed
	}
	if old := c.counters[name]; old != nil {
		if old.min != least || old.max != most || old.reserve != reserve {
			return nil, fmt.Errorf("saf: counter %q runs from %d to %d already, %d at a time", name, old.min, old.max, old.reserve)
		}
		return old, nil
	}
	limit := c.limits[name]
	n := &Counter{of: c, name: name, min: least, max: most, reserve: reserve, next: limit, limit: limit}
	c.counters[name] = n
	return n, nil
}

// goodName tells whether a name can stand in the file: it is parted there from its number by a space.
func goodName(name string) bool {
	hidden := func(r rune) bool { return r == utf8.RuneError || unicode.IsSpace(r) || !strconv.IsGraphic(r) }
	return name != "" && len(name) <= maxName && strings.IndexFunc(name, hidden) < 0
}

const (
	maxName     = 255
	maxCounters = 1 << 20 // bytes of a file; thousands of counters
)

// Next returns the next number. On error no number is given out.
func (n *Counter) Next() (uint64, error) {
	c := n.of
	if c == nil {
		return 0, ErrClosed
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counters == nil {
		return 0, ErrClosed
	}
	if n.next >= n.limit {
		limit := n.next + n.reserve
		if limit < n.next {
			return 0, fmt.Errorf("saf: counter %q has run out of numbers", n.name)
		}
		old, known := c.limits[n.name]
		c.limits[n.name] = limit
		if err := c.save(); err != nil {
			if c.limits[n.name] = old; !known {
				delete(c.limits, n.name)
			}
			return 0, err
		}
		n.limit = limit
	}
	n.next++
	return n.value(n.next - 1), nil
}

// Current returns the number Next returned last, or the least one if it never did. After a crash it may be a number
// that was reserved and not used.
func (n *Counter) Current() uint64 {
	if n.of == nil {
		return n.min
	}
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
	if c.counters == nil {
		return nil
	}
	unused := false
	for name, n := range c.counters {
		if n.next < n.limit {
			c.limits[name], unused = n.next, true
		}
	}
	c.counters = nil
	var err error
	if unused {
		err = c.save()
	}
	return errors.Join(err, c.leave())
}

// save writes a new file and puts it in the place of the old one. When its directory cannot be synced nobody knows
// which of the two a crash leaves, and an old one would give numbers out again: nothing is saved any more until the
// file is opened anew.
func (c *Counters) save() error {
	if c.broken != nil {
		return c.broken
	}
	content, fresh := appendCounters(nil, c.limits), c.path+freshSuffix
	if len(content) > maxCounters {
		return errors.New("saf: too many counters for one file")
	}
	f, err := c.writeNew(fresh, func(f file) error {
		_, err := f.WriteAt(content, 0)
		return cmp.Or(f.lock(), err)
	})
	if err == nil {
		err = c.putInPlace(f, fresh)
	}
	if err != nil {
		return cmp.Or(c.broken, fmt.Errorf("saf: rewriting %s: %w", c.path, err))
	}
	if err := c.dir.Sync(); err != nil {
		c.broken = fmt.Errorf("%w: %w", ErrBroken, err)
	}
	return c.broken
}

// putInPlace gives a new file, which is synced, the name, if the old one has it still.
func (c *Counters) putInPlace(f file, fresh string) (err error) {
	if c.f != nil {
		if err = c.confirm(c.f); err != nil {
			c.broken = fmt.Errorf("%w: %w", ErrBroken, err)
		}
	}
	if err == nil && !c.renamesOpen() {
		f.Close()
		c.release()
		f = nil
	}
	if err == nil {
		err = c.rename(fresh, c.path)
	}
	if err != nil {
		if f != nil {
			f.Close()
		}
		c.remove(fresh)
		return err
	}
	c.release()
	c.f = f
	return nil
}

// release closes the file that has, or has had, the name.
func (c *Counters) release() error {
	if c.f == nil {
		return nil
	}
	f := c.f
	c.f = nil
	return f.Close()
}

func (c *Counters) leave() error { return errors.Join(c.release(), c.place.leave()) }

// appendCounters appends a counter file: a line "name limit" for each and the CRC-32C of them all in the last line.
func appendCounters(b []byte, limits map[string]uint64) []byte {
	var names []string // in order
	for name := range limits {
		i, _ := slices.BinarySearch(names, name)
		names = slices.Insert(names, i, name)
	}
	for _, name := range names {
		b = fmt.Appendf(b, "%s %d\n", name, limits[name])
	}
	return fmt.Appendf(b, "%08x\n", crc32.Checksum(b, castagnoli))
}

func parseCounters(b []byte) (map[string]uint64, error) {
	lines, sum := b, ""
	if i := len(b) - len("00000000\n"); i >= 0 {
		lines, sum = b[:i], string(b[i:])
	}
	if sum != fmt.Sprintf("%08x\n", crc32.Checksum(lines, castagnoli)) {
		return nil, ErrBadCounters
	}
	limits := make(map[string]uint64)
	for line := range strings.Lines(string(lines)) {
		name, number, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		limit, err := strconv.ParseUint(number, 10, 64)
		if _, twice := limits[name]; err != nil || twice || !goodName(name) {
			return nil, ErrBadCounters
		}
		limits[name] = limit
	}
	return limits, nil
}
