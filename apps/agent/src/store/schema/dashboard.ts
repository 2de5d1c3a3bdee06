/**
 * The link to the dashboard. Reports wait here until the dashboard has them: the newest of each key, under numbers that are never used
 * again. Commands are here before anything is done about them; ids are the dashboard's, as decimal text.
 */
export const dashboardSchema = `
CREATE TABLE dashboard_report (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL UNIQUE,
  body TEXT NOT NULL
) STRICT;
CREATE TABLE dashboard_said (key TEXT PRIMARY KEY, hash TEXT NOT NULL) STRICT;
CREATE TABLE dashboard_command (
  command_id TEXT PRIMARY KEY,
  body TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('taken','started','done','failed')),
  received_at INTEGER NOT NULL,
  finished_at INTEGER
) STRICT;
CREATE INDEX dashboard_command_state ON dashboard_command (state)`

/**
 * Endpoints that this host has put on chain, or was about to, and how often the dashboard had it do so: a cap that a restart or another
 * pairing does not lift.
 */
export const endpointSchema = `
CREATE TABLE own_endpoint (url TEXT PRIMARY KEY) STRICT;
CREATE TABLE dashboard_endpoint (command_id TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT`

/** What else costs gas when the dashboard wishes it is counted there, too, each kind for itself. */
export const costKindSchema =
  "ALTER TABLE dashboard_endpoint ADD COLUMN kind TEXT NOT NULL DEFAULT 'endpoint'"

/** Which folder a restore made for itself, as `dev:ino`: after a restart it goes on in that one only. */
export const commandFolderSchema = 'ALTER TABLE dashboard_command ADD COLUMN folder TEXT'
