-- Amounts are integers in minor units, times milliseconds since 1970, days YYYYMMDD.

CREATE TABLE IF NOT EXISTS txn (
	id          INTEGER PRIMARY KEY,  -- given by the node, see payment.NextID
	kind        INTEGER NOT NULL,
	state       INTEGER NOT NULL,
	undo        INTEGER NOT NULL,
	acquirer    TEXT NOT NULL,
	terminal    TEXT NOT NULL,
	batch       TEXT NOT NULL,
	stan        TEXT NOT NULL,
	merchant    TEXT NOT NULL,
	order_no    TEXT NOT NULL,
	amount      INTEGER NOT NULL,
	currency    TEXT NOT NULL,
	entry_mode  TEXT NOT NULL,
	payer       TEXT NOT NULL,        -- masked
	payer_hash  TEXT NOT NULL,        -- keyed
	parent      INTEGER NOT NULL,     -- 0 for none
	approved    INTEGER NOT NULL,
	captured    INTEGER NOT NULL,
	refunded    INTEGER NOT NULL,
	voided_by   INTEGER NOT NULL,
	fee_ppm     INTEGER NOT NULL,
	day         INTEGER NOT NULL,
	settled     INTEGER NOT NULL,
	channel     TEXT NOT NULL,
	line        TEXT NOT NULL,
	channel_ref TEXT NOT NULL,
	auth        TEXT NOT NULL,
	code        TEXT NOT NULL,
	at          INTEGER NOT NULL,     -- original transmission time
	owner       INTEGER NOT NULL,
	epoch       INTEGER NOT NULL,
	due         INTEGER NOT NULL,     -- 0 when it has ended
	rev         INTEGER NOT NULL
) STRICT;

CREATE INDEX IF NOT EXISTS txn_open ON txn (due) WHERE due > 0;

-- What a request's number stands for. Without a txn nothing may come of it any more: its reversal was here first (no
-- code), or it was refused (with the code that it was told). There is no date in the key.
CREATE TABLE IF NOT EXISTS origin (
	acquirer   TEXT NOT NULL,
	terminal   TEXT NOT NULL,
	batch      TEXT NOT NULL,
	stan       TEXT NOT NULL,
	txn        INTEGER NOT NULL,
	code       TEXT NOT NULL,
	amount     INTEGER NOT NULL,
	payer_hash TEXT NOT NULL,
	order_no   TEXT NOT NULL,
	at         INTEGER NOT NULL,
	PRIMARY KEY (terminal, batch, stan, acquirer)
) STRICT, WITHOUT ROWID;

-- An order has at most one payment that holds, or may hold, the payer's money.
CREATE TABLE IF NOT EXISTS order_claim (
	merchant TEXT NOT NULL,
	order_no TEXT NOT NULL,
	txn      INTEGER NOT NULL,
	PRIMARY KEY (merchant, order_no)
) STRICT, WITHOUT ROWID;

-- What a merchant has taken, or may have taken, in a business day.
CREATE TABLE IF NOT EXISTS taken (
	merchant TEXT NOT NULL,
	day      INTEGER NOT NULL,
	amount   INTEGER NOT NULL,
	PRIMARY KEY (merchant, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS posting (
	id       INTEGER PRIMARY KEY AUTOINCREMENT,
	txn      INTEGER NOT NULL REFERENCES txn (id),
	kind     INTEGER NOT NULL,
	amount   INTEGER NOT NULL CHECK (amount > 0),
	fee      INTEGER NOT NULL,
	at       INTEGER NOT NULL,
	UNIQUE (txn, kind)
) STRICT;

-- What an account gets is positive, what it gives negative: the entries of a posting sum to zero.
CREATE TABLE IF NOT EXISTS entry (
	posting INTEGER NOT NULL,
	side    INTEGER NOT NULL,
	account TEXT NOT NULL,
	amount  INTEGER NOT NULL CHECK (amount <> 0),
	PRIMARY KEY (posting, side)
) STRICT, WITHOUT ROWID;

-- The notice of a posting. seq is given by who relays it.
CREATE TABLE IF NOT EXISTS event (
	id        INTEGER PRIMARY KEY REFERENCES posting (id),
	merchant  TEXT NOT NULL,
	seq       INTEGER,
	due       INTEGER NOT NULL,  -- 0 when it is delivered, or a dead letter
	delivered INTEGER NOT NULL DEFAULT 0,
	dead      INTEGER NOT NULL DEFAULT 0,
	tries     INTEGER NOT NULL DEFAULT 0,
	txn       INTEGER NOT NULL,
	about     INTEGER NOT NULL   -- the payment that it is about: of two about one, the first goes first
) STRICT;

CREATE UNIQUE INDEX IF NOT EXISTS event_seq ON event (merchant, seq) WHERE seq IS NOT NULL;
CREATE INDEX IF NOT EXISTS event_unnumbered ON event (merchant, id) WHERE seq IS NULL;
CREATE INDEX IF NOT EXISTS event_due ON event (merchant, due) WHERE due > 0;
CREATE INDEX IF NOT EXISTS event_waiting ON event (merchant, seq) WHERE due > 0;
CREATE INDEX IF NOT EXISTS event_about ON event (about, id) WHERE due > 0;

CREATE TABLE IF NOT EXISTS terminal_session (
	terminal TEXT PRIMARY KEY,
	version  INTEGER NOT NULL,
	batch    INTEGER NOT NULL,
	keys     BLOB NOT NULL,   -- under the terminal's master key
	before   BLOB,            -- JSON: those of earlier sessions, until the new ones have been used
	at       INTEGER NOT NULL,
	asked    BLOB             -- JSON: the terminal's clock in its latest sign-ins
) STRICT;

CREATE TABLE IF NOT EXISTS node (
	id    INTEGER PRIMARY KEY,
	epoch INTEGER NOT NULL,
	until INTEGER NOT NULL    -- end of the lease
) STRICT;
