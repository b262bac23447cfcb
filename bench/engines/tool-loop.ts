import { createHash } from 'node:crypto'
import { appendFileSync } from 'node:fs'

const maxLoops = 500

/** The same for every engine and run, but each loop's own: one answer over and over would compress to nothing. */
const answers = Array.from({ length: maxLoops + 1 }, (_, loop) => {
  const text = createHash('sha256').update(`loop ${loop}`).digest('base64')
  return {
    model: { text: '', toolCalls: [{ id: `call-${loop}`, name: 'look_up', input: { query: text, limit: 10 } }] },
    tool: { found: 2, items: [`${text}: shipped`, `${loop}: in production`] },
  }
})
type Answers = (typeof answers)[number]

let ledger: { path: string; dieAfter: number } | undefined
let effects = 0

/** From now on every effect leaves a line in `path`, and the process dies right after the `dieAfter`th, before the engine hears of it. */
export function keepLedger(path: string, dieAfter: number): void {
  ledger = { path, dieAfter }
}

/** The work of the two steps: small fixed answers at once, so that only the engine is measured. */
export function askModel(loop: number): Answers['model'] {
  leaveTrace(`model ${loop}`)
  return answerOf(loop).model
}

export function callTool(loop: number): Answers['tool'] {
  leaveTrace(`tool ${loop}`)
  return answerOf(loop).tool
}

function answerOf(loop: number): Answers {
  const answer = answers[loop]
  if (!answer) throw new Error(`There are answers for up to ${maxLoops} loops`)
  return answer
}

function leaveTrace(effect: string): void {
  if (!ledger) return
  appendFileSync(ledger.path, `${effect}\n`)
  effects += 1
  if (effects === ledger.dieAfter) process.kill(process.pid, 'SIGKILL')
}
