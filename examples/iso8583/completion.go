package main

import (
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/examples/iso8583/internal/dump"
)

// completionCommand is a function for the same reason as helpCommand.
func completionCommand() command {
	return command{
		name: "completion", args: "bash|zsh|fish", about: "write what makes a shell complete commands, flags and names",
		more: `  bash: source <(iso8583 completion bash)
  zsh:  source <(iso8583 completion zsh)
  fish: iso8583 completion fish | source`,
		setup: func(c *console, _ *flag.FlagSet) func([]string) error { return c.completion },
	}
}

// The scripts ask the program itself: iso8583 completion words -- WORD... writes what may stand in place of the last word.
var completionScripts = map[string]string{
	"bash": `_iso8583() { local IFS=$'\n'; COMPREPLY=($(iso8583 completion words -- "${COMP_WORDS[@]:1:COMP_CWORD}")); }
complete -o default -F _iso8583 iso8583
`,
	"zsh": `_iso8583() { local -a found; found=(${(f)"$(iso8583 completion words -- "${(@)words[2,CURRENT]}")"}); if (( $#found )); then compadd -a found; else _files; fi; }
compdef _iso8583 iso8583
`,
	"fish": `complete -c iso8583 -a '(iso8583 completion words -- (commandline -opc)[2..] (commandline -ct))'
`,
}

func (c *console) completion(args []string) error {
	if len(args) > 0 && args[0] == "words" {
		for _, word := range complete(args[1:]) {
			if _, err := fmt.Fprintln(c.stdout, word); err != nil {
				return err
			}
		}
		return nil
	}
	if len(args) != 1 || completionScripts[args[0]] == "" {
		return usageError{fmt.Errorf("completion needs one of bash, zsh, fish")}
	}
	_, err := fmt.Fprint(c.stdout, completionScripts[args[0]])
	return err
}

// complete lists what may stand in place of the last word.
func complete(words []string) []string {
	if len(words) == 0 {
		words = []string{""}
	}
	before, last := words[:len(words)-1], words[len(words)-1]
	cmd, rest, err := findCommand(before)
	if err != nil {
		return startingWith(last, nextWords(before))
	}
	flags := newFlagSet()
	cmd.setup(&console{}, flags)
	switch {
	case len(rest) > 0 && isFlag(flags, rest[len(rest)-1]):
		return startingWith(last, flagValues(strings.TrimLeft(rest[len(rest)-1], "-"), last))
	case strings.HasPrefix(last, "-"):
		var names []string
		flags.VisitAll(func(f *flag.Flag) { names = append(names, "-"+f.Name) })
		return startingWith(last, names)
	case cmd.name == "completion":
		return startingWith(last, []string{"bash", "fish", "zsh"})
	case cmd.name == "help":
		return startingWith(last, nextWords(rest))
	case strings.HasPrefix(cmd.name, "spec "):
		return startingWith(last, flagValues("spec", last))
	}
	return nil
}

// nextWords are the words that may follow those of a command that is not yet whole.
func nextWords(before []string) (next []string) {
	for _, one := range commands() {
		words := strings.Fields(one.name)
		if len(words) > len(before) && slices.Equal(words[:len(before)], before) {
			next = append(next, words[len(before)])
		}
	}
	slices.Sort(next)
	return slices.Compact(next)
}

// isFlag tells a flag that takes a value.
func isFlag(flags *flag.FlagSet, word string) bool {
	name, ok := strings.CutPrefix(word, "-")
	f := flags.Lookup(strings.TrimPrefix(name, "-"))
	if !ok || f == nil {
		return false
	}
	boolean, ok := f.Value.(interface{ IsBoolFlag() bool })
	return !ok || !boolean.IsBoolFlag()
}

// flagValues lists the values of a flag that there are names for. Specs may be files too.
func flagValues(name, last string) []string {
	switch name {
	case "frame":
		return slices.Concat(connection.FramingNames(), clearingNames())
	case "input":
		return dump.Names()
	case "lang":
		return []string{"en", "zh"}
	case "spec":
		names := specNames()
		if base, _, ok := cutLast(last, "+"); ok {
			names = nil
			first, _, _ := strings.Cut(base, "+")
			for _, variant := range variantNames(first) {
				names = append(names, base+"+"+variant)
			}
		}
		return append(names, filesStartingWith(last)...)
	}
	return nil
}

func cutLast(text, separator string) (before, after string, ok bool) {
	if i := strings.LastIndex(text, separator); i >= 0 {
		before, after, ok = text[:i], text[i+len(separator):], true
	}
	return before, after, ok
}

func filesStartingWith(last string) []string {
	found, err := filepath.Glob(strings.NewReplacer("*", `\*`, "?", `\?`, "[", `\[`).Replace(last) + "*")
	if err != nil {
		return nil
	}
	return found
}

func startingWith(prefix string, words []string) []string {
	return slices.DeleteFunc(slices.Clone(words), func(word string) bool { return !strings.HasPrefix(word, prefix) })
}
