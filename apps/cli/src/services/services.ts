import { resolve } from 'node:path'
import {
  type Client,
  checkContractSchema,
  FreeholdError,
  putConsumerSchema,
  putServiceSchema,
  type Service,
  type ServiceConsumer,
  type ServiceSummary,
  type Upstream,
} from '@freehold/contracts'
import { connectTenant } from '../connection/connect.ts'
import { collectPages } from '../connection/pages.ts'
import type { Context } from '../context.ts'
import { type ExitCode, exitCodes, parseInput } from '../failure.ts'
import { oneLine } from '../terminal/format.ts'
import { type Column, renderFields, renderTable } from '../terminal/table.ts'
import { printJson } from '../terminal/terminal.ts'
import { readContract, readService, type ServiceOptions } from './read-service.ts'

export interface UseOptions {
  uses?: string[]
  skills?: string[]
}

const columns: Column<ServiceSummary>[] = [
  { title: 'SERVICE', value: ({ name }) => name },
  { title: 'CONTRACT', value: ({ contract }) => contract ?? '-' },
  { title: 'UPSTREAMS', flexible: true, value: ({ environments }) => oneLine(describeUpstreams(environments)) },
]

export async function putService(context: Context, name: string, options: ServiceOptions): Promise<undefined> {
  const client = await connectTenant(context)
  const registered = options.file === undefined ? await findService(client, name) : undefined
  const fields = await readService(options, context.settings.workingDir, registered)
  const body = parseInput(putServiceSchema, fields)
  print(context, await client.putService({ params: { name }, body }), await consumersOf(client, name))
}

async function findService(client: Client, name: string): Promise<Service | undefined> {
  return client.getService({ params: { name } }).catch((error: unknown) => {
    if (error instanceof FreeholdError && error.code === 'not_found') return undefined
    throw error
  })
}

export async function checkService(context: Context, name: string, path: string): Promise<ExitCode> {
  const contract = await readContract(resolve(context.settings.workingDir, path))
  const body = parseInput(checkContractSchema, { contract })
  const client = await connectTenant(context)
  const { breaks } = await client.checkService({ params: { name }, body })
  const { terminal } = context
  if (context.json) printJson(terminal, { breaks })
  else if (breaks.length === 0) terminal.write(`The contract breaks no registered consumer of ${name}.\n`)
  for (const { consumer, at, message } of context.json ? [] : breaks) {
    terminal.write(`${terminal.paint.red('✗')} ${oneLine(`${consumer}: ${at}: ${message}`)}\n`)
  }
  return breaks.length === 0 ? exitCodes.ok : exitCodes.requestFailed
}

export async function listServices(context: Context): Promise<undefined> {
  const client = await connectTenant(context)
  const services = await collectPages((query) => client.listServices({ query }))
  const { terminal } = context
  if (context.json) printJson(terminal, services)
  else if (services.length > 0) {
    terminal.write(renderTable(columns, services, terminal.columns, terminal.paint))
  } else {
    terminal.write(`No services. Register one: ${context.commandLine} services put orders --url https://…\n`)
  }
}

export async function showService(context: Context, name: string): Promise<undefined> {
  const client = await connectTenant(context)
  print(context, await client.getService({ params: { name } }), await consumersOf(client, name))
}

export async function deleteService(context: Context, name: string): Promise<undefined> {
  const client = await connectTenant(context)
  print(context, await client.deleteService({ params: { name } }), [])
}

export async function putConsumer(
  context: Context,
  name: string,
  consumer: string,
  options: UseOptions,
): Promise<undefined> {
  const uses = [...(options.uses ?? []).map(readUse), ...(options.skills ?? []).map((skill) => ({ skill }))]
  const body = parseInput(putConsumerSchema, { uses })
  const client = await connectTenant(context)
  printConsumer(context, await client.putServiceConsumer({ params: { name, consumer }, body }))
}

export async function deleteConsumer(context: Context, name: string, consumer: string): Promise<undefined> {
  const client = await connectTenant(context)
  printConsumer(context, await client.deleteServiceConsumer({ params: { name, consumer } }))
}

/** `GET /orders/{id} total,lines.sku` */
function readUse(text: string): object {
  const [method, path, fields] = text.trim().split(/\s+/)
  return { method, path, ...(fields !== undefined && { fields: fields.split(',') }) }
}

function consumersOf(client: Client, name: string): Promise<ServiceConsumer[]> {
  return collectPages((query) => client.listServiceConsumers({ params: { name }, query }))
}

function describeUse(use: ServiceConsumer['uses'][number]): string {
  if ('skill' in use) return use.skill
  return `${use.method} ${use.path}${use.fields ? ` (${use.fields.join(', ')})` : ''}`
}

function describeUpstream(upstream: Upstream | undefined): string {
  if (!upstream) return ''
  if (upstream.kind === 'agent') return `agent ${upstream.agent}`
  const where = upstream.kind === 'mcp' ? `mcp ${upstream.url}` : upstream.url
  return upstream.connection === null ? where : `${where} with ${upstream.connection}`
}

function describeUpstreams(environments: Service['environments']): string {
  return Object.entries(environments)
    .map(([environment, upstream]) => `${environment}: ${describeUpstream(upstream)}`)
    .join(', ')
}

function print({ json, terminal }: Context, service: Service, consumers: readonly ServiceConsumer[]): void {
  if (json) {
    printJson(terminal, { ...service, consumers })
    return
  }
  const { requestsPerSecond } = service.limits
  const fields: [string, string | undefined][] = [
    ['service', service.name],
    ['description', oneLine(service.description)],
    ['contract', service.contract?.kind],
    ...Object.entries(service.environments).map(([environment, upstream]): [string, string] => [
      environment,
      oneLine(describeUpstream(upstream)),
    ]),
    ['time limit', `${service.timeoutMs} ms`],
    ['limit', requestsPerSecond === null ? undefined : `${requestsPerSecond} requests per second`],
    ['team', service.teamId ?? undefined],
    ...consumers.map(({ consumer, uses }): [string, string] => [
      'consumer',
      oneLine(`${consumer}: ${uses.map(describeUse).join(', ')}`),
    ]),
  ]
  terminal.write(renderFields(fields, terminal.paint))
}

function printConsumer({ json, terminal }: Context, consumer: ServiceConsumer): void {
  if (json) printJson(terminal, consumer)
  else {
    const fields: [string, string][] = [
      ['consumer', consumer.consumer],
      ['of', consumer.service],
      ['uses', oneLine(consumer.uses.map(describeUse).join(', '))],
    ]
    terminal.write(renderFields(fields, terminal.paint))
  }
}
