import { countDecimals, priceDecimals, type Tenant, updateTenantSchema } from '@freehold/contracts'
import { connectTenant } from '../connection/connect.ts'
import type { Context } from '../context.ts'
import { parseInput, wrongUsage } from '../failure.ts'
import { describeHosts, formatPlural, oneLine } from '../terminal/format.ts'
import { renderFields } from '../terminal/table.ts'
import { printJson } from '../terminal/terminal.ts'

export interface SettingOptions {
  timeZone?: string
  assumedPrice?: string
  hosts?: string
  productionApprovals?: string
}

/** Nano-USD per token that a price of one dollar per million tokens comes to. */
const nanosPerTokenPerDollar = 10 ** priceDecimals

export async function showSettings(context: Context): Promise<undefined> {
  const client = await connectTenant(context)
  print(context, await client.getOwnTenant())
}

export async function setSettings(context: Context, options: SettingOptions): Promise<undefined> {
  const { timeZone, assumedPrice, hosts, productionApprovals } = options
  if (Object.keys(options).length === 0)
    throw wrongUsage('Give what to change: --time-zone, --assumed-price, --hosts or --production-approvals.')
  const body = parseInput(updateTenantSchema, {
    ...(timeZone !== undefined && { timeZone }),
    ...(assumedPrice !== undefined && { assumedPrice: readPrice(assumedPrice) }),
    ...(hosts !== undefined && { allowedHosts: readHosts(hosts) }),
    ...(productionApprovals !== undefined && { productionApprovals: readApprovals(productionApprovals) }),
  })
  const client = await connectTenant(context)
  print(context, await client.updateOwnTenant({ body }))
}

function readPrice(text: string) {
  if (text === 'none') return null
  const [input, output, ...more] = text
    .split('/')
    .map((dollars) => countDecimals(dollars.replace(/^\$/, ''), priceDecimals))
  if (input === undefined || output === undefined || more.length > 0) {
    const wanted = `Give dollars per million tokens in and out, like 0.15/0.6, with ${priceDecimals} decimals at the most, or "none".`
    throw wrongUsage(`--assumed-price: "${text}" is no price. ${wanted}`)
  }
  return { inputNanosPerToken: input, outputNanosPerToken: output }
}

function readApprovals(text: string) {
  if (text === 'none') return null
  const [required, role] = text.split('/')
  return { required: Number(required), role }
}

function readHosts(text: string): string[] | null {
  if (text === 'public') return null
  return text === 'none' ? [] : text.split(',').map((host) => host.trim())
}

function print({ json, terminal }: Context, tenant: Tenant): void {
  if (json) printJson(terminal, tenant)
  else terminal.write(renderFields(toFields(tenant), terminal.paint))
}

function describeApprovals(approvals: Tenant['productionApprovals']): string {
  if (!approvals) return 'needs no approval'
  return `needs ${formatPlural(approvals.required, 'approval')}${approvals.role ? ` of the role ${approvals.role}` : ''}`
}

function toFields(tenant: Tenant): [string, string][] {
  const { name, timeZone, assumedPrice, allowedHosts, productionApprovals } = tenant
  const toDollars = (nanosPerToken: number) => `$${nanosPerToken / nanosPerTokenPerDollar}`
  const price = assumedPrice
    ? `${toDollars(assumedPrice.inputNanosPerToken)} in, ${toDollars(assumedPrice.outputNanosPerToken)} out per million tokens`
    : 'none: under a budget of money, models without a known price are refused'
  return [
    ['tenant', oneLine(name)],
    ['time zone', timeZone],
    ['assumed price', price],
    ['tools reach', describeHosts(allowedHosts)],
    ['production', describeApprovals(productionApprovals)],
  ]
}
