/** Sources (flow 5). What is known about a source's log lies in `sources/<id>/log.db`, which can be rebuilt. */
export const sourceSchema = `
CREATE TABLE source (
  source_id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  path BLOB NOT NULL UNIQUE,
  kind TEXT NOT NULL CHECK (kind IN ('directory','file')),
  salt BLOB NOT NULL UNIQUE CHECK (length(salt) = 32),
  created_at INTEGER NOT NULL,
  files INTEGER,
  directories INTEGER,
  bytes INTEGER,
  unreadable INTEGER,
  measured_at INTEGER
) STRICT`

/** What of a source is left out: JSON list of patterns, and how many names that was at the last walk. */
export const sourceExcludesSchema = `
ALTER TABLE source ADD COLUMN excludes TEXT NOT NULL DEFAULT '[]';
ALTER TABLE source ADD COLUMN excluded INTEGER NOT NULL DEFAULT 0`
