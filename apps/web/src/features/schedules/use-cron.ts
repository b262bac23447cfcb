'use client'

import { useEffect, useState } from 'react'

type CronModule = typeof import('./cron.ts')

/** What reads cron expressions, once it is loaded: only pages that show some need it. */
export function useCron(): CronModule | undefined {
  const [module, setModule] = useState<CronModule>()
  useEffect(() => {
    void import('./cron.ts').then(setModule)
  }, [])
  return module
}
