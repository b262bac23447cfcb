export function withFileLock<T>(
  path: string,
  doing: string,
  work: (addChild: (pid: number) => void) => Promise<T>,
): Promise<T>
