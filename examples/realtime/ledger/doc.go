// Package ledger is the contract of the truth about the money: a Store takes operations on payments and does each whole or
// not at all, with the postings and notices that follow from it. What an operation does stands in package payment; how it
// is kept, in ledger/sqlite for one file and in ledger/model for memory.
//
// Card numbers are here as masked text and a keyed hash, never in the clear.
package ledger
