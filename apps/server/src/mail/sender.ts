import type { Brand } from '@freehold/core'
import type { Mail } from './mail.ts'

/** In whose name mails of a tenant come: that of its sender, or else its own. */
export function senderOf({ name, sender }: Pick<Brand, 'name' | 'sender'>): NonNullable<Mail['sender']> {
  // What a mail program could take for an address is the installation's to say.
  const own = name !== null && /[@<>"]/.test(name) ? null : name
  return { name: sender.name ?? own, replyTo: sender.replyTo }
}
