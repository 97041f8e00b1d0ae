// Package scenario puts the whole system together and lets it work: Once is a scripted day that tells of each payment,
// Live is steady traffic with a status line, and Chaos breaks lines, machines and the switch's process while
// terminals sell, and then compares what each side has in its books.
//
// A World holds everything but the switch: terminals, bank, wallet, merchants, and the proxies between them. The switch
// runs beside it, in the same process or in one of its own that can be killed.
package scenario
