// Package connectiontest helps to test programs that use package connection: sockets in memory, a scripted peer and
// injected faults. Start with Pipe, or with Dialer, which gives connection.Dial a peer that a function plays.
//
// Everything here works inside testing/synctest, which is the fake clock: in a bubble, timeouts of half a minute
// pass at once and deterministically.
//
// The package is for tests. It checks nothing and holds whatever bytes it is given.
package connectiontest
