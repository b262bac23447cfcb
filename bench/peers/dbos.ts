import { DBOS } from '@dbos-inc/dbos-sdk'
import pg from 'pg'
import type { Engine, Store } from '../engines/engine.ts'
import { countStatements } from '../engines/statements.ts'
import { askModel, callTool } from '../engines/tool-loop.ts'

const repeatToolLoop = DBOS.registerWorkflow(
  async (loops: number) => {
    for (let loop = 1; loop <= loops; loop += 1) {
      await DBOS.runStep(async () => askModel(loop), { name: 'model' })
      await DBOS.runStep(async () => callTool(loop), { name: 'tool' })
    }
    return loops
  },
  { name: 'tool-loop' },
)

export async function open(store: Store): Promise<Engine> {
  if (store.kind !== 'postgres') throw new Error('DBOS keeps its runs in PostgreSQL')
  const statements = countStatements(pg)
  DBOS.setConfig({
    name: 'bench',
    systemDatabaseUrl: store.url,
    systemDatabasePoolSize: 32,
    applicationVersion: 'bench',
    logLevel: 'error',
  })
  await DBOS.launch()
  return {
    async run(name, loops) {
      const handle = await DBOS.startWorkflow(repeatToolLoop, { workflowID: name })(loops)
      await handle.getResult()
      return name
    },
    async resume(name) {
      await DBOS.retrieveWorkflow(name).getResult() // `launch` recovers what this executor left
      return name
    },
    async load(id) {
      const [status, steps] = await Promise.all([DBOS.getWorkflowStatus(id), DBOS.listWorkflowSteps(id)])
      if (status?.status !== 'SUCCESS') throw new Error(`DBOS has ${id} as ${status?.status}`)
      return steps?.length ?? 0
    },
    statements,
    close: () => DBOS.shutdown(),
  }
}
