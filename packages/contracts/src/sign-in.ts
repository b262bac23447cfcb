import { z } from 'zod'
import { publicBrandingSchema } from './branding.ts'
import { tenantRoles } from './permissions.ts'

/** What the sign-in page of a host needs to know; for anybody who opens it. */
export const publicSignInSchema = z
  .object({
    signUp: z.enum(['invited', 'open']),
    providers: z.array(z.object({ id: z.string(), name: z.string() })),
  })
  .meta({ id: 'PublicSignIn' })

const roles = z.array(z.enum(tenantRoles))

/** What an invitation is for, for whoever has its link. */
export const publicInvitationSchema = z
  .object({
    tenantName: z.string(),
    email: z.string(),
    roles,
    teams: z.array(z.object({ name: z.string(), roles })),
    invitedBy: z.string().nullable().meta({ description: 'The name of the person; null where a program did it.' }),
    status: z.enum(['pending', 'accepted', 'revoked', 'expired']),
    expiresAt: z.iso.datetime(),
    brand: publicBrandingSchema,
  })
  .meta({ id: 'PublicInvitation' })

export type PublicSignIn = z.output<typeof publicSignInSchema>
export type PublicInvitation = z.output<typeof publicInvitationSchema>
