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
  const asked = Object.keys(wishes).filter((name) => wishes[name] !== undefined)
  const isOn = (name: string): boolean => hasBit(field, names[name] ?? -1)
  const text = (some: readonly string[], on: (name: string) => boolean | undefined): string =>
    some.map((name) => `${name} ${on(name) === true ? 'on' : 'off'}`).join(', ')
  const details = { expected: text(asked, (name) => wishes[name]), actual: text(asked, isOn) }
  const differing = asked.filter((name) => isOn(name) !== wishes[name])
  if (differing.length === 0) return pass(undefined, details)
  const wrong = text(differing, (name) => wishes[name])
  return fail(
    `you wish ${wrong}`,
    mend(`launch the workload with ${wrong}, or change \`${option}\``, 'workload-owner'),
    details,
  )
}
