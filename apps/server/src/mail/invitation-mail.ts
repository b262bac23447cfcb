import type { CreatedInvitation } from '@freehold/contracts'
import type { Brand } from '@freehold/core'
import type { Mail } from './mail.ts'
import { senderOf } from './sender.ts'

type Invited = Pick<CreatedInvitation, 'email' | 'tenantName' | 'token' | 'expiresAt'>

/** In whose name a mail is, and where it leads. */
export interface MailContext {
  /** Where the tenant's people find it. */
  url: string
  /** Whether there are pages. */
  hasPages: boolean
  brand: Brand & { name: string }
}

/** What somebody gets who is invited into a tenant, in its name. */
export function invitationMail(invitation: Invited, { url, hasPages, brand }: MailContext): Mail {
  const { email, tenantName, token, expiresAt } = invitation
  const page = [
    `Accept the invitation here:`,
    '',
    `${url}/invitations/${token}`,
    '',
    'Programs accept it by this token:',
  ]
  const byToken = `Sign in at ${url} with this address, or sign up with it there, and accept the invitation with this token:`
  return {
    to: email,
    subject: `You are invited to ${tenantName}`,
    sender: senderOf(brand),
    text: [
      `You are invited to ${tenantName} on ${brand.name}.`,
      '',
      ...(hasPages ? page : [byToken]),
      '',
      `    ${token}`,
      '',
      `It is good until ${expiresAt.slice(0, 10)}. Whoever did not expect this can leave it: nothing happens without it.`,
      ...(brand.supportAddress ? ['', `Questions: ${brand.supportAddress}`] : []),
    ].join('\n'),
  }
}
