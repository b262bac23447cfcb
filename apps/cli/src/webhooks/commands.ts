import type { Command } from 'commander'
import type { Perform } from '../context.ts'

const load = () => import('./webhooks.ts')

export function addWebhookCommands(program: Command, perform: Perform): void {
  const webhooks = program.command('webhooks').description('have events delivered to a URL')
  webhooks
    .command('list')
    .description('list the webhooks')
    .action(async (_: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).listWebhooks(context))
    })
  webhooks
    .command('create')
    .description('create a webhook and print its secret, this once')
    .argument('<url>', 'where to deliver')
    .requiredOption('--events <names>', 'with commas between them, such as run.failed,approval.requested')
    .option('--description <text>', 'what it is for')
    .action(async (url: string, options: { events: string; description?: string }, command: Command) => {
      await perform(command, async (context) => (await load()).createWebhook(context, url, options))
    })
  const onOne = {
    show: ['show a webhook', 'showWebhook'],
    disable: ['deliver nothing more to it', 'disableWebhook'],
    enable: ['deliver to it again, from now on', 'enableWebhook'],
    delete: ['delete a webhook and its secret', 'deleteWebhook'],
    test: ['deliver the event webhook.test and watch how that goes', 'testWebhook'],
    rotate: ['make a new secret and print it, this once; the one before signs too for 24 hours', 'rotateSecret'],
  } as const
  for (const [name, [description, action]] of Object.entries(onOne)) {
    webhooks
      .command(name)
      .description(description)
      .argument('<id>')
      .action(async (id: string, _: unknown, command: Command) => {
        await perform(command, async (context) => (await load())[action](context, id))
      })
  }
}
