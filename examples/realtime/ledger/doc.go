// Package ledger is the truth about the money: transactions with their states, double-entry postings, and the notices
// that go with them, in one SQLite database.
//
// A transaction is CREATED, then SENT before its channel hears of it, then APPROVED, DECLINED or UNKNOWN; what is sent
// may end as REVERSED. Every step is an UPDATE that names the state it starts from, so that of two who try only one
// succeeds. Approving posts and writes the notice in the same database transaction, and so does reversing: there is
// no posting without its notice and no notice without its posting, whenever the process is killed.
//
// Card numbers are here as masked text and a keyed hash, never in the clear. Begin with Open.
package ledger
