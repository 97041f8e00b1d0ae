package main

import (
	"flag"
	"fmt"
	"text/tabwriter"

	"github.com/posline/posline/connection"
)

var framesCommand = command{
	name: "frames", about: "list the length headers and forms of clearing files that -frame knows",
	setup: func(c *console, _ *flag.FlagSet) func([]string) error { return c.frames },
}

func (c *console) frames(args []string) error {
	if err := noMore(args); err != nil {
		return err
	}
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	for _, p := range connection.Presets() {
		fmt.Fprintf(w, "%s\t%s\n", p.Name, p.Use)
	}
	for _, name := range clearingNames() {
		fmt.Fprintf(w, "%s\t%s\n", name, clearingUses[name])
	}
	return w.Flush()
}

// clearingUses are what stands in a clearing file, by the name of its form.
var clearingUses = map[string]string{
	"clearing":      "records of a clearing file, in the form that its first bytes tell",
	"clearing-vbs":  "records of a clearing file, each behind 4 bytes big-endian; zero at the end",
	"clearing-1014": "the same in blocks of 1014 bytes, the last two of each filling",
}
