export const sectorSchema = `SELECT 1`
