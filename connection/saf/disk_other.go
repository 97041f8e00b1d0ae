//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly || windows)

package saf

import (
	"io"
	"os"
)

// Systems without flock: that one process only opens the file is up to the program. Directories cannot be synced
// everywhere either; renaming is as durable as the system makes it.

type nothing struct{}

func (nothing) Sync() error  { return nil }
func (nothing) Close() error { return nil }

func lockFile(string) (io.Closer, error) { return nothing{}, nil }

func lockOpen(*os.File) error { return nil }

func openDirectory(string) (syncer, error) { return nothing{}, nil }
