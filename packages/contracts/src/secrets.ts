import { z } from 'zod'

/** Of secrets and connections, which are spoken of by name in agents and on the command line. */
export const secretNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'use lower-case letters, digits and hyphens (63 at most)')

export const putSecretSchema = z.strictObject({
  /** At most 64 KiB in UTF-8, which every vault takes. */
  value: z
    .string()
    .min(1)
    .refine((value) => new TextEncoder().encode(value).length <= 65_536, 'must have 64 KiB at the most'),
})

export const secretSchema = z
  .object({
    name: z.string(),
    version: z.int().meta({ description: 'How often the value was set.' }),
    createdBy: z.string(),
    createdAt: z.iso.datetime(),
    updatedBy: z.string(),
    updatedAt: z.iso.datetime().meta({ description: 'When the value was set last.' }),
  })
  .meta({ id: 'Secret', description: 'A value that can be used and replaced, and never read.' })

export type PutSecret = z.output<typeof putSecretSchema>
export type Secret = z.output<typeof secretSchema>
