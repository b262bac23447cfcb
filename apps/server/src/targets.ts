/** The parts of the platform that a process can run. */
export type Module = 'migrations' | 'set-up' | 'database' | 'api' | 'gateway' | 'worker' | 'web'

/** Which modules each target needs. The whole of what a process is made of stands here. */
export const targets = {
  all: ['migrations', 'database', 'set-up', 'api', 'worker', 'gateway', 'web'],
  gateway: ['gateway'],
  api: ['database', 'api'],
  worker: ['database', 'worker'],
  web: ['web'],
  migrate: ['migrations', 'database', 'set-up'],
} as const satisfies Record<string, readonly Module[]>

export type Target = keyof typeof targets
export const targetNames = Object.keys(targets) as Target[]

export function needs(target: Target, module: Module): boolean {
  return (targets[target] as readonly Module[]).includes(module)
}
