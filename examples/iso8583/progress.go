package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

const (
	firstProgress = 2 * time.Second
	everyProgress = 500 * time.Millisecond
)

// progress counts what is read of a long input and tells it on the error output, where a person looks at it.
type progress struct {
	io.Reader
	console *console
	name    string
	size    int64 // 0 where it is not known
	read    int64
	next    time.Time
	told    bool
}

// watch puts progress around an input.
func (c *console) watch(name string, r io.Reader) *progress {
	p := &progress{Reader: r, console: c, name: name, next: time.Now().Add(firstProgress)}
	if file, ok := r.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			p.size = info.Size()
		}
	}
	return p
}

// Read implements io.Reader.
func (p *progress) Read(b []byte) (int, error) {
	if err := p.console.flush(); err != nil {
		return 0, err
	}
	n, err := p.Reader.Read(b)
	p.read += int64(n)
	if p.console.watched && time.Now().After(p.next) {
		p.next = time.Now().Add(everyProgress)
		p.told = true
		p.tell()
	}
	return n, err
}

func (p *progress) tell() {
	of := ""
	if p.size > 0 {
		of = fmt.Sprintf(" of %d, %d %%", p.size>>20, 100*p.read/p.size)
	}
	fmt.Fprintf(p.console.stderr, "\r%s: %d MiB%s ", inputName(p.name), p.read>>20, of)
}

// done ends the line that tell has begun.
func (p *progress) done() {
	if p.told {
		fmt.Fprintln(p.console.stderr)
	}
}
