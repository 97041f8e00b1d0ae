//go:build unix

package scenario

import (
	"syscall"
	"time"
)

// cpuTime is what this process and those that it has started and waited for have used.
func cpuTime() (used time.Duration) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if syscall.Getrusage(who, &u) == nil {
			used += time.Duration(u.Utime.Nano() + u.Stime.Nano())
		}
	}
	return used
}
