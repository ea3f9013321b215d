export type { Around } from './around.ts'
export { run } from './run.ts'
