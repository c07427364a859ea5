-- What became of bundles: found without a look at the decisions, of which there are many more. The number of this form also
-- keeps a program that does not know records of this kind from opening the journal.

-- +goose Up
CREATE INDEX journal_records_activation ON journal_records (bundle, seq) WHERE kind = 'activation';
CREATE INDEX journal_records_activations ON journal_records (seq) WHERE kind = 'activation';
