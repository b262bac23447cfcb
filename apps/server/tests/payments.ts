import { type EffectLedger, type ModelQuestionOnWire, type ScriptedAnswer, startScriptedModel } from '@freehold/testkit'

/**
 * A model that POSTs to paths of the ledger, stage by stage, those of a stage side by side. The message says which:
 * `pay /a /b then /c`. Of `then think` it says a first half and waits for `thought`.
 */
export function startPayingModel(ledger: EffectLedger, thought: () => Promise<void> = async () => {}) {
  return startScriptedModel((question) => pay(ledger, question, thought))
}

function pay(ledger: EffectLedger, { messages }: ModelQuestionOnWire, thought: () => Promise<void>): ScriptedAnswer {
  const asked = messages.findLastIndex(({ role }) => role === 'user')
  const stages = (messages[asked]?.content ?? '')
    .replace(/^pay /, '')
    .split(' then ')
    .map((stage) => stage.split(' '))
  let results = messages.slice(asked).filter(({ role }) => role === 'tool').length
  for (const paths of stages) {
    if (paths[0] === 'think') return { text: 'thinking about it for long', chunkSize: 2, halfway: thought() }
    if (results === 0) return { toolCalls: paths.map((path) => post(ledger, path)) }
    results -= paths.length
  }
  return { text: 'all paid' }
}

function post(ledger: EffectLedger, path: string) {
  const input = { url: `${ledger.url}${path}`, method: 'POST', body: { n: 1 } }
  return { id: `call_${path.replaceAll('/', '_')}`, name: 'http_request', input }
}
