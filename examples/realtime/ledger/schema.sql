-- Amounts are integers in minor units, times milliseconds since 1970.

CREATE TABLE IF NOT EXISTS terminal_session (
	terminal    TEXT PRIMARY KEY,
	batch       INTEGER NOT NULL,
	day         TEXT NOT NULL,    -- the business day, YYYY-MM-DD, of the sign-in
	work_keys   BLOB NOT NULL     -- field 62 of its answer: keys under the terminal master key
) STRICT;

CREATE TABLE IF NOT EXISTS txn (
	id            INTEGER PRIMARY KEY AUTOINCREMENT,
	kind          TEXT NOT NULL CHECK (kind IN ('SALE', 'VOID')),
	channel       TEXT NOT NULL CHECK (channel IN ('bank', 'wallet')),
	terminal      TEXT NOT NULL,
	merchant      TEXT NOT NULL,
	batch         TEXT NOT NULL,
	stan          TEXT NOT NULL,
	day           TEXT NOT NULL,
	mti           TEXT NOT NULL,
	order_number  TEXT NOT NULL,
	amount        INTEGER NOT NULL CHECK (amount > 0),
	currency      TEXT NOT NULL,
	payer         TEXT NOT NULL,    -- masked card number or pay code
	payer_hash    BLOB NOT NULL,    -- keyed hash of the same
	original      INTEGER REFERENCES txn (id),
	state         TEXT NOT NULL CHECK (state IN ('CREATED', 'SENT', 'APPROVED', 'DECLINED', 'UNKNOWN', 'REVERSED')),
	undo          TEXT NOT NULL DEFAULT '' CHECK (undo IN ('', 'REVERSAL', 'VOID')),
	code          TEXT NOT NULL DEFAULT '',
	authorisation TEXT NOT NULL DEFAULT '',
	created_at    INTEGER NOT NULL,
	updated_at    INTEGER NOT NULL,
	UNIQUE (terminal, batch, stan)  -- a batch is of one day, and no STAN comes twice in it
) STRICT;

-- An order has at most one sale that holds, or may hold, the payer's money.
CREATE UNIQUE INDEX IF NOT EXISTS order_paid_once ON txn (merchant, order_number)
	WHERE kind = 'SALE' AND state IN ('CREATED', 'SENT', 'UNKNOWN', 'APPROVED');

CREATE INDEX IF NOT EXISTS txn_original ON txn (original) WHERE original IS NOT NULL;

-- What waits for something. The query must say it in the same words to be served by this.
CREATE INDEX IF NOT EXISTS txn_unsettled ON txn (id)
	WHERE state NOT IN ('DECLINED', 'REVERSED') AND NOT (state = 'APPROVED' AND undo = '');

-- Requests that nothing may come of any more: reversed before they came, or refused, so that another copy of the same
-- frame is refused too.
CREATE TABLE IF NOT EXISTS barred (
	terminal   TEXT NOT NULL,
	batch      TEXT NOT NULL,
	stan       TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	PRIMARY KEY (terminal, batch, stan)
) STRICT;

CREATE TABLE IF NOT EXISTS posting (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	txn        INTEGER NOT NULL REFERENCES txn (id),
	kind       TEXT NOT NULL CHECK (kind IN ('paid', 'reversed')),
	created_at INTEGER NOT NULL,
	UNIQUE (txn, kind)
) STRICT;

-- What an account gets is positive, what it gives negative: the entries of a posting sum to zero.
CREATE TABLE IF NOT EXISTS entry (
	posting  INTEGER NOT NULL REFERENCES posting (id),
	account  TEXT NOT NULL,
	amount   INTEGER NOT NULL CHECK (amount <> 0),
	currency TEXT NOT NULL
) STRICT;

CREATE INDEX IF NOT EXISTS entry_posting ON entry (posting);

CREATE TABLE IF NOT EXISTS event (
	id           INTEGER PRIMARY KEY AUTOINCREMENT,
	idempotency  TEXT NOT NULL UNIQUE,
	posting      INTEGER NOT NULL UNIQUE REFERENCES posting (id),
	txn          INTEGER NOT NULL REFERENCES txn (id),
	merchant     TEXT NOT NULL,
	body         BLOB NOT NULL,
	created_at   INTEGER NOT NULL,
	delivered_at INTEGER
) STRICT;

CREATE INDEX IF NOT EXISTS event_due ON event (merchant, id) WHERE delivered_at IS NULL;
CREATE INDEX IF NOT EXISTS event_txn ON event (txn);
