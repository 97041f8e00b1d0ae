package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

var replayCommand = command{
	name: "replay", args: "FILE", about: "send a recording to a host and tell where its answers differ",
	more: `  iso8583 replay -to localhost:8583 -spec unionpay-pos -frame binary2 -new 11,12,13,64 -keys keys.json -ignore 37 session.jsonl
  iso8583 replay -on localhost:8583 -spec unionpay-pos -frame binary2 session.jsonl

With -to the requests of a recording that proxy has made are sent one after the other, as they are but for what -new makes
anew. Each answer is compared, field by field, with the recorded one. What an answer had from its request it must have
from the new one; authentication codes made anew are verified, not compared; fields named by -ignore, such as references,
may differ. So may, without -exact, the times of a transaction (7, 12, 13) and authentication codes (64, 128), which no two
runs have alike. Exit status 1 where something else differs.

With -on it is the host: each request has the answer of the recorded one that it differs from least, with what that had
from its request taken from the new one. The differences of the requests are told in the same way; trace numbers (11) may differ as well.

` + keysHelp,
	setup: setupReplay,
}

func setupReplay(c *console, flags *flag.FlagSet) func([]string) error {
	r := &replayer{sender: sender{console: c, repeat: 1}}
	r.register(flags)
	r.registerSend(flags)
	flags.StringVar(&r.on, "on", "", "`HOST:PORT` to listen on, as the recorded host; port 0 takes a free one")
	flags.IntVar(&r.count, "count", 0, "with -on: stop after `N` messages")
	flags.StringVar(&r.ignore, "ignore", "", "`fields` that may differ, such as 37 or 60.3, with all that is in them")
	flags.BoolVar(&r.exact, "exact", false, "tell differences of times and authentication codes as well")
	return r.replay
}

// replayer is the command replay at work.
type replayer struct {
	sender
	on     string
	count  int
	ignore string
	exact  bool

	ignored []string
	passing map[string]bool // fields that differed as they may without -exact; guarded by console.mu
}

func (r *replayer) replay(files []string) error {
	switch {
	case len(files) != 1:
		return usageError{errors.New("replay takes one recording")}
	case r.on != "" && r.to != "":
		return usageError{errors.New("only one of -to and -on can be")}
	case r.on == "" && r.count != 0 || r.count < 0:
		return usageError{errors.New("-count is for -on, and cannot be negative")}
	}
	prepare := r.prepare
	if r.on != "" {
		prepare = r.prepareOffline
	}
	if err := prepare(); err != nil {
		return err
	}
	if r.ignore != "" {
		r.ignored = strings.Split(r.ignore, ",")
	}
	for _, path := range r.ignored {
		if err := (fieldValue{path: path}).known(r.codec); err != nil {
			return usageError{fmt.Errorf("-ignore: %w", err)}
		}
	}
	var all []recorded
	if err := r.console.input(files[0], func(name string, in io.Reader) (err error) {
		all, err = readRecording(name, in)
		return err
	}); err != nil {
		return err
	}
	if r.on != "" {
		return r.serveAll(all)
	}
	return r.sendAll(all)
}

// sendAll sends the requests for which there is an answer in the recording.
func (r *replayer) sendAll(all []recorded) error {
	exchanges := r.exchanges(all)
	for _, one := range exchanges {
		if err := r.connect(); err != nil {
			return err
		}
		if err := r.again(one); err != nil {
			return err
		}
	}
	if len(exchanges) == 0 {
		r.fault("", errors.New("no request with an answer in the recording"))
		return nil
	}
	r.unawaited("")
	r.tellPassing()
	r.say("%d requests sent, %d faults", len(exchanges), r.faults)
	ending, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	return r.conn.Shutdown(ending)
}

// again sends a recorded request, and tells how its answer differs.
func (r *replayer) again(one *exchange) error {
	r.flow.conn = r.conn
	request := one.request.Clone()
	if err := r.flow.do(context.Background(), step{request: request}); err != nil {
		r.fault(one.place, unanswered(err))
		return nil
	}
	now := exchange{request: request, answer: r.answer.message}
	return r.tell(one.place, "the answer", differences(r.text(), one.answer, now.answer), func(path string) bool {
		return isCode(path) && r.anew.makes(path) || one.echoes(path) && now.echoes(path)
	})
}

// isCode tells the fields of authentication codes.
func isCode(path string) bool {
	return path == strconv.Itoa(macField) || path == strconv.Itoa(secondMACField)
}

// tell reports differences, but for those of fields that may differ.
func (r *replayer) tell(place, what string, rows []difference, mayDiffer func(path string) bool) error {
	rows = slices.DeleteFunc(rows, func(d difference) bool {
		return r.ignores(d.path) || !d.absent && (mayDiffer(d.path) || r.passes(d.path))
	})
	if len(rows) == 0 {
		return nil
	}
	if len(rows) == 1 {
		r.fault(place, fmt.Errorf("1 field of %s differs", what))
	} else {
		r.fault(place, fmt.Errorf("%d fields of %s differ", len(rows), what))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	w := tabwriter.NewWriter(r.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "field\tname\trecorded\tnow\t")
	for _, d := range rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", d.path, d.name, d.left, d.right, d.remark)
	}
	return w.Flush()
}

// mayPass tells a field of which a difference is no news without -exact.
func (r *replayer) mayPass(path string) bool {
	return !r.exact && (slices.Contains([]string{"7", "12", "13"}, path) || isCode(path) || r.on != "" && path == "11")
}

// passes is mayPass, and keeps that there was a difference.
func (r *replayer) passes(path string) bool {
	if !r.mayPass(path) {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.passing == nil {
		r.passing = map[string]bool{}
	}
	r.passing[path] = true
	return true
}

// tellPassing tells which fields differed as they may.
func (r *replayer) tellPassing() {
	if len(r.passing) > 0 {
		r.note("fields that differed as they may, without -exact: %s", strings.Join(slices.Sorted(maps.Keys(r.passing)), ", "))
	}
}

func (r *replayer) ignores(path string) bool {
	return slices.ContainsFunc(r.ignored, func(one string) bool { return path == one || strings.HasPrefix(path, one+".") })
}
