//go:build unix

package keystore

import (
	"io/fs"
	"os"
	"syscall"
)

// keepGroup gives a file the group of another one: permissions of a group are worth nothing, or too much, to another.
func keepGroup(f *os.File, before fs.FileInfo) bool {
	old, ok := before.Sys().(*syscall.Stat_t)
	return ok && f.Chown(-1, int(old.Gid)) == nil
}
