package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

// tries is how often a case may be measured before its figures count against it: what the machine does at that moment
// spoils one, seldom three.
const tries = 3

// readBaseline reads what -json wrote.
func readBaseline(file string) (map[string]Result, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := make(map[string]Result)
	for dec := json.NewDecoder(f); ; {
		var r Result
		switch err := dec.Decode(&r); {
		case err == io.EOF:
			return lines, nil
		case err != nil:
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		lines[r.Case] = r
	}
}

// check measures the cases and tells which are worse than the baseline, see worse.
func check(selected []Case, baseline map[string]Result, out io.Writer) error {
	failed := 0
	for _, c := range selected {
		base, ok := baseline[c.Name]
		if !ok {
			failed++
			fmt.Fprintf(out, "%s: not in the file: add the line that -json prints\n", c.Name)
			continue
		}
		faults, err := checkCase(c, base)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
		if len(faults) > 0 {
			failed++
			fmt.Fprintf(out, "%s: %s\n", c.Name, strings.Join(faults, "; "))
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d cases are worse than the file", failed, len(selected))
	}
	fmt.Fprintf(out, "%d cases are as good as the file\n", len(selected))
	return nil
}

// checkCase measures until nothing is wrong, at most so many times, and returns what was wrong the last time.
func checkCase(c Case, base Result) (faults []string, err error) {
	for range tries {
		r, err := measure(c, checked)
		if err != nil {
			return nil, err
		}
		if faults = worse(r, base); len(faults) == 0 {
			break
		}
	}
	return faults, nil
}

// worse tells what makes a result worse than the baseline: an allocation more, half the speed next to the peer, twice
// the processor time next to it, and, where memory is all that is measured, a tenth more of it.
func worse(r, base Result) []string {
	var faults []string
	if r.Allocs > base.Allocs {
		faults = append(faults, fmt.Sprintf("%d allocations, %d in the file", r.Allocs, base.Allocs))
	}
	if base.VsPeer > 0 && r.VsPeer <= base.VsPeer/2 {
		faults = append(faults, fmt.Sprintf("%.2f times the peer's speed, %.2f in the file", r.VsPeer, base.VsPeer))
	}
	if base.CPUVsPeer > 0 && r.CPUVsPeer >= 2*base.CPUVsPeer {
		faults = append(faults, fmt.Sprintf("%.2f of the peer's processor time, %.2f in the file", r.CPUVsPeer, base.CPUVsPeer))
	}
	if base.OursNS == 0 && r.Bytes > base.Bytes+base.Bytes/10 {
		faults = append(faults, fmt.Sprintf("%d bytes, %d in the file", r.Bytes, base.Bytes))
	}
	return faults
}
