import { Cron } from 'croner'
import { invalidField } from '../invalid-field.ts'

/** When a schedule starts runs: at every tick of a cron expression, or once. */
export type Plan = { cron: string; at: null; timeZone: string } | { cron: null; at: Date; timeZone: string }

export type CatchUp = 'none' | 'latest' | 'all'

/** The most missed ticks that one catch-up starts runs for: the latest ones. */
const mostCaughtUp = 100
/** A tick that is dealt with within this time was not missed. */
const onTimeMs = 60_000

const cronPattern = /^(@\w+|\S+( +\S+){4})$/
const example = 'Five fields are needed, minute to day of week, such as "0 9 * * MON-FRI".'

/**
 * Fields are Vixie cron's, and so are changes of the clock: a fixed time that the clock skips comes at the first moment
 * after the gap, one that the clock repeats comes once; `*` and steps follow the clock.
 */
function parseCron(cron: string, timeZone: string): Cron {
  return new Cron(cron, { mode: '5-part', timezone: timeZone, fixedTimeRule: 'no-wildcard', paused: true })
}

/** Checks a plan from outside. `at` must lie after `now`, and `cron` must have a time after it. */
export function readPlan(
  { cron, at, timeZone }: { cron?: string | null | undefined; at?: string | Date | null | undefined; timeZone: string },
  now: Date,
): Plan {
  if ((cron ?? null) === null && (at ?? null) === null) {
    throw invalidField('body.cron', 'give a cron expression such as "0 9 * * MON-FRI", or a time in `at` to run once')
  }
  if (cron && at) throw invalidField('body.at', 'give `cron` or `at`, not both')
  if (at) {
    const time = new Date(at)
    if (time <= now) throw invalidField('body.at', 'must lie in the future')
    return { cron: null, at: time, timeZone }
  }
  const plan: Plan = { cron: cron ?? '', at: null, timeZone }
  if (!cronPattern.test(plan.cron)) throw invalidField('body.cron', `"${plan.cron}" is no cron expression. ${example}`)
  if (nextTickOf(plan, now) === null) throw invalidField('body.cron', `"${plan.cron}" never comes. ${example}`)
  return plan
}

function nextTickOf(plan: Plan, now: Date): Date | null {
  try {
    return nextTick(plan, now)
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^Cron\w+: /, '') : 'it can not be read'
    throw invalidField('body.cron', `"${plan.cron}" is no cron expression (${reason}). ${example}`)
  }
}

/** The first tick after a time; null when there is none. */
export function nextTick({ cron, at, timeZone }: Plan, after: Date): Date | null {
  if (cron !== null) return parseCron(cron, timeZone).nextRun(after)
  return at > after ? at : null
}

/** A tick and those after it, `count` at the most. */
export function ticksFrom({ cron, timeZone }: Plan, first: Date, count: number): Date[] {
  return cron === null ? [first] : [first, ...parseCron(cron, timeZone).nextRuns(count - 1, first)]
}

/** The ticks from `first` until now that are to start a run, oldest first. Empty when they were missed for good. */
export function ticksDue({ cron, timeZone }: Plan, catchUp: CatchUp, first: Date, now: Date): Date[] {
  const count = catchUp === 'all' ? mostCaughtUp : 1
  // Backwards from now, so that its cost does not grow with the time that was missed.
  const latest = cron === null ? [first] : parseCron(cron, timeZone).previousRuns(count, new Date(now.getTime() + 1))
  const due = latest.filter((tick) => tick >= first).sort((a, b) => a.getTime() - b.getTime())
  return catchUp === 'none' ? due.filter((tick) => now.getTime() - tick.getTime() <= onTimeMs) : due
}
