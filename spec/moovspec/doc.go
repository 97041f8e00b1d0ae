//go:build amd64 || arm64

// Package moovspec moves specs from and to github.com/moov-io/iso8583.
package moovspec
