import { type Client, type DeletionCertificate, idSchema, type TenantDeletion } from '@freehold/contracts'
import { connectOperator } from '../connection/connect.ts'
import { forgetTenant } from '../connection/save-tenant.ts'
import type { Context } from '../context.ts'
import { CliError, parseInput, wrongUsage } from '../failure.ts'
import { formatCount, formatTime, oneLine } from '../terminal/format.ts'
import { renderFields, renderTable } from '../terminal/table.ts'
import { printJson } from '../terminal/terminal.ts'
import { findTenant } from './tenants.ts'

/** Deletes until nothing is left. Broken off at any point, it goes on when it is called again. */
export async function deleteTenant(context: Context, tenant: string, options: { yes?: true }): Promise<undefined> {
  const { client, credentials } = await connectOperator(context)
  const { id, name } = await findTenant(client, tenant)
  if (!options.yes) await confirmName(context, name)
  // By its id its certificate is found, also when this is cut off.
  context.terminal.note(`Deleting ${oneLine(name)} (${id})`)
  const deletion = await deleteFully(context, client, id, name)
  if (!deletion.certificate) throw new CliError('The server deleted the tenant without a certificate.')
  print(context, deletion.certificate)
  if (credentials) await forgetKey(context, credentials.path, id)
}

/** The tenant is gone, whether its key can be taken out or not. */
async function forgetKey({ terminal }: Context, path: string, id: string): Promise<void> {
  try {
    await forgetTenant(path, id)
  } catch (error) {
    terminal.note(`${path} still has a key of the tenant, since it can't be written: ${String(error)}`)
  }
}

export async function showCertificate(context: Context, tenant: string): Promise<undefined> {
  const id = parseInput(idSchema, tenant)
  const { client } = await connectOperator(context)
  const { certificate, remainingRows } = await client.getTenantDeletion({ params: { id } })
  if (!certificate) throw new CliError(`It is not deleted yet: ${formatCount(remainingRows)} rows are left.`)
  print(context, certificate)
}

async function confirmName({ terminal }: Context, name: string): Promise<void> {
  if (!terminal.confirm) throw wrongUsage('Nobody is here to be asked. Give --yes to delete the tenant.')
  const sure = await terminal.confirm(`Delete the tenant "${oneLine(name)}" with all its data, for good?`)
  if (!sure) throw new CliError('Nothing was deleted.')
}

async function deleteFully(context: Context, client: Client, id: string, name: string): Promise<TenantDeletion> {
  for (;;) {
    const deletion = await client.deleteTenant({ params: { id }, body: { name } })
    if (deletion.status === 'deleted') return deletion
    context.terminal.note(`${formatCount(deletion.remainingRows)} rows are left`)
  }
}

function print({ terminal, json }: Context, certificate: DeletionCertificate): void {
  if (json) {
    printJson(terminal, certificate)
    return
  }
  const { tenantId, name, startedBy, deletedAt, auditHead, secretValues, vaultKeys, objects, keyId, signature } =
    certificate
  const rows = Object.entries(certificate.rows).map(([table, counts]) => ({ table, ...counts }))
  rows.push({ table: `values in the vault (${secretValues.vault})`, ...secretValues })
  if (vaultKeys) rows.push({ table: `keys in the vault (${secretValues.vault})`, ...vaultKeys })
  if (objects) rows.push({ table: `objects (${objects.store})`, ...objects })
  const columns = [
    { title: 'TABLE', value: ({ table }: { table: string }) => table },
    { title: 'BEFORE', align: 'right' as const, value: ({ before }: { before: number }) => formatCount(before) },
    { title: 'AFTER', align: 'right' as const, value: ({ after }: { after: number }) => formatCount(after) },
  ]
  terminal.write(renderTable(columns, rows, terminal.columns, terminal.paint))
  terminal.write(
    `\n${renderFields(
      [
        ['deleted', `${oneLine(name)} (${tenantId})`],
        ['at', formatTime(deletedAt)],
        ['by', oneLine(startedBy)],
        ['audit head', auditHead ? `${auditHead.seq} ${auditHead.hash}` : 'none'],
        ['key', keyId],
        ['signature', signature],
      ],
      terminal.paint,
    )}`,
  )
}
