//go:build !linux

package saf

import "os"

func syncData(f *os.File) error { return f.Sync() }
