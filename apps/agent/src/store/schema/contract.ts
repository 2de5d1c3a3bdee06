/**
 * The off-chain relation for one order (design: contract), on either side, and the backups that run on it.
 * Order ids are decimal text: 64-bit integers of SQLite are signed. Commitments are JSON `{root,size}`.
 */
export const contractSchema = `
CREATE TABLE contract (
  order_id TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('user','miner')),
  state TEXT NOT NULL,
  bill_id TEXT NOT NULL,
  source_id TEXT,
  volume_id TEXT,
  volume_number INTEGER,
  sector_id TEXT,
  capacity_mib INTEGER NOT NULL,
  reason TEXT NOT NULL DEFAULT '',
  stated TEXT,
  final_at INTEGER,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (order_id, role)
) STRICT;
CREATE INDEX contract_source ON contract (source_id);
CREATE TABLE backup_job (
  job_id TEXT PRIMARY KEY,
  source_id TEXT NOT NULL,
  order_id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('running','done','failed')),
  started_at INTEGER NOT NULL,
  finished_at INTEGER,
  error TEXT,
  result TEXT
) STRICT;
CREATE UNIQUE INDEX backup_job_running ON backup_job (source_id) WHERE state = 'running'`
