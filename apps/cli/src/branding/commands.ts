import type { Command } from 'commander'
import type { Perform } from '../context.ts'
import type { BrandingOptions } from './branding.ts'

const load = () => import('./branding.ts')

export function addBrandingCommands(program: Command, perform: Perform): void {
  const branding = program.command('branding').description('how your tenant looks, and its own host name')
  branding
    .command('show')
    .description('show it')
    .action(async (_: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).showBranding(context))
    })
  branding
    .command('set')
    .description('change what is given; "none" for as the installation has it')
    .option('--name <name>', 'that pages show')
    .option('--logo <file>', 'a PNG, JPEG or WebP of 256 KiB at the most')
    .option('--primary <colour>', 'such as #1a2b3c')
    .option('--background <colour>')
    .option('--text <colour>')
    .option('--support <address>', 'an email address or an https URL')
    .option('--sender <name>', 'of mails')
    .option('--reply-to <address>', 'of mails')
    .option('--host <host>', 'of your own; shows the record that has to be in DNS')
    .action(async (options: BrandingOptions, command: Command) => {
      await perform(command, async (context) => (await load()).setBranding(context, options))
    })
  branding
    .command('verify-host')
    .description('look into DNS for the record, and put the host to use')
    .action(async (_: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).verifyHost(context))
    })
}
