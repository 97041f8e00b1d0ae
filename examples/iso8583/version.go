package main

import (
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
)

var versionCommand = command{
	name: "version", about: "tell the version",
	setup: func(c *console, _ *flag.FlagSet) func([]string) error { return c.version },
}

func (c *console) version(files []string) error {
	if err := noMore(files); err != nil {
		return err
	}
	version := "(unknown)"
	revision := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = ", revision " + s.Value
			}
		}
	}
	_, err := fmt.Fprintf(c.stdout, "iso8583 %s%s, %s %s/%s\n", version, revision, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// noMore refuses what a command has no use for.
func noMore(files []string) error {
	if len(files) > 0 {
		return usageError{fmt.Errorf("there is no place for %q", files[0])}
	}
	return nil
}
