import type { Logger } from 'pino'
import { z } from 'zod'
import { Secret } from '../secret.ts'

export interface Mail {
  to: string
  subject: string
  text: string
  /** In whose name it comes, and who gets the answers; the address that it comes from stays the installation's. */
  sender?: { name: string | null; replyTo: string | null }
}

/** Rejects when the mail server did not take it. */
export type SendMail = (mail: Mail) => Promise<void>

export interface MailConfig {
  /** Mails are printed to the log when absent. */
  smtpUrl: Secret | undefined
  from: string
}

const schema = z.object({
  FREEHOLD_SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  FREEHOLD_MAIL_FROM: z.string().max(200).optional(),
})

/** Adds what is wrong to `problems`; undefined then. */
export function readMailConfig(given: NodeJS.ProcessEnv, problems: string[]): MailConfig | undefined {
  const parsed = schema.safeParse(given)
  if (!parsed.success) {
    problems.push(...parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`))
    return undefined
  }
  const { FREEHOLD_SMTP_URL: smtpUrl, FREEHOLD_MAIL_FROM: from } = parsed.data
  if (smtpUrl && !from) {
    problems.push('FREEHOLD_MAIL_FROM: mails need a sender, such as "Freehold <freehold@example.com>"')
  }
  return { smtpUrl: Secret.of(smtpUrl), from: from ?? 'freehold@localhost' }
}

const patienceMs = 20_000

/** Sends by SMTP. Without a server for it, mails go to the log, links and all, so that the first person can get in. */
export function createMailer({ smtpUrl, from }: MailConfig, logger: Logger): SendMail {
  if (!smtpUrl) {
    return async ({ to, subject, text }) =>
      logger.warn({ mail: { to, subject, text } }, 'no FREEHOLD_SMTP_URL is set, so this mail is here and not sent')
  }
  return async (mail) => {
    const { createTransport } = await import('nodemailer')
    const transport = createTransport({
      url: smtpUrl.reveal(),
      connectionTimeout: patienceMs,
      greetingTimeout: patienceMs,
      socketTimeout: patienceMs,
    })
    try {
      const { sender, ...content } = mail
      const replyTo = sender?.replyTo ?? undefined
      await transport.sendMail({ from: fromOf(from, sender?.name), ...content, ...(replyTo && { replyTo }) })
    } finally {
      transport.close()
    }
  }
}

function fromOf(from: string, name: string | null | undefined): string | { name: string; address: string } {
  if (!name) return from
  return { name, address: /<([^<>]+)>\s*$/.exec(from)?.[1] ?? from }
}
