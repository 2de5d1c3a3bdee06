/**
 * Which folders are my sectors, and which order lies on which (flow 1, flow 8). What of an order is durable stands in
 * `sector.db` inside the folder; these rows only say where to look, also while a disk is not mounted.
 * Order ids are decimal text, the device is st_dev when last seen.
 */
export const sectorSchema = `
CREATE TABLE sector (
  sector_id TEXT PRIMARY KEY,
  path TEXT NOT NULL UNIQUE,
  size INTEGER NOT NULL,
  device TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE sector_order (
  order_id TEXT PRIMARY KEY,
  sector_id TEXT NOT NULL REFERENCES sector (sector_id),
  capacity INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sector_order_sector ON sector_order (sector_id)`
