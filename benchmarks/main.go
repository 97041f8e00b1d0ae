// Command benchmarks measures the library side by side with the libraries people use today, in one process and
// interleaved, and prints one table. Only the ratios mean anything on a shared machine.
//
//	go run ./benchmarks [-json] [-quick] [-case regexp] [-check benchmarks/baseline.jsonl]
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"text/tabwriter"
)

func main() {
	asJSON := flag.Bool("json", false, "print one JSON object a case")
	fast := flag.Bool("quick", false, "a short pass that shows every case runs; its figures mean little")
	only := flag.String("case", "", "measure only the cases whose name matches this regular expression")
	against := flag.String("check", "", "fail when a case is worse than in this `file` of -json's lines: an allocation more, or half the speed next to the peer")
	flag.Parse()
	if err := run(*asJSON, *fast, *only, *against); err != nil {
		fmt.Fprintln(os.Stderr, "benchmarks:", err)
		os.Exit(1)
	}
}

func run(asJSON, fast bool, only, against string) error {
	pattern, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	selected := slices.DeleteFunc(cases(), func(c Case) bool { return !pattern.MatchString(c.Name) })
	if len(selected) == 0 {
		return fmt.Errorf("no case matches %q", only)
	}
	if against != "" {
		baseline, err := readBaseline(against)
		if err != nil {
			return err
		}
		return check(selected, baseline, os.Stdout)
	}
	effort := full
	if fast {
		effort = quick
	}
	print, flush := printTable()
	if asJSON {
		print, flush = json.NewEncoder(os.Stdout).Encode, func() error { return nil }
	}
	for _, c := range selected {
		r, err := measure(c, effort)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
		if err := print(r); err != nil {
			return err
		}
	}
	return flush()
}

// printTable returns a function that takes Results and one that writes the aligned table.
func printTable() (print func(any) error, flush func() error) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "case\tours ns\tpeer\tpeer ns\tfloor ns\tvs peer\tvs floor\tcpu vs peer\tallocs\tbytes\t")
	print = func(line any) error {
		r := line.(Result)
		_, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%d\t\n", r.Case, figure(r.OursNS), r.Peer,
			figure(r.PeerNS), figure(r.FloorNS), figure(r.VsPeer), figure(r.VsFloor), figure(r.CPUVsPeer), r.Allocs, r.Bytes)
		return err
	}
	return print, w.Flush
}

func figure(x float64) string {
	if x == 0 {
		return ""
	}
	return strconv.FormatFloat(x, 'f', 2, 64)
}
