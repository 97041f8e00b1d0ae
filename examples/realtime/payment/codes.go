package payment

//go:generate go run generate.go

// Class is what a response code says about the money.
type Class uint8

// The classes. The zero value is the careful one: a code that says that the outcome is not known, or that nobody has
// heard of.
const (
	ClassUnknown  Class = iota
	ClassApproved       // the money is held
	ClassPartial        // held, but only the amount of the answer
	ClassDeclined       // not held
)

// Text is what a display says for a response code.
type Text struct{ Chinese, English string }

// code is a line of the table.
type code struct {
	class Class
	text  Text
}

// ClassOf returns the class of a response code, field 39. A code that the table lacks is unknown: an answer that the
// switch must not take for a decline, and that a terminal shows as a failure and reverses.
func ClassOf(responseCode string) Class { return codes[responseCode].class }

// TextOf returns what to show for a response code; for one that the table lacks, that the transaction failed.
func TextOf(responseCode string) Text {
	if c, ok := codes[responseCode]; ok {
		return c.text
	}
	return defaultText
}
