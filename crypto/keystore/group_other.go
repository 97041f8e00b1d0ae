//go:build !unix

package keystore

import (
	"io/fs"
	"os"
)

// keepGroup has no groups to keep.
func keepGroup(*os.File, fs.FileInfo) bool { return false }
