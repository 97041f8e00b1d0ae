//go:build !unix

package main

import "os/exec"

// ownGroup does nothing: these systems have no process groups to end.
func ownGroup(*exec.Cmd) {}
