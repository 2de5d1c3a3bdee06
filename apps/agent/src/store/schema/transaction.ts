/**
 * `chain_transaction`: one row per intent, written before anything is sent (design: a transaction is recorded before it is sent and
 * never sent twice). `chain_attempt`: every signed form of it; at most one of them can be mined, for they share their nonce.
 * `chain_cursor`, `chain_block`: how far a follower has read, and the hashes by which it notices a reorg.
 */
export const transactionSchema = `
CREATE TABLE chain_transaction (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  intent TEXT NOT NULL UNIQUE,
  chain_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  subject TEXT NOT NULL,
  sender TEXT NOT NULL,
  nonce INTEGER NOT NULL,
  target TEXT NOT NULL,
  data TEXT NOT NULL,
  value TEXT NOT NULL,
  gas TEXT NOT NULL,
  max_fee TEXT NOT NULL,
  priority_fee TEXT NOT NULL,
  raw TEXT NOT NULL,
  hash TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('recorded','sent','mined','confirmed','failed','replaced')),
  created_ms INTEGER NOT NULL,
  created_block INTEGER NOT NULL,
  signed_ms INTEGER NOT NULL,
  block_number INTEGER,
  block_hash TEXT,
  gas_used TEXT,
  fee_wei TEXT,
  logs TEXT,
  error TEXT
) STRICT;
CREATE INDEX chain_transaction_sender ON chain_transaction (sender, nonce);
CREATE INDEX chain_transaction_open ON chain_transaction (state) WHERE state IN ('recorded','sent','mined');
CREATE TABLE chain_attempt (
  hash TEXT PRIMARY KEY,
  intent TEXT NOT NULL REFERENCES chain_transaction (intent),
  nonce INTEGER NOT NULL,
  raw TEXT NOT NULL,
  signed_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX chain_attempt_intent ON chain_attempt (intent, nonce);
CREATE TABLE chain_cursor (
  name TEXT PRIMARY KEY,
  chain_id INTEGER NOT NULL,
  market TEXT NOT NULL,
  next_block INTEGER NOT NULL
) STRICT;
CREATE TABLE chain_block (
  name TEXT NOT NULL REFERENCES chain_cursor (name),
  number INTEGER NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (name, number)
) STRICT, WITHOUT ROWID`
