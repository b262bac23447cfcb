import { resolve } from 'node:path'
import { type Branding, type Client, claimHostSchema, type PutLogo, putBrandingSchema } from '@freehold/contracts'
import { connectTenant } from '../connection/connect.ts'
import type { Context } from '../context.ts'
import { parseInput, wrongUsage } from '../failure.ts'
import { formatTime, oneLine } from '../terminal/format.ts'
import { renderFields } from '../terminal/table.ts'
import { printJson } from '../terminal/terminal.ts'
import { readLogo } from './read-logo.ts'

export interface BrandingOptions {
  name?: string
  logo?: string
  primary?: string
  background?: string
  text?: string
  support?: string
  sender?: string
  replyTo?: string
  host?: string
}

export async function showBranding(context: Context): Promise<undefined> {
  const client = await connectTenant(context)
  print(context, await client.getBranding())
}

export async function setBranding(context: Context, options: BrandingOptions): Promise<undefined> {
  const { logo, host, ...look } = options
  if (Object.keys(options).length === 0) throw wrongUsage('Give what to change; --help lists it.')
  const claim = host === undefined || host === 'none' ? undefined : parseInput(claimHostSchema, { host })
  const image =
    logo === undefined || logo === 'none' ? undefined : await readImage(resolve(context.settings.workingDir, logo))
  const client = await connectTenant(context)
  if (Object.keys(look).length > 0) await putLook(client, look)
  if (image) await client.putLogo({ body: image })
  else if (logo !== undefined) await client.deleteLogo()
  if (claim) await client.claimHost({ body: claim })
  else if (host !== undefined) await client.releaseHost()
  print(context, await client.getBranding())
}

export async function verifyHost(context: Context): Promise<undefined> {
  const client = await connectTenant(context)
  await client.verifyHost()
  print(context, await client.getBranding())
}

/** The interface replaces all of it, so what isn't given is sent as it is. */
async function putLook(client: Client, look: Omit<BrandingOptions, 'logo' | 'host'>): Promise<void> {
  const { name, colors, supportAddress, sender } = await client.getBranding()
  const pick = (given: string | undefined, now: string | null) => (given === 'none' ? null : (given ?? now))
  const body = parseInput(putBrandingSchema, {
    name: pick(look.name, name),
    colors: {
      primary: pick(look.primary, colors.primary),
      background: pick(look.background, colors.background),
      text: pick(look.text, colors.text),
    },
    supportAddress: pick(look.support, supportAddress),
    sender: { name: pick(look.sender, sender.name), replyTo: pick(look.replyTo, sender.replyTo) },
  })
  await client.putBranding({ body })
}

function readImage(path: string): Promise<PutLogo> {
  return readLogo(path).catch((error: Error) => {
    throw wrongUsage(`--logo: ${error.message}`)
  })
}

function print({ json, terminal }: Context, branding: Branding): void {
  if (json) printJson(terminal, branding)
  else terminal.write(renderFields(toFields(branding), terminal.paint))
  for (const warning of branding.warnings) terminal.note(warning)
}

function toFields({ name, logo, colors, supportAddress, sender, host }: Branding): [string, string][] {
  const shown = (value: string | null) => (value === null ? 'as the installation has it' : oneLine(value))
  return [
    ['name', shown(name)],
    ['logo', shown(logo?.url ?? null)],
    ['primary', shown(colors.primary)],
    ['background', shown(colors.background)],
    ['text', shown(colors.text)],
    ['support', shown(supportAddress)],
    ['sender', shown(sender.name)],
    ['reply to', shown(sender.replyTo)],
    ['host', host ? `${host.host}, ${host.status}` : 'none'],
    ...(host?.missingSince ? ([['not in DNS since', formatTime(host.missingSince)]] as [string, string][]) : []),
    ...(host && (host.status !== 'verified' || host.missingSince)
      ? ([
          ['to be in DNS', `${host.record.name} TXT "${host.record.value}"`],
          ...(host.expiresAt ? [['until', formatTime(host.expiresAt)]] : []),
        ] as [string, string][])
      : []),
  ]
}
