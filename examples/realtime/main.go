// Command realtime is an acquirer at work: terminals take cards and pay codes, a switch moves the payments to a bank and
// a wallet, a ledger keeps the books, and merchants are told as soon as the money has arrived. All of it runs here, on
// loopback sockets and one SQLite file. See -h for what it can be asked to do.
//
// Every mode ends by comparing what the ledger, the terminals, the bank, the wallet and the merchants have in their
// books; the exit code is 1 when they do not agree, 2 when the run itself failed. With -json standard output ends with one
// object, and the story goes to standard error.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/posline/posline/examples/realtime/scenario"
)

func main() {
	if scenario.SwitchMain() {
		return
	}
	os.Exit(run(interruptible(), os.Args[1:], os.Stdout, os.Stderr))
}

// exitAtOnce is the exit code after a second interrupt, that of a program which a signal has ended.
const exitAtOnce = 130

// interruptible returns a context that ends with the first interrupt, so that the run comes to its end in good order. The
// second one ends the program at once; with -dir, what was under way then is taken up by the next run.
func interruptible() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		<-signals
		os.Exit(exitAtOnce)
	}()
	return ctx
}

// options are what the command line asks for.
type options struct {
	once, explore, sim, defects, load bool
	chaos, duration                   time.Duration
	hours, rate                       float64
	terminals, idle                   int
	seed                              uint64
	json                              bool
	folder                            string
}

const usage = `An acquirer at work: terminals, a switch, a bank, a wallet, merchants; and the books of all compared at the end.

  realtime                    steady traffic, each payment as it arrives, until you interrupt it
  realtime -once              a scripted day: approvals, declines, voids, lost and late messages (make demo)
  realtime -sim [-hours 1]    the whole system in virtual time, with faults of every kind
  realtime -explore           interleavings of small worlds, state by state
  realtime -chaos 5m          lines, hosts and the switch's process break while terminals sell
  realtime -load -terminals 200 [-rate 1500] [-idle 1000] -duration 10s
                              how much, how fast, at what cost, in fair weather
  realtime -defects           the faults that a build with -tags seeded can be given, by REALTIME_DEFECT=name

Exit code 0: the books agree. 1: they do not, or another rule is broken. 2: the run itself failed.

`

// errUsage is the error of a command line that was answered already.
var errUsage = errors.New("usage")

// parse reads the command line. What cannot go together is told.
func parse(args []string, stderr io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("realtime", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	flags.BoolVar(&o.once, "once", false, "run the scripted day and end")
	flags.BoolVar(&o.sim, "sim", false, "simulate in virtual time and end")
	flags.BoolVar(&o.explore, "explore", false, "go through interleavings of small worlds and end")
	flags.BoolVar(&o.defects, "defects", false, "list the faults that can be seeded")
	flags.BoolVar(&o.load, "load", false, "sell as fast as it goes, or at a rate, and measure")
	flags.IntVar(&o.terminals, "terminals", 50, "how many, for -load")
	flags.Float64Var(&o.rate, "rate", 0, "payments a second, for -load; default: each terminal sells as fast as it is answered")
	flags.IntVar(&o.idle, "idle", 0, "merchants that wait on their streams while nobody sells, for -load")
	flags.DurationVar(&o.duration, "duration", 10*time.Second, "of -load")
	flags.DurationVar(&o.chaos, "chaos", 0, "break things for this long, then compare the books")
	flags.Float64Var(&o.hours, "hours", 1, "of virtual time, for -sim")
	flags.Uint64Var(&o.seed, "seed", 0, "of what is drawn at random; default: a new one, which is told")
	flags.BoolVar(&o.json, "json", false, "end standard output with one object of JSON; the story goes to standard error")
	flags.StringVar(&o.folder, "dir", "", "keep the files of the run in this folder, which is there, and empty or has an earlier run of -chaos or of steady traffic to go on with;\ndefault: a temporary one, removed")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	given := make(map[string]bool)
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if text := o.wrong(given, flags.Args()); text != "" {
		fmt.Fprintf(stderr, "realtime: %s; see -h\n", text)
		return o, errUsage
	}
	if !given["seed"] {
		o.seed = rand.Uint64N(1_000_000)
	}
	return o, nil
}

// The rates that -load takes, in payments a second.
const (
	leastRate = 0.1
	mostRate  = 100_000
)

// wrong tells what is wrong with a command line.
func (o *options) wrong(given map[string]bool, rest []string) string {
	if len(rest) > 0 {
		return fmt.Sprintf("%q is no flag", rest[0])
	}
	var modes []string
	for _, name := range []string{"once", "sim", "explore", "chaos", "load", "defects"} {
		if given[name] {
			modes = append(modes, name)
		}
	}
	mode := ""
	if len(modes) > 0 {
		mode = modes[0]
	}
	switch {
	case len(modes) > 1:
		return fmt.Sprintf("-%s and -%s are two runs", modes[0], modes[1])
	case given["chaos"] && o.chaos <= 0:
		return "-chaos needs a time, such as 30s"
	case (given["terminals"] || given["rate"] || given["duration"] || given["idle"]) && mode != "load":
		return "-terminals, -rate, -duration and -idle are for -load"
	case mode == "load" && (o.terminals < 1 || o.terminals > 5000 || o.idle < 0 || o.idle > 10_000 || o.duration <= 0 || given["rate"] && !(o.rate >= leastRate && o.rate <= mostRate)):
		return "-load needs 1 to 5000 terminals, at most 10000 idle merchants, a duration and, if any, a rate from 0.1 to 100000"
	case given["hours"] && mode != "sim":
		return "-hours is for -sim"
	case given["hours"] && !(o.hours > 0 && o.hours <= 10_000):
		return "-hours needs a number above 0"
	case given["dir"] && (mode == "sim" || mode == "explore" || mode == "defects"):
		return "-" + mode + " writes no files"
	}
	return ""
}

// run is main without the process: it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return 2
	}
	story := coloured(stdout)
	if o.json {
		story = coloured(stderr)
	}
	p := newProgress(stderr)
	report, err := o.play(ctx, story, p)
	p.done()
	if err != nil {
		fmt.Fprintf(stderr, "realtime: %v (seed %d)\n", err, o.seed)
		return 2
	}
	if o.json {
		if err := json.NewEncoder(stdout).Encode(report); err != nil {
			fmt.Fprintf(stderr, "realtime: the report cannot be written: %v\n", err)
			return 2
		}
	} else {
		report.Print(story)
	}
	if report.Failed() {
		return 1
	}
	return 0
}

// result is what a run comes to; as JSON it is one object.
type result interface {
	Print(out io.Writer)
	Failed() bool
}

func (o *options) play(ctx context.Context, story io.Writer, p *progress) (result, error) {
	switch {
	case o.defects:
		return newDefectList(o.seed), nil
	case o.sim:
		return o.simulate(story, p)
	case o.explore:
		return o.exploration(p), nil
	}
	if o.folder == "" {
		temporary, err := os.MkdirTemp("", "realtime")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(temporary)
		o.folder = temporary
	}
	switch {
	case o.once:
		return scenario.Once(ctx, o.folder, o.seed, story)
	case o.load:
		return scenario.Load(ctx, o.folder, scenario.LoadSetup{Terminals: o.terminals, Rate: o.rate, Duration: o.duration, Idle: o.idle, Seed: o.seed}, story)
	case o.chaos > 0:
		return scenario.Chaos(ctx, o.folder, o.seed, o.chaos, story)
	}
	return scenario.Live(ctx, o.folder, o.seed, story)
}
