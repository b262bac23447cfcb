import { pino } from 'pino'
import { expect, test } from 'vitest'
import { readConfig } from '../config.ts'
import { createMailer } from './mail.ts'
import { startMailbox } from './mailbox.fixture.ts'

const mail = { to: 'ada@example.com', subject: 'Hello', text: 'https://example.com/a-link' }

function mailerOf(env: Record<string, string>) {
  const lines: string[] = []
  const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) })
  return { lines, send: createMailer(readConfig(env, 'all').mail, logger) }
}

test('a mail goes to the server that is configured, and not to the log', async () => {
  const mailbox = await startMailbox()
  try {
    const { lines, send } = mailerOf({ FREEHOLD_SMTP_URL: mailbox.url, FREEHOLD_MAIL_FROM: 'F <f@example.com>' })
    await send(mail)
    expect(mailbox.find(mail.to)).toContain(mail.text)
    expect(mailbox.find(mail.to)).toContain('From: F <f@example.com>')
    expect(lines).toEqual([])
  } finally {
    await mailbox.close()
  }
})

test('a mail in the name of a tenant comes from the same address', async () => {
  const mailbox = await startMailbox()
  try {
    const { send } = mailerOf({ FREEHOLD_SMTP_URL: mailbox.url, FREEHOLD_MAIL_FROM: 'F <f@example.com>' })
    await send({ ...mail, sender: { name: 'Acme', replyTo: 'help@acme.example' } })
    expect(mailbox.find(mail.to)).toContain('From: Acme <f@example.com>')
    expect(mailbox.find(mail.to)).toContain('Reply-To: help@acme.example')
  } finally {
    await mailbox.close()
  }
})

test('without a server it is in the log, which says why', async () => {
  const { lines, send } = mailerOf({})
  await send(mail)
  expect(JSON.parse(lines.join(''))).toMatchObject({
    mail,
    msg: expect.stringContaining('no FREEHOLD_SMTP_URL is set'),
  })
})

test('a server that is not there is told of', async () => {
  const mailbox = await startMailbox()
  await mailbox.close()
  const { send } = mailerOf({ FREEHOLD_SMTP_URL: mailbox.url, FREEHOLD_MAIL_FROM: 'f@example.com' })
  await expect(send(mail)).rejects.toThrow('ECONNREFUSED')
})
