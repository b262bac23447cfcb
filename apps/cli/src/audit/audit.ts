import {
  type ArchiveVerification,
  type AuditEntry,
  type AuditPruning,
  type AuditVerification,
  operations,
} from '@freehold/contracts'
import { connectOperator, connectTenant } from '../connection/connect.ts'
import { collectPages } from '../connection/pages.ts'
import type { Context } from '../context.ts'
import { CliError, type ExitCode, exitCodes, parseInput, wrongUsage } from '../failure.ts'
import { findTenant } from '../tenants/tenants.ts'
import { formatCount, formatPlural, formatTime, oneLine, printable } from '../terminal/format.ts'
import { type Column, renderFields, renderTable } from '../terminal/table.ts'
import { type Paint, printJson } from '../terminal/terminal.ts'

export interface AuditFilter {
  actor?: string
  action?: string
  subject?: string
  from?: string
  to?: string
}

const entriesAtOnce = 1_000

const entryColumns: Column<AuditEntry>[] = [
  { title: 'SEQ', align: 'right', value: ({ seq }) => String(seq) },
  { title: 'AT', value: ({ at }) => formatTime(at) },
  { title: 'ACTION', value: ({ action }) => action },
  { title: 'BY', value: ({ actorName }) => oneLine(actorName) },
  { title: 'FROM', value: ({ address }) => address ?? '' },
  { title: 'SUBJECT', flexible: true, value: ({ subject }) => oneLine(subject.id) },
]

export async function listAudit(
  context: Context,
  { limit, from, to, ...names }: AuditFilter & { limit: number },
): Promise<undefined> {
  const filter = { ...names, from: readTime('--from', from), to: readTime('--to', to) }
  const { limit: _, cursor: __, ...query } = parseInput(operations.listAudit.query, filter)
  const client = await connectTenant(context)
  const entries = await collectPages((page) => client.listAudit({ query: { ...page, ...query } }), limit)
  const { terminal } = context
  if (context.json) printJson(terminal, entries)
  else if (entries.length === 0) terminal.write('No such changes.\n')
  else terminal.write(renderTable(entryColumns, entries, terminal.columns, terminal.paint))
}

function readTime(option: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(at)) {
    throw wrongUsage(`${option}: "${text}" is no time. Give it like 2027-01-31 or 2027-01-31T09:00:00Z.`)
  }
  return new Date(at).toISOString()
}

/** Fails when the chain or its archive is not as it was, so that a script notices. */
export async function verifyAudit(context: Context, { archive }: { archive: boolean }): Promise<ExitCode> {
  const client = await connectTenant(context)
  const verification = await client.verifyAudit({ query: { archive: archive ? 'true' : 'false' } })
  if (context.json) printJson(context.terminal, verification)
  else context.terminal.write(renderVerification(context, verification))
  return verification.ok ? exitCodes.ok : exitCodes.requestFailed
}

function renderVerification({ terminal }: Context, verification: AuditVerification): string {
  const { entries, prunedSeq, head, anchors, anchoredSeq, problem, archive } = verification
  const { paint } = terminal
  return renderFields(
    [
      ['chain', problem === null ? paint.green('whole') : paint.red('not as it was')],
      ['entries', formatCount(entries)],
      ['removed', prunedSeq === null ? undefined : `${formatCount(prunedSeq)} before them, as a checkpoint says`],
      ['head', head?.hash],
      ['anchors', anchoredSeq === null ? 'none yet' : `${anchors}, the newest at entry ${anchoredSeq}`],
      ['problem', problem === null ? undefined : printable(`entry ${problem.seq}: ${problem.reason}`)],
      ...(archive === null ? [] : describeArchive(archive, paint)),
    ],
    paint,
  )
}

function describeArchive(
  { store, segments, firstSeq, lastSeq, problem }: ArchiveVerification,
  paint: Paint,
): [string, string | undefined][] {
  const range =
    segments === 0 ? 'nothing yet' : `entries ${firstSeq} to ${lastSeq}, ${formatPlural(segments, 'segment')}`
  const place = problem?.segment ? `${problem.segment}, ` : ''
  return [
    ['archive', problem === null ? paint.green('whole') : paint.red('not as it was')],
    ['archived', `${range} (${store})`],
    ['problem', problem === null ? undefined : printable(`${place}entry ${problem.seq}: ${problem.reason}`)],
  ]
}

/** As the operator. */
export async function pruneAudit(
  context: Context,
  tenant: string,
  options: { before: string; yes?: true },
): Promise<undefined> {
  const before = readTime('--before', options.before) ?? ''
  const { client } = await connectOperator(context)
  const { id, name } = await findTenant(client, tenant)
  if (!options.yes) await confirmPruning(context, name, before)
  const result = await client.pruneAudit({ params: { id }, body: { before } })
  if (context.json) printJson(context.terminal, result)
  else context.terminal.write(describePruning(name, result))
}

async function confirmPruning({ terminal }: Context, name: string, before: string): Promise<void> {
  if (!terminal.confirm) throw wrongUsage('Nobody is here to be asked. Give --yes to remove the entries.')
  const question = `Remove the audit entries of "${oneLine(name)}" from before ${formatTime(before)}, for good?`
  if (!(await terminal.confirm(question))) throw new CliError('Nothing was removed.')
}

function describePruning(name: string, { removed, unarchived }: AuditPruning): string {
  const staying = unarchived === 0 ? '' : ` ${formatCount(unarchived)} more stay until they are archived.`
  return `${formatCount(removed)} entries of ${name} are removed.${staying}\n`
}

/** One object a line: first what this is, then the entries in their order, then the anchors. */
export async function exportAudit(context: Context): Promise<undefined> {
  const client = await connectTenant(context)
  // The anchors first, so that none reaches further than the entries.
  const { publicKey, items: anchors } = await client.listAuditAnchors()
  const { tenant } = await client.whoami()
  const writeLine = (line: object) => context.terminal.write(`${JSON.stringify(line)}\n`)
  writeLine({ type: 'header', format: 'freehold-audit/1', tenantId: tenant?.id, exportedAt: new Date(), publicKey })
  for (let after = 0; ; ) {
    const { items } = await client.exportAudit({ query: { after, limit: entriesAtOnce } })
    for (const entry of items) writeLine({ type: 'entry', entry })
    if (items.length < entriesAtOnce) break
    after = items.at(-1)?.seq ?? after
  }
  for (const anchor of anchors) writeLine({ type: 'anchor', anchor })
}
