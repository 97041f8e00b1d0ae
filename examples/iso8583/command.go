package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
)

// command is one thing that the program can do.
type command struct {
	name  string // one word, or two
	args  string // what follows the flags
	about string // on one line
	more  string // what else the help says

	// setup registers the flags and returns what is done once they are parsed.
	setup func(c *console, flags *flag.FlagSet) func(files []string) error
}

// commands are in the order of the help.
func commands() []command {
	return []command{
		decodeCommand, encodeCommand, diffCommand, guessCommand,
		specListCommand, specShowCommand, specConvertCommand, specCheckCommand, framesCommand,
		emvCommand, sendCommand, listenCommand, proxyCommand, replayCommand, runCommand, loadCommand,
		helpCommand(), completionCommand(), versionCommand,
	}
}

// findCommand finds the command that the first words name, and returns the rest.
func findCommand(args []string) (command, []string, error) {
	if len(args) == 0 {
		return command{}, nil, usageError{errors.New("no command")}
	}
	all := commands()
	for words := min(2, len(args)); words > 0; words-- {
		name := strings.Join(args[:words], " ")
		if i := slices.IndexFunc(all, func(one command) bool { return one.name == name }); i >= 0 {
			return all[i], args[words:], nil
		}
	}
	if second := secondWords(args[0]); len(second) > 0 {
		return command{}, nil, usageError{fmt.Errorf("%s needs one of %s", args[0], strings.Join(second, ", "))}
	}
	return command{}, nil, noCommand(args[0])
}

// noCommand is the error for a word that is no command, with the one that may have been meant.
func noCommand(word string) error {
	for _, one := range commands() {
		if first, _, _ := strings.Cut(one.name, " "); nearly(word, first) {
			return usageError{fmt.Errorf("no command %q; is it %s?", word, first)}
		}
	}
	return usageError{fmt.Errorf("no command %q", word)}
}

// nearly tells words of which one is the beginning of the other, or that differ by one letter: one that is missing, one too
// many, another one, or two that changed places.
func nearly(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) >= 2 && strings.HasPrefix(b, a) {
		return true
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	switch {
	case len(a) < 3 || len(b) > len(a)+1:
		return false
	case len(a) < len(b):
		return a[i:] == b[i+1:]
	case i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]:
		return true
	}
	return i < len(a) && a[i+1:] == b[i+1:]
}

// secondWords are those of the commands whose name begins with a word.
func secondWords(first string) (second []string) {
	for _, one := range commands() {
		if word, ok := strings.CutPrefix(one.name, first+" "); ok {
			second = append(second, word)
		}
	}
	return second
}

func newFlagSet() *flag.FlagSet {
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	return flags
}

// parseFlags reads flags, which may stand before, between and behind the files. What follows -- are files.
func parseFlags(flags *flag.FlagSet, args []string) (files []string, err error) {
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		read := len(args) - flags.NArg()
		if read > 0 && args[read-1] == "--" || flags.NArg() == 0 {
			return append(files, flags.Args()...), nil
		}
		files = append(files, flags.Arg(0))
		args = flags.Args()[1:]
	}
}
