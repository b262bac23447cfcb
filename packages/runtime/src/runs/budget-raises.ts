import { type BudgetRaise, budgetRaiseSchema } from '@freehold/contracts'
import { completeTerms } from '@freehold/core'
import { awaitOutcome, failUnapproved, useApproval } from './approvals.ts'
import { describeExcess, failByRefusal } from './budget-refusal.ts'
import { RunFailure } from './outcomes.ts'
import type { CallRefusedError } from './run-meter.ts'
import type { Steps } from './steps.ts'

/** A request to raise a budget, as the journal has it. */
interface KnownRaise {
  step: string
  raise: BudgetRaise
  reason: string
}

/** A request that nobody decided in time, and what the policy makes of that. */
interface ExpiredRaise extends KnownRaise {
  decision: 'rejected' | 'failed'
}

/** Each request to raise a budget for a model call is a step of its own: another budget may be in the way next. */
const raiseStep = (step: string, number: number) => `budget:${step}:${number}`

/**
 * Waits until what the journal says was asked for this model call is decided. Throws when it was rejected. What expired
 * doesn't end the run yet, as the budget may have been reset or raised meanwhile.
 */
export async function awaitKnownRaises(steps: Steps, step: string): Promise<ExpiredRaise[]> {
  const expired = []
  for (const known of knownRaises(steps, step)) {
    const decision = await obtainRaise(steps, known)
    if (decision !== 'approved') expired.push({ ...known, decision })
  }
  return expired
}

/**
 * Waits for an approval to raise the budget that refused a call. Throws when the policy doesn't offer that, or when the
 * same was asked for in vain.
 */
export async function askForRaise(
  steps: Steps,
  step: string,
  error: CallRefusedError,
  expired: readonly ExpiredRaise[],
): Promise<void> {
  if (error.reason === 'price_unknown' || !steps.claimed.approvals.budget) throw failByRefusal(error)
  const { budgetId, name, subject, windowStart, limitOf, allowed, taken, asked, resetsAt } = error.refusal
  const raise = budgetRaiseSchema.parse({
    budgetId,
    name,
    subject,
    windowStart,
    limitOf,
    raiseBy: Math.ceil(taken + asked - allowed),
  })
  const inVain = expired.find((known) => isSameLimit(known.raise, raise))
  if (inVain) throw failExpired(steps, inVain)
  const number = knownRaises(steps, step).length + 1
  const reason = describeExcess(error.model, error.refusal)
  await obtainRaise(steps, { step: raiseStep(step, number), raise, reason }, resetsAt)
}

function knownRaises({ replay }: Steps, step: string): KnownRaise[] {
  const known = []
  for (let number = 1; ; number += 1) {
    const asked = replay.find(raiseStep(step, number), 'approval.requested')
    if (!asked) return known
    known.push({ step: asked.step, raise: budgetRaiseSchema.parse(asked.arguments), reason: asked.reason })
  }
}

async function obtainRaise(
  steps: Steps,
  { step, raise, reason }: KnownRaise,
  endsAt: string | null = null,
): Promise<'approved' | ExpiredRaise['decision']> {
  const outcome = await awaitOutcome(steps, step, {
    kind: 'budget',
    tool: null,
    toolCallId: null,
    reason,
    arguments: raise,
    terms: completeTerms(steps.claimed.approvals.budget ?? {}, true),
    endsAt,
  })
  if (outcome.decision === 'approved') useApproval(steps, outcome)
  else if (!outcome.by.includes('expiry')) throw failUnraised(raise, reason, `${outcome.by.join(', ')} rejected that`)
  return outcome.decision
}

/** Of the same window: after a reset there is something new to ask for. */
function isSameLimit(one: BudgetRaise, other: BudgetRaise): boolean {
  return (
    one.budgetId === other.budgetId &&
    one.subject === other.subject &&
    one.windowStart === other.windowStart &&
    one.limitOf === other.limitOf
  )
}

function failExpired(steps: Steps, { step, raise, reason, decision }: ExpiredRaise): RunFailure {
  if (decision === 'failed') return failUnapproved(steps, step)
  return failUnraised(raise, reason, 'nobody approved that in time')
}

function failUnraised({ name }: BudgetRaise, reason: string, why: string): RunFailure {
  return new RunFailure('budget_exceeded', `The run asked to raise the budget "${name}", and ${why}. ${reason}`)
}
