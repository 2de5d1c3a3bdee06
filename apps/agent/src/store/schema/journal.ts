/** What happened, for people; append-only. `subject` is like `order:12`, `source:ab12`. */
export const journalSchema = `
CREATE TABLE journal (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  time INTEGER NOT NULL,
  level TEXT NOT NULL CHECK (level IN ('info','warning','error')),
  event TEXT NOT NULL,
  subject TEXT NOT NULL DEFAULT '',
  message TEXT NOT NULL,
  data TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE INDEX journal_subject ON journal (subject, seq);
CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT`
