import { type Client, createWebhookSchema, type Webhook, type WebhookWithSecret } from '@freehold/contracts'
import { splitList } from '../agents/read-agent.ts'
import { connectTenant } from '../connection/connect.ts'
import { collectPages } from '../connection/pages.ts'
import type { Context } from '../context.ts'
import { type ExitCode, parseInput } from '../failure.ts'
import { watchRun } from '../runs/watch-run.ts'
import { oneLine } from '../terminal/format.ts'
import { type Column, renderFields, renderTable } from '../terminal/table.ts'
import { printJson } from '../terminal/terminal.ts'

const webhookColumns: Column<Webhook>[] = [
  { title: 'WEBHOOK', value: ({ id }) => id },
  { title: 'STATUS', value: ({ status }) => status },
  { title: 'EVENTS', value: ({ events }) => events.join(', ') },
  { title: 'URL', flexible: true, value: ({ url }) => oneLine(url) },
]

export async function listWebhooks(context: Context): Promise<undefined> {
  const client = await connectTenant(context)
  const webhooks = await collectPages((query) => client.listWebhooks({ query }))
  const { terminal } = context
  if (context.json) printJson(terminal, webhooks)
  else if (webhooks.length > 0) {
    terminal.write(renderTable(webhookColumns, webhooks, terminal.columns, terminal.paint))
  } else {
    terminal.write(`No webhooks. Create one: ${context.commandLine} webhooks create <url> --events run.failed\n`)
  }
}

export async function createWebhook(
  context: Context,
  url: string,
  { events, description }: { events: string; description?: string },
): Promise<undefined> {
  const body = parseInput(createWebhookSchema, { url, events: splitList(events), description })
  const client = await connectTenant(context)
  printSecret(context, await client.createWebhook({ body }))
}

export async function rotateSecret(context: Context, id: string): Promise<undefined> {
  const client = await connectTenant(context)
  printSecret(context, await client.rotateWebhookSecret({ params: { id } }))
}

/** Delivers the test event and shows how that goes. Ctrl-C leaves; the delivery goes on. */
export async function testWebhook(context: Context, id: string): Promise<ExitCode> {
  const client = await connectTenant(context)
  const run = await client.testWebhook({ params: { id } })
  return watchRun(context, run.id, 0)
}

export const showWebhook = printing((client, id) => client.getWebhook({ params: { id } }))
export const disableWebhook = printing((client, id) =>
  client.updateWebhook({ params: { id }, body: { status: 'disabled' } }),
)
export const enableWebhook = printing((client, id) =>
  client.updateWebhook({ params: { id }, body: { status: 'active' } }),
)
export const deleteWebhook = printing((client, id) => client.deleteWebhook({ params: { id } }))

/** A command that asks for one thing about a webhook and prints what the webhook is then. */
function printing(request: (client: Client, id: string) => Promise<Webhook>) {
  return async (context: Context, id: string): Promise<undefined> => {
    const webhook = await request(await connectTenant(context), id)
    if (context.json) printJson(context.terminal, webhook)
    else context.terminal.write(renderWebhook(context, webhook))
  }
}

function printSecret(context: Context, webhook: WebhookWithSecret): void {
  if (context.json) printJson(context.terminal, webhook)
  else {
    const secret = `\nThe secret that verifies its signatures, shown this once:\n${webhook.secret}\n`
    context.terminal.write(renderWebhook(context, webhook) + secret)
  }
}

function renderWebhook({ terminal }: Context, webhook: Webhook): string {
  return renderFields(
    [
      ['webhook', webhook.id],
      ['url', oneLine(webhook.url)],
      ['events', webhook.events.join(', ')],
      ['about', oneLine(webhook.description)],
      ['status', webhook.status],
      ['reason', oneLine(webhook.disabledReason ?? '')],
    ],
    terminal.paint,
  )
}
