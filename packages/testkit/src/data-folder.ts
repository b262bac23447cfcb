import { openDatabase } from '@freehold/core'

type Write = (text: string, values?: readonly unknown[]) => Promise<unknown>

/** Writes to the embedded database of a server that is stopped, with the rights of a superuser, whom no policy binds. */
export async function writeToDataFolder(dataDir: string, work: (write: Write) => Promise<void>): Promise<void> {
  const database = await openDatabase({ dataDir, poolSize: 1, migrate: false })
  try {
    // Its one connection.
    await database.call('', 'reset role', [])
    await work((text, values = []) => database.call('', text, values))
  } finally {
    await database.close()
  }
}
