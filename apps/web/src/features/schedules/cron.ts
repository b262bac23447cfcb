import { Cron } from 'croner'
import cronstrue from 'cronstrue'

/** What a cron expression says, or what is wrong with it. */
type CronReading = { words: string; times: Date[] } | { problem: string }

const fiveFields = /^(@\w+|\S+( +\S+){4})$/

/** Reads an expression as the platform does, so with its library and its rules for changes of the clock. */
export function readCron(cron: string, timeZone: string, count: number): CronReading {
  if (!fiveFields.test(cron)) {
    return { problem: 'Five fields are needed: minute, hour, day of month, month, day of week.' }
  }
  try {
    const times = new Cron(cron, {
      mode: '5-part',
      timezone: timeZone,
      fixedTimeRule: 'no-wildcard',
      paused: true,
    }).nextRuns(count)
    return times.length === 0 ? { problem: 'It never comes.' } : { words: cronInWords(cron), times }
  } catch (error) {
    return { problem: error instanceof Error ? error.message.replace(/^Cron\w+: /, '') : 'It can’t be read.' }
  }
}

/** As «At 09:00, Monday through Friday»; the expression itself where it has no words. */
export function cronInWords(cron: string): string {
  try {
    return cronstrue.toString(cron, { use24HourTimeFormat: true, verbose: false })
  } catch {
    return cron
  }
}
