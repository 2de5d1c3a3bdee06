export const contractSchema = `SELECT 1`
