-- The journal: one row for each record, and what proves it. README.md of this room says what the columns hold.
-- Instants are nanoseconds since 1970 in UTC.

-- +goose Up
CREATE TABLE journal_origin (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    origin TEXT NOT NULL
) STRICT;

CREATE TABLE journal_records (
    seq             INTEGER PRIMARY KEY CHECK (seq > 0),
    id              TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    at              INTEGER NOT NULL,
    clock           INTEGER NOT NULL,
    bundle          TEXT    NOT NULL,
    caller          TEXT    NOT NULL,
    idempotency_key TEXT    NOT NULL,
    request_hash    BLOB    NOT NULL,
    application_id  TEXT    NOT NULL,
    exporter        TEXT    NOT NULL,
    outcome         TEXT    NOT NULL,
    tree            BLOB    NOT NULL,
    sums            BLOB    NOT NULL,
    input           BLOB    NOT NULL,
    reads           BLOB    NOT NULL,
    facts           BLOB    NOT NULL,
    result          BLOB    NOT NULL
) STRICT;

CREATE UNIQUE INDEX journal_records_id ON journal_records (id);
CREATE UNIQUE INDEX journal_records_key ON journal_records (caller, idempotency_key) WHERE idempotency_key <> '';

-- Which records a bundle has decided, and whether any: the place of a row stands in its index by itself.
CREATE INDEX journal_records_bundle ON journal_records (bundle);

CREATE TABLE journal_bundles (
    digest   TEXT    PRIMARY KEY,
    name     TEXT    NOT NULL,
    revision TEXT    NOT NULL,
    kept_at  INTEGER NOT NULL,
    hash     BLOB    NOT NULL,
    archive  BLOB    NOT NULL
) STRICT;

CREATE TABLE journal_head (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    size INTEGER NOT NULL,
    at   INTEGER NOT NULL,
    edge BLOB    NOT NULL,
    note TEXT    NOT NULL
) STRICT;

CREATE TABLE journal_checkpoints (
    size INTEGER PRIMARY KEY,
    note TEXT NOT NULL
) STRICT;

CREATE TABLE journal_signers (
    verifier TEXT PRIMARY KEY,
    since    INTEGER NOT NULL
) STRICT;

-- For people with a SQL shell: exact bytes as text, instants as text.
CREATE VIEW journal_readable AS
SELECT seq, id, kind,
       strftime('%Y-%m-%dT%H:%M:%S', at / 1000000000, 'unixepoch') || printf('.%09dZ', at % 1000000000) AS at,
       strftime('%Y-%m-%dT%H:%M:%S', clock / 1000000000, 'unixepoch') || printf('.%09dZ', clock % 1000000000) AS clock,
       bundle, caller, idempotency_key, application_id, exporter, outcome,
       CAST(input AS TEXT) AS input, CAST(reads AS TEXT) AS reads, CAST(facts AS TEXT) AS facts, CAST(result AS TEXT) AS result
FROM journal_records;

-- +goose StatementBegin
CREATE TRIGGER journal_records_kept BEFORE UPDATE ON journal_records
BEGIN
    SELECT RAISE(ABORT, 'a record is never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER journal_records_all BEFORE DELETE ON journal_records
BEGIN
    SELECT RAISE(ABORT, 'a record is never removed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER journal_checkpoints_kept BEFORE UPDATE ON journal_checkpoints
BEGIN
    SELECT RAISE(ABORT, 'a checkpoint is never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER journal_checkpoints_all BEFORE DELETE ON journal_checkpoints
BEGIN
    SELECT RAISE(ABORT, 'a checkpoint is never removed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER journal_bundles_kept BEFORE UPDATE ON journal_bundles
BEGIN
    SELECT RAISE(ABORT, 'a bundle is never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER journal_bundles_needed BEFORE DELETE ON journal_bundles
WHEN EXISTS (SELECT 1 FROM journal_records WHERE bundle = OLD.digest)
BEGIN
    SELECT RAISE(ABORT, 'a bundle that a record names is never removed');
END;
-- +goose StatementEnd
