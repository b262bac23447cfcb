import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Approval, type ApprovalSummary, decideApprovalSchema, operations } from '@freehold/contracts'
import { connectTenant } from '../connection/connect.ts'
import { collectPages } from '../connection/pages.ts'
import type { Context } from '../context.ts'
import { CliError, parseInput, wrongUsage } from '../failure.ts'
import { formatAge, formatPlural, formatTime, oneLine, printable } from '../terminal/format.ts'
import { type Column, renderFields, renderTable } from '../terminal/table.ts'
import { printJson, type Terminal } from '../terminal/terminal.ts'

export interface ListOptions {
  status: string
  all?: boolean
  run?: string
  limit: number
}

export interface DecideOptions {
  comment?: string
  hash?: string
  edit?: string
}

export async function listApprovals(context: Context, options: ListOptions): Promise<undefined> {
  const filter = parseInput(operations.listApprovals.query.pick({ status: true, runId: true }), {
    status: options.all ? undefined : options.status,
    runId: options.run,
  })
  const client = await connectTenant(context)
  const approvals = await collectPages((page) => client.listApprovals({ query: { ...page, ...filter } }), options.limit)
  const { terminal } = context
  if (context.json) printJson(terminal, approvals)
  else if (approvals.length === 0) terminal.write('Nothing waits for a decision.\n')
  else terminal.write(renderTable(columnsAt(Date.now()), approvals, terminal.columns, terminal.paint))
}

function columnsAt(nowMs: number): Column<ApprovalSummary>[] {
  return [
    { title: 'APPROVAL', value: ({ id }) => id },
    { title: 'STATUS', value: ({ status }) => status },
    { title: 'AGE', align: 'right', value: ({ createdAt }) => formatAge(createdAt, nowMs) },
    { title: 'AGENT', value: ({ agent }) => agent },
    { title: 'TOOL', value: ({ tool }) => oneLine(tool ?? '') },
    { title: 'WHAT', flexible: true, value: ({ arguments: wanted }) => oneLine(JSON.stringify(wanted)) },
  ]
}

export async function showApproval(context: Context, id: string): Promise<undefined> {
  const client = await connectTenant(context)
  const approval = await client.getApproval({ params: { id } })
  if (context.json) printJson(context.terminal, approval)
  else context.terminal.write(renderApproval(approval, context.terminal))
}

/** Decides on what it shows. At a terminal it asks first; in a script it doesn't, and `--hash` says what was looked at. */
export async function decide(
  context: Context,
  id: string,
  decision: 'approve' | 'reject',
  { comment, hash, edit }: DecideOptions,
): Promise<undefined> {
  const edited = edit === undefined ? undefined : await readArguments(edit, context.settings.workingDir)
  const { terminal } = context
  const client = await connectTenant(context)
  const approval = await client.getApproval({ params: { id } })
  const argumentsHash = hash ?? approval.argumentsHash
  const body = parseInput(decideApprovalSchema, { decision, argumentsHash, arguments: edited, comment })
  if (terminal.confirm && !context.json && approval.status === 'pending') {
    terminal.note(renderApproval(approval, terminal))
    if (edited !== undefined) terminal.note(`edited to\n${renderJson(edited)}\n`)
    if (!(await terminal.confirm(decision === 'approve' ? 'Approve exactly this?' : 'Reject this?'))) {
      throw new CliError('Nothing was decided.')
    }
  }
  const decided = await client.decideApproval({ params: { id }, body })
  if (context.json) printJson(terminal, decided)
  else terminal.write(renderApproval(decided, terminal))
}

async function readArguments(text: string, workingDir: string): Promise<unknown> {
  try {
    return JSON.parse(text.startsWith('@') ? await readFile(resolve(workingDir, text.slice(1)), 'utf8') : text)
  } catch (error) {
    throw wrongUsage(`--edit: can't be read as JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function renderApproval(approval: Approval, { paint }: Pick<Terminal, 'paint'>): string {
  const { approvers } = approval
  const permissions = approval.kind === 'budget' ? 'approvals:decide and budgets:write' : 'approvals:decide'
  const named = [...approvers.actors, ...approvers.roles.map((role) => `any ${role}`)].map(oneLine)
  const fields = renderFields(
    [
      ['approval', approval.id],
      [
        'status',
        approval.usedAt === null ? approval.status : `${approval.status}, used ${formatTime(approval.usedAt)}`,
      ],
      ['run', `${approval.runId}, ${approval.step}`],
      ['agent', `${approval.agent} v${approval.version}, started by ${oneLine(approval.requestedBy)}`],
      ['tool', approval.tool === null ? undefined : oneLine(approval.tool)],
      ['why', printable(approval.reason)],
      ['who may', named.length > 0 ? named.join(', ') : `anyone with ${permissions}`],
      ['needs', formatPlural(approval.quorum, 'approval') + (approval.allowSelf ? '' : ', not of who started the run')],
      ['expires', `${formatTime(approval.expiresAt)}, then ${approval.onExpiry}`],
      ['hash', approval.argumentsHash],
    ],
    paint,
  )
  const decisions = approval.decisions.map(
    ({ actor, decision, edited, at, comment }) =>
      `${formatTime(at)}  ${oneLine(actor)}: ${decision}${edited ? ', edited' : ''}${comment === null ? '' : ` (${oneLine(comment)})`}\n`,
  )
  return `${fields}\n${renderJson(approval.arguments)}\n${decisions.length > 0 ? `\n${decisions.join('')}` : ''}`
}

function renderJson(value: unknown): string {
  return printable(JSON.stringify(value, null, 2) ?? '')
}
