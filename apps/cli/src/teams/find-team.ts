import type { Client, Team } from '@freehold/contracts'
import { collectPages } from '../connection/pages.ts'
import { CliError } from '../failure.ts'

/** By its id or name. */
export async function findTeam(client: Client, named: string): Promise<Team> {
  const teams = await collectPages((query) => client.listTeams({ query }))
  const found = teams.find(({ id, name }) => id === named || name === named)
  if (found) return found
  throw new CliError(`There is no team "${named}". See freehold teams list.`)
}
