//go:build unix

package main

import (
	"os/exec"
	"syscall"
	"time"
)

// ownGroup makes a command the head of a process group, and the group end with the command's context.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second // a child that has left the group may hold the output open
}
