/** The token's decimals; the Market's money is in units of 10^-18 token ("token wei"). */
export const TOKEN_DECIMALS = 18
