// Package acquirer is the switch between terminals and those who hold the payers' money. Switch.Handle answers one frame
// of a terminal; Switch.Settle, beside it, brings to an end what did not end at once, such as what a killed process left
// behind.
//
// A payment's way: its code and batch are checked, it is looked up so that nothing is done twice, recorded, its PIN
// moved under the bank's key, its intent committed, and only then does its channel hear of it. The answer is posted
// together with its notice, and then the terminal is told.
//
// What is not known is never guessed. A wallet is queried and, when it does not say, told to cancel; a bank is told to
// reverse until it confirms. The reversal of a sale that has not come yet is remembered, so that the sale is refused
// when it does.
package acquirer
