/** How long this process computes meanwhile, in milliseconds, however much of the machine others take. */
export async function cpuTimeMs(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
