/**
 * Reading through (flow 9): when the data of each order on this host's sectors is read next, and what the last time found. Order ids
 * are decimal text, times Unix ms, chunks are counted.
 */
export const scrubSchema = `
CREATE TABLE scrub (
  order_id TEXT PRIMARY KEY,
  next_ms INTEGER NOT NULL,
  done_ms INTEGER,
  chunks INTEGER NOT NULL DEFAULT 0,
  damaged INTEGER NOT NULL DEFAULT 0
) STRICT`
