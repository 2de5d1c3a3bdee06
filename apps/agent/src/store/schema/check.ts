/**
 * Off-chain challenges (flow 14). `order_check`: one row for each, kept for 90 days; `evidence` is the signed exchange. `order_check_plan`:
 * when an order is checked next, and since when its commitment has been known to be in force. `order_escalation`: an order whose miner
 * failed a check, until it is cleared or settled; written before anything is done about it. `challenge_spending`: what on-chain
 * challenges by policy have put at stake. Order ids and leaves are decimal text, times Unix ms.
 */
export const checkSchema = `
CREATE TABLE order_check (
  n INTEGER PRIMARY KEY,
  order_id TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('leaves','probe','restore')),
  why TEXT NOT NULL,
  root TEXT NOT NULL,
  size TEXT NOT NULL,
  leaves INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('passed','wrong','refused','offline','unknown')),
  latency_ms INTEGER,
  error TEXT,
  evidence BLOB
) STRICT;
CREATE INDEX order_check_order ON order_check (order_id, at_ms);
CREATE INDEX order_check_time ON order_check (at_ms);
CREATE TABLE order_check_plan (
  order_id TEXT PRIMARY KEY,
  phase_ms INTEGER NOT NULL,
  next_ms INTEGER NOT NULL,
  root TEXT NOT NULL DEFAULT '',
  size TEXT NOT NULL DEFAULT '0',
  since_ms INTEGER NOT NULL DEFAULT 0,
  absent_since_ms INTEGER,
  absent INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE order_escalation (
  order_id TEXT PRIMARY KEY,
  state TEXT NOT NULL,
  cause TEXT NOT NULL,
  leaf TEXT,
  suspects TEXT NOT NULL,
  first_ms INTEGER NOT NULL,
  changed_ms INTEGER NOT NULL,
  next_ms INTEGER NOT NULL,
  rechecks INTEGER NOT NULL DEFAULT 0,
  reason TEXT NOT NULL DEFAULT '',
  intent TEXT
) STRICT;
CREATE TABLE challenge_spending (
  intent TEXT PRIMARY KEY,
  order_id TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  bond TEXT NOT NULL
) STRICT`
