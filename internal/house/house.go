// Package house holds the tests that keep the shape of the repository: which package may import which, and what a
// program built on the library may link.
package house
