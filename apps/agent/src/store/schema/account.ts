export const accountSchema = `SELECT 1`
