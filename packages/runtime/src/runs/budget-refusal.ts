import type { Refusal } from '@freehold/core'
import { RunFailure } from './outcomes.ts'
import type { CallRefusedError } from './run-meter.ts'

/** How a run ends that a budget stands against: its owner reads which one, when it resets, and what helps sooner. */
export function failByRefusal({ reason, model, refusal }: CallRefusedError): RunFailure {
  const { budgetId: id, name, resetsAt } = refusal
  const message =
    reason === 'price_unknown'
      ? describeUnknownPrice(model, refusal)
      : `${describeExcess(model, refusal)} ${adviceOn(refusal)}`
  return new RunFailure(reason, message, { budget: { id, name, resetsAt } })
}

function describeUnknownPrice(model: string, { name }: Refusal): string {
  return (
    `No price is known for ${model}, and the budget "${name}" limits money. Set a price to assume for such models ` +
    "in the tenant's settings (zeros for a model of your own), or use another model."
  )
}

/** What stands against the call, in words for whoever may change that. */
export function describeExcess(model: string, refusal: Refusal): string {
  const { name, allowed, taken, asked, resetsAt, limitOf } = refusal
  const show = (amount: number) =>
    limitOf === 'money' ? formatDollars(amount) : `${amount} ${amount === 1 ? limitOf.slice(0, -1) : limitOf}`
  const need = `a call of ${model} may take up to ${show(asked)}`
  if (asked > allowed) {
    return `The budget "${name}" allows ${show(allowed)} ${periods[refusal.period]}, but ${need}.`
  }
  const resets = resetsAt === null ? 'It does not reset' : `It resets at ${resetsAt}`
  return `The budget "${name}" has ${show(Math.max(0, allowed - taken))} left of ${show(allowed)} ${periods[refusal.period]}, and ${need}. ${resets}.`
}

function adviceOn({ asked, allowed }: Refusal): string {
  return asked > allowed
    ? "Raise its limit, or lower the agent's maxOutputTokens."
    : 'Raise its limit to go on sooner, then redrive the run.'
}

const periods: Record<string, string> = { hour: 'per hour', day: 'per day', month: 'per month', total: 'in total' }

/** Exact to the nano-dollar. */
function formatDollars(nanos: number): string {
  return `$${(nanos / 1e9).toFixed(9).replace(/\.?0+$/, '')}`
}
