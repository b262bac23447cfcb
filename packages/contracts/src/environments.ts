import { z } from 'zod'

/** Where versions of an agent serve. A version goes through them in this order. */
export const environmentSchema = z.enum(['development', 'staging', 'production'])
export type Environment = z.output<typeof environmentSchema>
