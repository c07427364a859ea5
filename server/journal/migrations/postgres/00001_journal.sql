-- The journal: one row for each record, and what proves it. README.md of this room says what the columns hold.
-- Instants are nanoseconds since 1970 in UTC.

-- +goose Up
CREATE TABLE journal_origin (
    one    integer PRIMARY KEY CHECK (one = 1),
    origin text NOT NULL
);

CREATE TABLE journal_records (
    seq             bigint PRIMARY KEY CHECK (seq > 0),
    id              text   NOT NULL,
    kind            text   NOT NULL,
    at              bigint NOT NULL,
    clock           bigint NOT NULL,
    bundle          text   NOT NULL,
    caller          text   NOT NULL,
    idempotency_key text   NOT NULL,
    request_hash    bytea  NOT NULL,
    application_id  text   NOT NULL,
    exporter        text   NOT NULL,
    outcome         text   NOT NULL,
    tree            bytea  NOT NULL,
    sums            bytea  NOT NULL,
    input           bytea  NOT NULL,
    reads           bytea  NOT NULL,
    facts           bytea  NOT NULL,
    result          bytea  NOT NULL
);

-- Proofs read the stored hashes of many rows: they stay in the row.
ALTER TABLE journal_records ALTER COLUMN tree SET STORAGE PLAIN;
ALTER TABLE journal_records ALTER COLUMN sums SET STORAGE PLAIN;

CREATE UNIQUE INDEX journal_records_id ON journal_records (id);
CREATE UNIQUE INDEX journal_records_key ON journal_records (caller, idempotency_key) WHERE idempotency_key <> '';

-- Which records a bundle has decided, and whether any.
CREATE INDEX journal_records_bundle ON journal_records (bundle, seq);

CREATE TABLE journal_bundles (
    digest   text   PRIMARY KEY,
    name     text   NOT NULL,
    revision text   NOT NULL,
    kept_at  bigint NOT NULL,
    hash     bytea  NOT NULL,
    archive  bytea  NOT NULL
);

-- Archives are compressed already.
ALTER TABLE journal_bundles ALTER COLUMN archive SET STORAGE EXTERNAL;

-- One row that changes with every group commit: room on its page keeps the changes there.
CREATE TABLE journal_head (
    one  integer PRIMARY KEY CHECK (one = 1),
    size bigint NOT NULL,
    at   bigint NOT NULL,
    edge bytea  NOT NULL,
    note text   NOT NULL
) WITH (fillfactor = 10);

CREATE TABLE journal_checkpoints (
    size bigint PRIMARY KEY,
    note text NOT NULL
);

CREATE TABLE journal_signers (
    verifier text PRIMARY KEY,
    since    bigint NOT NULL
);

-- For people with a SQL shell: exact bytes as text, instants as text.
CREATE VIEW journal_readable AS
SELECT seq, id, kind,
       to_char(to_timestamp(at / 1000000000) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS') || '.' || lpad((at % 1000000000)::text, 9, '0') || 'Z' AS at,
       to_char(to_timestamp(clock / 1000000000) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS') || '.' || lpad((clock % 1000000000)::text, 9, '0') || 'Z' AS clock,
       bundle, caller, idempotency_key, application_id, exporter, outcome,
       convert_from(input, 'UTF8') AS input, convert_from(reads, 'UTF8') AS reads, convert_from(facts, 'UTF8') AS facts, convert_from(result, 'UTF8') AS result
FROM journal_records;

-- +goose StatementBegin
CREATE FUNCTION journal_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what the journal holds is never changed and never removed';
END;
$$;
-- +goose StatementEnd

CREATE TRIGGER journal_records_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_records
    FOR EACH STATEMENT EXECUTE FUNCTION journal_kept();
CREATE TRIGGER journal_checkpoints_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION journal_kept();

-- +goose StatementBegin
CREATE FUNCTION journal_needed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM journal_records WHERE bundle = OLD.digest) THEN
        RAISE EXCEPTION 'a bundle that a record names is never removed';
    END IF;
    RETURN OLD;
END;
$$;
-- +goose StatementEnd

CREATE TRIGGER journal_bundles_kept BEFORE UPDATE OR TRUNCATE ON journal_bundles
    FOR EACH STATEMENT EXECUTE FUNCTION journal_kept();
CREATE TRIGGER journal_bundles_needed BEFORE DELETE ON journal_bundles
    FOR EACH ROW EXECUTE FUNCTION journal_needed();
