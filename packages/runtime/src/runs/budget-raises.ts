import { type BudgetRaise, budgetRaiseSchema } from '@freehold/contracts'
import { completeTerms, type EffectiveTerms } from '@freehold/core'
import { obtainApproval, useApproval } from './approvals.ts'
import { describeExcess, failByRefusal } from './budget-refusal.ts'
import { RunFailure } from './outcomes.ts'
import type { CallRefusedError } from './run-meter.ts'
import type { Steps } from './steps.ts'

/** Each request to raise a budget for a model call is a step of its own: another budget may be in the way next. */
const raiseStep = (step: string, number: number) => `budget:${step}:${number}`

/** Waits until what the journal says was asked for this model call is decided. Throws when it was not approved. */
export async function awaitKnownRaises(steps: Steps, step: string): Promise<void> {
  for (const { step: asked, arguments: raise, reason } of knownRaises(steps, step)) {
    await obtainRaise(steps, asked, budgetRaiseSchema.parse(raise), reason)
  }
}

/** Waits for an approval to raise the budget that refused a call. Throws when the policy doesn't offer that. */
export async function askForRaise(steps: Steps, step: string, error: CallRefusedError): Promise<void> {
  if (error.reason === 'price_unknown' || !steps.claimed.approvals.budget) throw failByRefusal(error)
  const { budgetId, name, subject, windowStart, limitOf, allowed, taken, asked } = error.refusal
  const raise = budgetRaiseSchema.parse({
    budgetId,
    name,
    subject,
    windowStart,
    limitOf,
    raiseBy: Math.ceil(taken + asked - allowed),
  })
  const number = knownRaises(steps, step).length + 1
  await obtainRaise(steps, raiseStep(step, number), raise, describeExcess(error.model, error.refusal))
}

function knownRaises({ replay }: Steps, step: string) {
  const known = []
  for (let number = 1; ; number += 1) {
    const asked = replay.find(raiseStep(step, number), 'approval.requested')
    if (!asked) return known
    known.push(asked)
  }
}

async function obtainRaise(steps: Steps, step: string, raise: BudgetRaise, reason: string): Promise<void> {
  const outcome = await obtainApproval(steps, step, {
    kind: 'budget',
    tool: null,
    toolCallId: null,
    reason,
    arguments: raise,
    terms: termsOf(steps),
  })
  if (outcome.decision !== 'approved') {
    const by = outcome.by.includes('expiry') ? 'nobody approved that in time' : `${outcome.by.join(', ')} rejected that`
    throw new RunFailure('budget_exceeded', `The run asked to raise the budget "${raise.name}", and ${by}. ${reason}`)
  }
  useApproval(steps, outcome)
}

function termsOf({ claimed }: Steps): EffectiveTerms {
  return completeTerms(claimed.approvals.budget ?? {}, true)
}
