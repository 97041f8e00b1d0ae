package saf

import (
	"bytes"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

const sector = 512 // what a disk writes whole or not at all when the power fails

// memDisk is a disk in memory that can fail at any call, fill up and lose power. As with real ones, a sync that fails
// forgets what it should have written: the next one succeeds without it, and reading still shows it.
type memDisk struct {
	mu      sync.Mutex
	names   map[string]*inode // what the running system sees
	kept    map[string]*inode // what the directory holds on the disk
	locked  map[string]bool
	free    int  // bytes
	late    bool // whether a rename that fails is done nevertheless
	closed  bool // whether only closed files can be renamed, as on Windows
	handles int
	calls   []string
	broken  int                     // writes broken off
	fail    func(call string) error // nil: nothing fails
}

// inode is a file's content, in sectors: what reading shows, and what is on the disk.
type inode struct {
	seen, kept []byte
	dirty      []bool // sectors that are not on the disk
	lockedBy   *memFile
}

func newMemDisk() *memDisk {
	return &memDisk{names: map[string]*inode{}, kept: map[string]*inode{}, locked: map[string]bool{}, free: 1 << 30}
}

// call counts a system call and fails it if the test wants that.
func (d *memDisk) call(what string) error {
	d.calls = append(d.calls, what)
	if d.fail != nil {
		return d.fail(what)
	}
	return nil
}

// lock for all methods.
func (d *memDisk) enter() func() { d.mu.Lock(); return d.mu.Unlock }

func (d *memDisk) open(name string) (file, error) {
	defer d.enter()()
	if err := d.call("open"); err != nil {
		return nil, err
	}
	if d.names[name] == nil {
		return nil, fs.ErrNotExist
	}
	d.handles++
	return &memFile{d: d, inode: d.names[name]}, nil
}

func (d *memDisk) create(name string) (file, error) {
	defer d.enter()()
	if err := d.call("create"); err != nil {
		return nil, err
	}
	d.drop(name)
	d.names[name] = &inode{}
	d.handles++
	return &memFile{d: d, inode: d.names[name]}, nil
}

func (d *memDisk) drop(name string) {
	if i := d.names[name]; i != nil {
		d.free += len(i.seen)
		delete(d.names, name)
	}
}

func (d *memDisk) rename(from, to string) error {
	defer d.enter()()
	failed := d.call("rename")
	if failed != nil && !d.late {
		return failed
	}
	if d.closed && d.handles > 0 {
		return syscall.EACCES
	}
	i := d.names[from]
	if i == nil {
		return fs.ErrNotExist
	}
	d.drop(to)
	delete(d.names, from)
	d.names[to] = i
	return failed
}

func (d *memDisk) remove(name string) error {
	defer d.enter()()
	if err := d.call("remove"); err != nil {
		return err
	}
	d.drop(name)
	return nil
}

func (d *memDisk) renamesOpen() bool { return !d.closed }

func (d *memDisk) directory(string) (syncer, error) {
	defer d.enter()()
	if err := d.call("open directory"); err != nil {
		return nil, err
	}
	return &memDirectory{d}, nil
}

type memDirectory struct{ d *memDisk }

func (m *memDirectory) Sync() error {
	defer m.d.enter()()
	if err := m.d.call("sync directory"); err != nil {
		return err
	}
	m.d.kept = maps.Clone(m.d.names)
	return nil
}

func (m *memDirectory) Close() error { return nil }

type memLock struct {
	d    *memDisk
	name string
}

func (d *memDisk) lock(name string) (io.Closer, error) {
	defer d.enter()()
	if err := d.call("lock"); err != nil {
		return nil, err
	}
	if d.locked[name] {
		return nil, ErrLocked
	}
	d.locked[name] = true
	return memLock{d, name}, nil
}

func (l memLock) Close() error {
	defer l.d.enter()()
	delete(l.d.locked, l.name)
	return nil
}

type memFile struct {
	d *memDisk
	*inode
	shut bool
}

func (f *memFile) ReadAt(b []byte, at int64) (int, error) {
	defer f.d.enter()()
	if err := f.d.call("read"); err != nil {
		return 0, err
	}
	if at >= int64(len(f.seen)) {
		return 0, io.EOF
	}
	n := copy(b, f.seen[at:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (f *memFile) lock() error {
	defer f.d.enter()()
	if err := f.d.call("lock"); err != nil {
		return err
	}
	if f.lockedBy != nil && f.lockedBy != f {
		return ErrLocked
	}
	f.lockedBy = f
	return nil
}

func (f *memFile) isNamed(name string) (bool, error) {
	defer f.d.enter()()
	return f.d.names[name] == f.inode, f.d.call("stat")
}

// part is how many bytes of a write are done when it is broken off: any number, another one each time.
func part(size, times int) int { return times * 7919 % (size + 1) }

// WriteAt writes a part of what it should when it fails, and as with os.File says that it wrote nothing.
func (f *memFile) WriteAt(b []byte, at int64) (int, error) {
	defer f.d.enter()()
	err := f.d.call("write")
	if more := int(at) + len(b) - len(f.seen); err == nil && more > f.d.free {
		b, err = b[:max(0, len(b)-more+f.d.free)], syscall.ENOSPC
	}
	if err != nil {
		f.d.broken++
		f.write(b[:part(len(b), f.d.broken)], at)
		return 0, err
	}
	f.write(b, at)
	return len(b), nil
}

func (f *memFile) write(b []byte, at int64) {
	if len(b) == 0 {
		return
	}
	if more := int(at) + len(b) - len(f.seen); more > 0 {
		f.d.free -= more
		f.seen = append(f.seen, make([]byte, more)...)
	}
	copy(f.seen[at:], b)
	f.dirty = append(f.dirty, make([]bool, max(0, (len(f.seen)+sector-1)/sector-len(f.dirty)))...)
	for s := int(at) / sector; s*sector < int(at)+len(b); s++ {
		f.dirty[s] = true
	}
}

func (f *memFile) Truncate(size int64) error {
	defer f.d.enter()()
	if err := f.d.call("truncate"); err != nil {
		return err
	}
	if n := len(f.seen) - int(size); n > 0 {
		f.d.free += n
		f.seen = f.seen[:size]
	}
	return nil
}

func (f *memFile) SyncData() error { return f.sync("sync data") }
func (f *memFile) Sync() error     { return f.sync("sync") }

func (f *memFile) sync(what string) error {
	defer f.d.enter()()
	if f.shut {
		return fs.ErrClosed
	}
	err := f.d.call(what)
	if err == nil {
		f.keepAll()
	}
	clear(f.dirty) // on an error too: the system counts them as written
	return err
}

// keepAll puts all dirty sectors on the disk.
func (i *inode) keepAll() {
	n := min(len(i.seen), len(i.kept))
	i.kept = append(i.kept[:n], i.seen[n:]...)
	for s, dirty := range i.dirty {
		if from := s * sector; dirty && from < n {
			copy(i.kept[from:], i.seen[from:min(from+sector, n)])
		}
	}
}

// keep puts those dirty sectors on the disk that survive.
func (i *inode) keep(survives func() bool) {
	if n := len(i.seen) - len(i.kept); n > 0 && survives() {
		i.kept = append(i.kept, make([]byte, n)...)
	} else if n < 0 && survives() {
		i.kept = i.kept[:len(i.seen)]
	}
	for s, dirty := range i.dirty {
		from, to := s*sector, min((s+1)*sector, len(i.seen))
		if dirty && from < to && survives() {
			if len(i.kept) < to {
				i.kept = append(i.kept, make([]byte, to-len(i.kept))...)
			}
			copy(i.kept[from:], i.seen[from:to])
		}
	}
}

func (f *memFile) Size() (int64, error) {
	defer f.d.enter()()
	return int64(len(f.seen)), f.d.call("size")
}

func (f *memFile) Close() error {
	defer f.d.enter()()
	if f.shut {
		return fs.ErrClosed
	}
	f.shut = true
	if f.lockedBy == f {
		f.lockedBy = nil
	}
	f.d.handles--
	return f.d.call("close")
}

// kill is what a killed process leaves: everything the system has seen.
func (d *memDisk) kill() *memDisk {
	defer d.enter()()
	after := newMemDisk()
	after.names, after.kept, after.closed = d.names, d.kept, d.closed
	for _, i := range d.names {
		i.lockedBy = nil
	}
	return after
}

// powerCut is what is left of the disk when the power fails: what was synced, and of the rest each sector or not, or
// with inOrder the sectors up to one. A name whose directory was not synced means the old file or the new one.
func (d *memDisk) powerCut(r *rand.Rand, inOrder bool) *memDisk {
	defer d.enter()()
	coin := func() bool { return r.IntN(2) == 0 }
	survives := coin
	if inOrder {
		survivors := r.IntN(4)
		survives = func() bool { survivors--; return survivors >= 0 }
	}
	names := d.kept
	if coin() {
		names = d.names
	}
	after := newMemDisk()
	after.closed = d.closed
	for name, i := range names {
		copied := &inode{seen: bytes.Clone(i.seen), kept: bytes.Clone(i.kept), dirty: i.dirty}
		copied.keep(survives)
		copied.seen, copied.dirty = bytes.Clone(copied.kept), nil
		after.names[name] = copied
	}
	after.kept = maps.Clone(after.names)
	return after
}

// content and put are how a test looks at a file and damages it.
func (d *memDisk) content(name string) []byte {
	defer d.enter()()
	if i := d.names[abs(name)]; i != nil {
		return bytes.Clone(i.seen)
	}
	return nil
}

func (d *memDisk) put(name string, b []byte) {
	defer d.enter()()
	d.names[abs(name)] = &inode{seen: bytes.Clone(b), kept: bytes.Clone(b)}
	d.kept = maps.Clone(d.names)
}

func (d *memDisk) files(part string) (names []string) {
	defer d.enter()()
	for name := range d.names {
		if strings.Contains(name, part) {
			names = append(names, name)
		}
	}
	return names
}

func abs(name string) string {
	name, err := filepath.Abs(name)
	if err != nil {
		panic(err)
	}
	return name
}

// failNth fails the nth call from now on, and only that.
func (d *memDisk) failNth(n int, err error) {
	defer d.enter()()
	d.fail = func(string) error {
		if n--; n == 0 {
			return err
		}
		return nil
	}
}

// failEvery fails every call of a kind.
func (d *memDisk) failEvery(kind string, err error) {
	defer d.enter()()
	d.fail = func(call string) error {
		if call == kind {
			return err
		}
		return nil
	}
}
