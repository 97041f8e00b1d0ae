//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package saf

import "os"

// Systems without flock: that one process only opens the file is up to the program. Directories cannot be synced
// everywhere either; renaming is as durable as the system makes it.

func lock(*os.File) error { return nil }

func syncDir(string) error { return nil }
