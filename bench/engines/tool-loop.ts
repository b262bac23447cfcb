import { appendFileSync } from 'node:fs'

const modelAnswer = {
  text: '',
  toolCalls: [{ id: 'call-1', name: 'look_up', input: { query: 'orders of 2024', limit: 10 } }],
}
const toolAnswer = { found: 3, items: ['4711: shipped', '4712: in production', '4713: delivered'] }

let ledger: { path: string; dieAfter: number } | undefined
let effects = 0

/** From now on every effect leaves a line in `path`, and the process dies right after the `dieAfter`th, before the engine hears of it. */
export function keepLedger(path: string, dieAfter: number): void {
  ledger = { path, dieAfter }
}

/** The work of the two steps: small fixed answers at once, so that only the engine is measured. */
export function askModel(loop: number): typeof modelAnswer {
  leaveTrace(`model ${loop}`)
  return modelAnswer
}

export function callTool(loop: number): typeof toolAnswer {
  leaveTrace(`tool ${loop}`)
  return toolAnswer
}

function leaveTrace(effect: string): void {
  if (!ledger) return
  appendFileSync(ledger.path, `${effect}\n`)
  effects += 1
  if (effects === ledger.dieAfter) process.kill(process.pid, 'SIGKILL')
}
