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

/** When a source is backed up by itself and how that goes (times in Unix ms), and how many snapshots are kept: JSON, or no row for all. */
export const sourceScheduleSchema = `
CREATE TABLE source_schedule (
  source_id TEXT PRIMARY KEY REFERENCES source (source_id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('interval','times','cron')),
  spec TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  since INTEGER NOT NULL,
  next_run INTEGER NOT NULL,
  last_run INTEGER,
  last_outcome TEXT,
  last_note TEXT,
  missed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE source_retention (
  source_id TEXT PRIMARY KEY REFERENCES source (source_id) ON DELETE CASCADE,
  policy TEXT NOT NULL
) STRICT`
