export const transactionSchema = `SELECT 1`
