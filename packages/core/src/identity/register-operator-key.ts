import { uuidv7 } from 'uuidv7'
import type { Database } from '../db/database.ts'
import { hashKey } from './keys.ts'

/** Makes a key the operator's, and every other one invalid. Only the process that sets the installation up calls this; no route does. */
export async function registerOperatorKey(database: Database, key: string): Promise<void> {
  await database.call('register-operator-key', 'select door_register_operator_key($1, $2)', [uuidv7(), hashKey(key)])
}
