/** Which of this host's sectors each of its bills sells (flow 2), and the order terms registered for a source (flow 6). */
export const accountSchema = `
CREATE TABLE bill (
  bill_id TEXT PRIMARY KEY,
  sector_id TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX bill_sector ON bill (sector_id);
CREATE TABLE source_terms (source_id TEXT PRIMARY KEY, terms TEXT NOT NULL) STRICT`
