export const sourceSchema = `SELECT 1`
