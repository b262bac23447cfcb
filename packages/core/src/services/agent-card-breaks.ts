/** What is read of an A2A agent card. */
interface AgentCard {
  skills: readonly { id: string; inputModes?: unknown; outputModes?: unknown }[]
  defaultInputModes?: unknown
  defaultOutputModes?: unknown
  capabilities?: unknown
}

/** What a consumer of a skill can't do any more, or may get now that it can't read. */
export function findAgentCardBreaks(before: AgentCard, after: AgentCard, skillId: string): string[] {
  const [skill, now] = [before, after].map(({ skills }) => skills.find(({ id }) => id === skillId))
  if (!skill) return []
  if (!now) return ['the skill is gone']
  const inputs = [before, after].map((card, index) => modesOf([skill, now][index]?.inputModes, card.defaultInputModes))
  const outputs = [before, after].map((card, index) =>
    modesOf([skill, now][index]?.outputModes, card.defaultOutputModes),
  )
  return [
    ...missing(inputs[0], inputs[1]).map((mode) => `takes no ${mode} any more`),
    ...missing(outputs[1], outputs[0]).map((mode) => `can answer in ${mode}, which it did not`),
    ...(canStream(before) && !canStream(after) ? ['streams no more'] : []),
  ]
}

function modesOf(own: unknown, usual: unknown): string[] {
  const modes = Array.isArray(own) ? own : usual
  return Array.isArray(modes) ? modes.map(String) : []
}

function missing(from: readonly string[] = [], among: readonly string[] = []): string[] {
  return from.filter((mode) => !among.includes(mode))
}

function canStream({ capabilities }: AgentCard): boolean {
  return (
    typeof capabilities === 'object' &&
    capabilities !== null &&
    'streaming' in capabilities &&
    capabilities.streaming === true
  )
}
