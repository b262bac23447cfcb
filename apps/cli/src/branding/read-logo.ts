import { readFile } from 'node:fs/promises'
import type { PutLogo } from '@freehold/contracts'

export async function readLogo(path: string): Promise<PutLogo> {
  try {
    return { data: (await readFile(path)).toString('base64') }
  } catch (error) {
    throw new Error(`can't read ${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}
