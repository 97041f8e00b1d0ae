// Package firmware is a terminal's payment program without a screen: UnionPay sign-in, and sales by magnetic stripe with
// PIN block and MAC. It is as small as such a program can be, and still never loses track of money: the reversal of a
// sale is on disk before the sale leaves, and is sent until the host has answered it. After the third time in vain the
// operator is told to call the acquirer (ErrReversalFailed).
//
// Start with Open. Keys stay in the PIN pad (PINPad); SoftPad stands in for one and is used the same way. What the
// device has around it comes as functions: lines to dial, a watchdog, a ring of log lines.
//
// A Terminal is used by one goroutine at a time, as a terminal serves one customer at a time.
package firmware
