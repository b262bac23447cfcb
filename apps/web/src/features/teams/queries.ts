/** A tenant has few teams, and what they own is counted from the list. */
export const allTeams = { query: { limit: 200 } }
export const allOwners = { query: { limit: 200 } }
