import type { AgentConfig, AgentLimits } from '@freehold/contracts'

export type LimitName = keyof AgentLimits

/** A configuration as a form holds it: figures and lists as they were typed. */
export interface Draft extends Omit<AgentConfig, 'limits' | 'fallbackModels' | 'prompts'> {
  system: string
  /** Names with commas between. */
  fallbackModels: string
  limits: Record<LimitName, string>
}

/** What a draft asks for. A limit that is left empty is the platform's default. */
export interface DraftedConfig extends Omit<AgentConfig, 'limits'> {
  limits: { [Name in LimitName]?: number | undefined }
}

interface LimitField {
  name: LimitName
  label: string
  hint: string
  unit: string
  perUnit: number
}

const seconds = { unit: 's', perUnit: 1_000 }
const figure = { unit: '', perUnit: 1 }

export const limitFields: readonly LimitField[] = [
  { name: 'maxSteps', label: 'Steps of a run', hint: 'Model and tool calls, delegations and timers.', ...figure },
  { name: 'maxOutputTokens', label: 'Tokens of an answer', hint: 'The most that one model call may write.', ...figure },
  { name: 'historyMessages', label: 'Messages remembered', hint: 'Of the thread that the model sees.', ...figure },
  { name: 'maxAttempts', label: 'Attempts', hint: 'That may fail in a row before the run does.', ...figure },
  { name: 'runTimeoutMs', label: 'Time for a run', hint: 'Seconds, without waiting for people.', ...seconds },
  { name: 'modelTimeoutMs', label: 'Time for a model call', hint: 'Seconds.', ...seconds },
  { name: 'toolTimeoutMs', label: 'Time for a tool call', hint: 'Seconds.', ...seconds },
  {
    name: 'attemptTimeoutMs',
    label: 'Time for an attempt',
    hint: 'Seconds of work without waiting. Empty: as long as the run.',
    ...seconds,
  },
]

export const emptyDraft: Draft = {
  description: '',
  program: 'assistant',
  model: 'default',
  fallbackModels: '',
  system: '',
  tools: [],
  limits: eachLimit(() => ''),
  approvals: { tools: {} },
}

export function toDraft(config: DraftedConfig): Draft {
  const { description, program, model, tools, approvals, prompts, limits } = config
  return {
    description,
    program,
    model,
    tools,
    approvals,
    system: prompts.system,
    fallbackModels: config.fallbackModels.join(', '),
    limits: eachLimit(({ name, perUnit }) => {
      const limit = limits[name]
      return limit === undefined ? '' : String(limit / perUnit)
    }),
  }
}

/** What is no number stays in as one that the API refuses, beside its field. */
export function toConfig({ system, fallbackModels, limits, ...rest }: Draft): DraftedConfig {
  const given = limitFields.filter(({ name }) => limits[name].trim() !== '')
  return {
    ...rest,
    prompts: { system },
    fallbackModels: fallbackModels.split(/[\s,]+/).filter((name) => name !== ''),
    limits: Object.fromEntries(
      given.map(({ name, perUnit }) => [name, Number(limits[name].replace(',', '.')) * perUnit]),
    ),
    approvals: {
      ...rest.approvals,
      tools: Object.fromEntries(Object.entries(rest.approvals.tools).filter(([name]) => rest.tools.includes(name))),
    },
  }
}

function eachLimit(textOf: (field: LimitField) => string): Draft['limits'] {
  // `limitFields` has every limit.
  return Object.fromEntries(limitFields.map((field) => [field.name, textOf(field)])) as Draft['limits']
}
