/** As many as come at once: whoever is the last owner is seen among them. */
export const membersQuery = { query: { limit: 200 } }
