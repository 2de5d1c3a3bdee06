/**
 * Answering on-chain challenges (flow 14). `answer_work`: one row per challenge, by its order and deadline (unix seconds, decimal text);
 * `told` is the lowest percentage of the window that was alarmed of. `alarm`: what stands and needs a person, told once also over
 * restarts. `watched_order`: orders of others that this host looks after. `chain_transaction.urgency`: JSON, see `chain/urgency.ts`.
 */
export const answerSchema = `
ALTER TABLE chain_transaction ADD COLUMN urgency TEXT;
CREATE TABLE answer_work (
  order_id TEXT NOT NULL,
  deadline TEXT NOT NULL,
  leaf TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('miner','watcher')),
  state TEXT NOT NULL CHECK (state IN ('waiting','proven','sent','confirmed','failed')),
  attempts INTEGER NOT NULL DEFAULT 0,
  intent TEXT,
  hash TEXT,
  error TEXT,
  told INTEGER NOT NULL DEFAULT 100,
  first_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  PRIMARY KEY (order_id, deadline)
) STRICT;
CREATE TABLE alarm (
  key TEXT PRIMARY KEY,
  level TEXT NOT NULL CHECK (level IN ('warning','error')),
  subject TEXT NOT NULL,
  message TEXT NOT NULL,
  hint TEXT NOT NULL,
  since_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE watched_order (
  order_id TEXT PRIMARY KEY,
  folder TEXT,
  stubs TEXT,
  reward_to TEXT,
  slash INTEGER NOT NULL DEFAULT 0,
  added_ms INTEGER NOT NULL
) STRICT`
