package main

// Case is one line of the table: the same work done by this library, by the library people use today and, where it
// makes sense, by hand-written straight-line code.
type Case struct {
	// Name is "<operation>/<message>" for the codec, "<package>/<what>" for the rest.
	Name string

	// Prepare makes the variants. It runs just before the case is measured.
	Prepare func() (Variants, error)
}

// Work does its work n times. What it computes must reach a variable that outlives the call.
type Work func(n int)

// Variants are the sides of one case. Only Ours is required, or Memory instead of all sides.
type Variants struct {
	Ours Work

	Peer     Work
	PeerName string // the peer's short name: "moov", "crypto/des"

	Floor Work

	// Slices is how many times the usual slice one run fills; 0 means 1. Hundreds of senders take a part of a slice to
	// get going, which is not what is measured.
	Slices int

	// CPU asks for the processor time next to the peer's.
	CPU bool

	// Memory, where it is set, is measured instead of time: the bytes that each of Count things holds.
	Memory func(n int) (bytes uint64, err error)
	Count  int

	// Close releases what Prepare opened; nil when there is nothing to release.
	Close func()
}

// cases returns every case in the order of the table.
func cases() []Case {
	var all []Case
	for _, group := range [][]Case{
		codecCases(),
		mixCases(),
		importedCases(),
		connectionCases(),
		poolCases(),
		routingCases(),
		cryptoCases(),
		cryptogramCases(),
		emvCases(),
		pinblockCases(),
	} {
		all = append(all, group...)
	}
	return all
}
