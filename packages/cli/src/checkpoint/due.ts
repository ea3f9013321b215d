/** Whether something is to be done again: its time is over, or the clock was ahead when it was done and is not any more. */
export function isDue(at: Date, done: Date, everyMs: number): boolean {
  const since = at.getTime() - done.getTime()
  return since < 0 || since >= everyMs
}
