import { textsOf } from './references.ts'

/** What is read of an A2A agent card. */
interface AgentCard {
  skills: readonly { id: string; inputModes?: unknown; outputModes?: unknown }[]
  defaultInputModes?: unknown
  defaultOutputModes?: unknown
  capabilities?: unknown
}

/** What a consumer of a skill can't do any more, or may get now that it can't read. */
export function findAgentCardBreaks(before: AgentCard, after: AgentCard): (skillId: string) => string[] {
  const [skills, skillsNow] = [skillsOf(before), skillsOf(after)]
  const known = new Map<string, string[]>()

  function breaksOf(id: string): string[] {
    const [skill, now] = [skills.get(id), skillsNow.get(id)]
    if (!skill) return []
    if (!now) return ['the skill is gone']
    const inputs = modesOf(skill.inputModes, before.defaultInputModes)
    const outputs = modesOf(skill.outputModes, before.defaultOutputModes)
    return [
      ...missing(inputs, modesOf(now.inputModes, after.defaultInputModes)).map((mode) => `takes no ${mode} any more`),
      ...missing(modesOf(now.outputModes, after.defaultOutputModes), outputs).map(
        (mode) => `can answer in ${mode}, which it did not`,
      ),
      ...(canStream(before) && !canStream(after) ? ['streams no more'] : []),
    ]
  }

  return (id) => {
    const breaks = known.get(id) ?? breaksOf(id)
    known.set(id, breaks)
    return breaks
  }
}

function skillsOf({ skills }: AgentCard) {
  return new Map(skills.map((skill) => [skill.id, skill]))
}

function modesOf(own: unknown, usual: unknown): string[] {
  return textsOf(Array.isArray(own) ? own : usual)
}

function missing(from: readonly string[], among: readonly string[]): string[] {
  const known = new Set(among)
  return from.filter((mode) => !known.has(mode))
}

function canStream({ capabilities }: AgentCard): boolean {
  return (
    typeof capabilities === 'object' &&
    capabilities !== null &&
    'streaming' in capabilities &&
    capabilities.streaming === true
  )
}
