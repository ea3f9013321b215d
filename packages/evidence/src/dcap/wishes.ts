import { fail, mend, notApplicable, pass } from '../core/engine.ts'
import type { Finding } from '../core/verdict.ts'
import { type BitNames, hasBit } from './flags.ts'

/** Compares bits by name with the ones that must be on or off. */
export function wishesFinding(
  field: Uint8Array,
  names: BitNames,
  wishes: Readonly<Record<string, boolean | undefined>> | undefined,
  option: string,
): Finding {
  if (wishes === undefined) return notApplicable('you did not say')
  const wrong = Object.entries(wishes)
    .filter(([name, on]) => on !== undefined && hasBit(field, names[name] ?? -1) !== on)
    .map(([name, on]) => `${name} ${on === true ? 'on' : 'off'}`)
    .join(', ')
  if (wrong === '') return pass()
  return fail(`you wish ${wrong}`, mend(`launch the workload with ${wrong}, or change \`${option}\``, 'workload-owner'))
}
