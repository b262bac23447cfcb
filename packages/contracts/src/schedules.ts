import { z } from 'zod'
import { agentNameSchema } from './agents.ts'
import { environmentSchema } from './environments.ts'
import { timeSchema } from './operation.ts'
import { plainText } from './plain-text.ts'
import { runPriorities, startRunSchema } from './runs.ts'
import { idSchema, timeZoneSchema } from './tenants.ts'

const { message, user, metadata } = startRunSchema.shape

const scheduleFields = {
  name: plainText(100),
  agent: agentNameSchema,
  environment: environmentSchema,
  message,
  metadata: metadata.unwrap(),
  user,
  priority: z.enum(runPriorities),
  /** Five fields: minute, hour, day of month, month, day of week. */
  cron: z.string().trim().min(1).max(200).optional(),
  /** For a schedule that runs once. */
  at: timeSchema.optional(),
  /** In which `cron` is read. */
  timeZone: timeZoneSchema,
  /** What to do at a tick when a run of this schedule is still under way. */
  overlap: z.enum(['allow', 'skip', 'cancel_previous']),
  /** Which of the ticks that were missed (the platform was down, or the tenant suspended) start a run afterwards. */
  catchUp: z.enum(['none', 'latest', 'all']),
}

export const createScheduleSchema = z.strictObject({
  ...scheduleFields,
  environment: scheduleFields.environment.default('production'),
  metadata: scheduleFields.metadata.default({}),
  priority: scheduleFields.priority.default('normal'),
  timeZone: scheduleFields.timeZone.default('UTC'),
  overlap: scheduleFields.overlap.default('skip'),
  catchUp: scheduleFields.catchUp.default('latest'),
})

export const updateScheduleSchema = z
  .strictObject({ ...scheduleFields, user: user.unwrap().nullable(), status: z.enum(['active', 'paused']) })
  .partial()

export const scheduleSchema = z
  .object({
    id: idSchema,
    name: z.string(),
    agent: z.string(),
    environment: environmentSchema,
    message: z.string(),
    metadata: z.record(z.string(), z.string()),
    user: z.string().nullable(),
    priority: scheduleFields.priority,
    cron: z.string().nullable(),
    at: z.iso.datetime().nullable(),
    timeZone: z.string(),
    overlap: scheduleFields.overlap,
    catchUp: scheduleFields.catchUp,
    status: z
      .enum(['active', 'paused', 'done', 'deleted'])
      .meta({ description: '`done`: it runs once, and its time has come.' }),
    nextTimes: z.array(z.iso.datetime()).meta({ description: 'The next few times; none unless it is active.' }),
    lastTickAt: z.iso.datetime().nullable(),
    lastRunId: idSchema.nullable(),
    lastProblem: z.string().nullable().meta({ description: 'Why the last tick started no run; null when it did.' }),
    createdBy: z
      .string()
      .meta({ description: 'Who made it, or last changed what it runs. Its runs count as started by them.' }),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Schedule' })

export type CreateSchedule = z.output<typeof createScheduleSchema>
export type UpdateSchedule = z.output<typeof updateScheduleSchema>
export type Schedule = z.output<typeof scheduleSchema>
