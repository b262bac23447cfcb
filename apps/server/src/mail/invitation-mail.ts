import type { CreatedInvitation } from '@freehold/contracts'
import type { Brand } from '@freehold/core'
import type { Mail } from './mail.ts'

type Invited = Pick<CreatedInvitation, 'email' | 'tenantName' | 'token' | 'expiresAt'>

/** What somebody gets who is invited into a tenant, in its name. */
export function invitationMail(invitation: Invited, publicUrl: string, brand: Brand): Mail {
  const { email, tenantName, token, expiresAt } = invitation
  const name = brand.name ?? 'Freehold'
  return {
    to: email,
    subject: `You are invited to ${tenantName}`,
    sender: brand.sender,
    text: [
      `You are invited to ${tenantName} on ${name}.`,
      '',
      `Sign in at ${publicUrl} with this address, or sign up with it there, and accept the invitation with this token:`,
      '',
      `    ${token}`,
      '',
      `It is good until ${expiresAt.slice(0, 10)}. Whoever did not expect this can leave it: nothing happens without it.`,
      ...(brand.supportAddress ? ['', `Questions: ${brand.supportAddress}`] : []),
    ].join('\n'),
  }
}
