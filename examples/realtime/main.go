// Command realtime is an acquirer at work: terminals take cards and pay codes, a switch moves the payments to a bank and
// a wallet, a ledger keeps the books, and merchants are told as soon as the money has arrived. All of it runs here, on
// loopback sockets and one SQLite file.
//
//	go run .              steady traffic with a status line, until interrupted
//	go run . -once        a scripted day, told payment by payment
//	go run . -chaos 5m    lines, machines and the switch's process break while terminals sell
//
// Every mode ends by comparing what the ledger, the terminals, the bank, the wallet and the merchants have in their
// books; the exit code is 1 when they do not agree, 2 when the run itself failed. With -json the report is one line of
// JSON on standard output and the story goes to standard error.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/posline/posline/examples/realtime/scenario"
)

func main() {
	if scenario.SwitchMain() {
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is main without the process: it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("realtime", flag.ContinueOnError)
	flags.SetOutput(stderr)
	once := flags.Bool("once", false, "run the scripted day and end")
	chaos := flags.Duration("chaos", 0, "break things for this long, then compare the books")
	asJSON := flags.Bool("json", false, "write the report as JSON")
	folder := flags.String("dir", "", "keep the files of the run in this empty folder; default: a temporary one, removed")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 || *once && *chaos > 0 {
		return 2
	}
	story := stdout
	if *asJSON {
		story = stderr
	}
	report, err := play(ctx, *once, *chaos, *folder, story)
	if err != nil {
		fmt.Fprintln(stderr, "realtime:", err)
		return 2
	}
	if *asJSON {
		err = json.NewEncoder(stdout).Encode(report)
	} else {
		report.Print(stdout)
	}
	if err != nil || len(report.Violations) > 0 {
		return 1
	}
	return 0
}

func play(ctx context.Context, once bool, chaos time.Duration, folder string, story io.Writer) (scenario.Report, error) {
	if folder == "" {
		temporary, err := os.MkdirTemp("", "realtime")
		if err != nil {
			return scenario.Report{}, err
		}
		defer os.RemoveAll(temporary)
		folder = temporary
	}
	switch {
	case once:
		return scenario.Once(ctx, folder, story)
	case chaos > 0:
		return scenario.Chaos(ctx, folder, chaos, story)
	}
	return scenario.Live(ctx, folder, story)
}
