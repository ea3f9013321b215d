import { fail, notApplicable, pass } from '../core/engine.ts'
import type { Finding } from '../core/verdict.ts'

/** Compares flags with the ones that must be on or off. */
export function wishesFinding(flags: object, wishes: object | undefined, option: string): Finding {
  const wished = Object.entries(wishes ?? {}).filter(([, on]) => on !== undefined)
  if (wished.length === 0) return notApplicable('you did not say')
  const actual = new Map<string, unknown>(Object.entries(flags))
  const wrong = wished
    .filter(([name, on]) => actual.get(name) !== on)
    .map(([name, on]) => `${name} ${on === true ? 'on' : 'off'}`)
  if (wrong.length === 0) return pass('they are')
  return fail(`you wish ${wrong.join(', ')}`, {
    action: `launch the workload with ${wrong.join(', ')}, or change \`${option}\``,
    by: 'workload-owner',
  })
}
