package main

import (
	"bytes"
	"flag"
	"fmt"
	"strings"
	"text/tabwriter"
)

const introduction = `iso8583 reads, writes, sends and answers ISO 8583 messages.

`

const conclusion = `
iso8583 help COMMAND tells about a command and its flags. A newcomer with a dump starts with iso8583 guess FILE.

Input is read from files, or from the standard input without any or for -. Messages in it may be hexadecimal in every
usual form, also within the lines of a log; listings of xxd, hexdump, od, tcpdump and Wireshark; lists of numbers as
programs print them; strings with \x escapes; base64; or bytes as they are: the form is told by the first bytes. A captured conversation is read as tshark prints it:

  tshark -r FILE.pcap -Y 'tcp.payload and not tcp.analysis.retransmission' \
    -T fields -e tcp.stream -e tcp.srcport -e tcp.payload | iso8583 guess -

Without -clear nothing sensitive is shown: no whole card number, track, PIN block or key.

Exit status: 0 when everything is as it should be; 1 when something is not: there is no message in the input, one cannot be
read, messages differ, an expectation is not met; 2 for a wrong command line, as with a spec that there is not; 3 when the
work could not be done: a file cannot be read or written, one of specs, rules, cases, keys or a recording is not what it must
be, a host cannot be reached.
`

// helpCommand is a function since it looks at all commands, itself among them.
func helpCommand() command {
	return command{
		name: "help", args: "[COMMAND]", about: "tell about the program or a command",
		setup: func(c *console, _ *flag.FlagSet) func([]string) error { return c.help },
	}
}

func (c *console) help(words []string) error {
	if len(words) == 0 {
		return c.overview()
	}
	if second := secondWords(words[0]); len(words) == 1 && len(second) > 0 {
		for i, word := range second {
			if i > 0 {
				fmt.Fprintln(c.stdout)
			}
			if err := c.help([]string{words[0], word}); err != nil {
				return err
			}
		}
		return nil
	}
	c.command = "" // faults are of the words
	cmd, rest, err := findCommand(words)
	switch {
	case err != nil:
		return err
	case len(rest) > 0:
		return usageError{fmt.Errorf("no command %q", strings.Join(words, " "))}
	}
	return c.commandHelp(cmd)
}

func (c *console) overview() error {
	fmt.Fprint(c.stdout, introduction)
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	for _, one := range commands() {
		fmt.Fprintf(w, "  %s\t%s\n", one.name, one.about)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprint(c.stdout, conclusion)
	return err
}

func (c *console) commandHelp(cmd command) error {
	flags := newFlagSet()
	cmd.setup(&console{}, flags)
	call := "iso8583 " + cmd.name
	any := false
	flags.VisitAll(func(*flag.Flag) { any = true })
	if any {
		call += " [FLAGS]"
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s\n\n%s.\n", strings.TrimSpace(call+" "+cmd.args), upperFirst(cmd.about))
	if cmd.more != "" {
		fmt.Fprintf(&out, "\n%s\n", strings.Trim(cmd.more, "\n"))
	}
	if any {
		fmt.Fprint(&out, "\nFlags:\n")
		flags.SetOutput(&out)
		flags.PrintDefaults()
	}
	_, err := c.stdout.Write(out.Bytes())
	return err
}

func upperFirst(text string) string { return strings.ToUpper(text[:1]) + text[1:] }
