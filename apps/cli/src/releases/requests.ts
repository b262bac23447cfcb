import { decideReleaseSchema, operations, type ReleaseRequest } from '@freehold/contracts'
import { connectTenant } from '../connection/connect.ts'
import { collectPages } from '../connection/pages.ts'
import type { Context } from '../context.ts'
import { parseInput } from '../failure.ts'
import { formatPlural, formatTime, oneLine } from '../terminal/format.ts'
import { type Column, renderFields, renderTable } from '../terminal/table.ts'
import { printJson } from '../terminal/terminal.ts'

const requestColumns: Column<ReleaseRequest>[] = [
  { title: 'REQUEST', value: ({ id }) => id },
  { title: 'STATUS', value: ({ status }) => status },
  { title: 'WHAT', value: describeWanted },
  { title: 'BY', value: ({ requestedBy }) => oneLine(requestedBy) },
  { title: 'WHY', flexible: true, value: ({ comment }) => oneLine(comment ?? '') },
]

function describeWanted({ agent, version, environment, canary }: ReleaseRequest): string {
  return `${agent} v${version} to ${environment}${canary ? ` as a canary, ${canary.percent}%` : ''}`
}

export async function listRequests(context: Context, options: { status: string; all?: boolean }): Promise<undefined> {
  const filter = parseInput(operations.listReleaseRequests.query.pick({ status: true }), {
    status: options.all ? undefined : options.status,
  })
  const client = await connectTenant(context)
  const requests = await collectPages((page) => client.listReleaseRequests({ query: { ...page, ...filter } }))
  const { terminal } = context
  if (context.json) printJson(terminal, requests)
  else if (requests.length === 0) terminal.write('No release waits for approval.\n')
  else terminal.write(renderTable(requestColumns, requests, terminal.columns, terminal.paint))
}

/** Decides, and shows what became of the request. */
export async function decideRequest(
  context: Context,
  id: string,
  decision: 'approve' | 'reject',
  { comment }: { comment?: string },
): Promise<undefined> {
  const body = parseInput(decideReleaseSchema, { decision, comment })
  const client = await connectTenant(context)
  const decided = await client.decideReleaseRequest({ params: { id }, body })
  if (context.json) printJson(context.terminal, decided)
  else context.terminal.write(renderRequest(context, decided))
}

export function renderRequest({ terminal }: Pick<Context, 'terminal'>, request: ReleaseRequest): string {
  const { required, role, requestedBy, decisions, comment, replacesVersion } = request
  const fields = renderFields(
    [
      ['request', request.id],
      ['status', request.status],
      ['release', describeWanted(request)],
      ['in place of', replacesVersion === null ? undefined : `v${replacesVersion}`],
      ['asked by', oneLine(requestedBy)],
      ['why', comment === null ? undefined : oneLine(comment)],
      [
        'needs',
        formatPlural(required, 'approval') + (role === null ? ' of others' : ` of others with the role ${role}`),
      ],
    ],
    terminal.paint,
  )
  const lines = decisions.map(
    ({ actor, decision, at, comment: said }) =>
      `${formatTime(at)}  ${oneLine(actor)}: ${decision}${said === null ? '' : ` (${oneLine(said)})`}\n`,
  )
  return lines.length > 0 ? `${fields}\n${lines.join('')}` : fields
}
