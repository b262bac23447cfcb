import type { CreatedInvitation } from '@freehold/contracts'
import type { Mail } from './mail.ts'

/** What somebody gets who is invited into a tenant. */
export function invitationMail({ email, tenantName, token, expiresAt }: CreatedInvitation, publicUrl: string): Mail {
  return {
    to: email,
    subject: `You are invited to ${tenantName}`,
    text: [
      `You are invited to ${tenantName} on Freehold.`,
      '',
      `Sign in at ${publicUrl} with this address, or sign up with it there, and accept the invitation with this token:`,
      '',
      `    ${token}`,
      '',
      `It is good until ${expiresAt.slice(0, 10)}. Whoever did not expect this can leave it: nothing happens without it.`,
    ].join('\n'),
  }
}
