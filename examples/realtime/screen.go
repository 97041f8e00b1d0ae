package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// isScreen reports whether somebody looks at what is written: it goes to a terminal, and not to a file or another program.
func isScreen(out io.Writer) bool {
	f, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}

// colours paints the words that matter.
type colours struct{ out io.Writer }

var paint = strings.NewReplacer(
	"ARRIVED", green("ARRIVED"), "all books agree", green("all books agree"), "no violation", green("no violation"),
	"taken back", yellow("taken back"), "refunded", yellow("refunded"),
	"VIOLATION", red("VIOLATION"), "THE BOOKS DO NOT AGREE", red("THE BOOKS DO NOT AGREE"))

func green(text string) string  { return "\x1b[32m" + text + "\x1b[0m" }
func yellow(text string) string { return "\x1b[33m" + text + "\x1b[0m" }
func red(text string) string    { return "\x1b[1;31m" + text + "\x1b[0m" }

// Write implements io.Writer. Whoever writes here writes whole lines.
func (c colours) Write(p []byte) (int, error) {
	if _, err := io.WriteString(c.out, paint.Replace(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// coloured returns the writer with colours, where somebody sees them and has not asked for none (no-color.org).
func coloured(out io.Writer) io.Writer {
	if isScreen(out) && os.Getenv("NO_COLOR") == "" {
		return colours{out}
	}
	return out
}

// progress is a line that tells how far something is, on a screen and nowhere else.
type progress struct {
	out  io.Writer // nil where nobody looks
	mu   sync.Mutex
	last time.Time
	size int
}

func newProgress(out io.Writer) *progress {
	if !isScreen(out) {
		return new(progress)
	}
	return &progress{out: out}
}

// say writes the line anew, a few times a second at most.
func (p *progress) say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out == nil || time.Since(p.last) < 200*time.Millisecond {
		return
	}
	p.last = time.Now()
	text := fmt.Sprintf(format, args...)
	fmt.Fprintf(p.out, "\r%-*s", p.size, text)
	p.size = len(text)
}

// done takes the line away.
func (p *progress) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out != nil && p.size > 0 {
		fmt.Fprintf(p.out, "\r%*s\r", p.size, "")
	}
	p.out = nil
}
