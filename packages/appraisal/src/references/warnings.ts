import { canonicalJson } from '@sekisho/evidence'
import type { ReferenceSet } from '../model.ts'
import { isExpired } from './choose.ts'

/** Something about reference sets that somebody should look at. */
export interface ReferenceWarning {
  readonly code:
    | 'never-matched'
    | 'value-never-matched'
    | 'expired'
    | 'expires-soon'
    | 'same-values'
    | 'base-unpinned'
    | 'nothing-pinned'
    | 'allows-debug'
    | 'allows-emulated'
  readonly set: string
  readonly message: string
  readonly remedy: string
}

/** What is known of the sets' use. */
export interface ReferenceUse {
  readonly at: Date
  /** Names of sets that some evidence matched. */
  readonly matched: ReadonlySet<string>
  /** Of these, the names of those that accept several values of which no evidence had some. */
  readonly partly?: ReadonlySet<string>
}

const SOON = 30 * 24 * 60 * 60 * 1000
const REGISTERS = /^(?:rtmr[0-3]|rem[0-3])$/
const BASES = ['measurement', 'signer']
/** Of these TEEs a set says with one of these members what may run; of all others it may say so elsewhere. */
const PLAIN_TEES = ['sgx', 'tdx', 'snp', 'sev', 'nitro', 'cca', 'psa', 'tpm', 'ibm-se']
const PINS = [...BASES, 'pcrs']

/** What is wrong, or soon will be, with the sets of one namespace; in the order of the sets. */
export function referenceWarnings(
  sets: readonly ReferenceSet[],
  { at, matched, partly }: ReferenceUse,
): readonly ReferenceWarning[] {
  const firstWith = new Map<string, string>()
  return sets.flatMap((set) => {
    const twin = twinOf(set, firstWith)
    return [
      ...ageWarnings(set, at),
      ...(matched.has(set.name) || isExpired(set, at)
        ? []
        : [
            warning(
              'never-matched',
              set,
              'no evidence ever matched this set',
              'check its values against `sekisho inspect` of real evidence, or delete it',
            ),
          ]),
      ...(partly?.has(set.name) === true && !isExpired(set, at)
        ? [
            warning(
              'value-never-matched',
              set,
              'of several values that it accepts, no evidence ever had some',
              'remove those that nothing needs',
            ),
          ]
        : []),
      ...(twin === undefined
        ? []
        : [
            warning(
              'same-values',
              set,
              `it holds the same values as ${twin}`,
              'delete one of the two, so that a change reaches all evidence',
            ),
          ]),
      ...weakness(set),
    ]
  })
}

function twinOf(set: ReferenceSet, firstWith: Map<string, string>): string | undefined {
  const key = canonicalJson({ tee: set.tee, values: set.values })
  const first = firstWith.get(key)
  if (first === undefined) firstWith.set(key, set.name)
  return first
}

function ageWarnings(set: ReferenceSet, at: Date): readonly ReferenceWarning[] {
  if (set.expires === undefined) return []
  if (isExpired(set, at))
    return [warning('expired', set, `it expired on ${set.expires} and matches nothing`, 'renew or delete it')]
  const left = new Date(set.expires).getTime() - at.getTime()
  if (left > SOON) return []
  const days = Math.floor(left / (24 * 60 * 60 * 1000))
  return [
    warning(
      'expires-soon',
      set,
      `it expires in ${days} days, on ${set.expires}`,
      'renew it, or see to it that nothing needs it any more',
    ),
  ]
}

function weakness(set: ReferenceSet): readonly ReferenceWarning[] {
  const { values } = set
  const registers = Object.keys(values).filter((name) => REGISTERS.test(name) || name === 'pcrs')
  const isFree = registers.length > 0 && set.tee !== 'tpm' && !BASES.some((name) => Object.hasOwn(values, name))
  const isEmpty =
    PLAIN_TEES.includes(set.tee) && registers.length === 0 && !PINS.some((name) => Object.hasOwn(values, name))
  return [
    ...(isEmpty
      ? [
          warning(
            'nothing-pinned',
            set,
            'it does not say what may run: evidence that is compared with it stays incomplete, and gets nothing',
            `pin ${set.tee === 'tpm' ? '`pcrs`' : '`measurement`'}`,
          ),
        ]
      : []),
    ...(isFree
      ? [
          warning(
            'base-unpinned',
            set,
            `${registers.join(', ')} are written by the guest, and what was launched may be anything`,
            'pin `measurement` as well',
          ),
        ]
      : []),
    ...(values['allowDebug'] === true
      ? [warning('allows-debug', set, 'it accepts workloads whose memory the host can read', 'remove `allowDebug`')]
      : []),
    ...(values['allowEmulated'] === true
      ? [warning('allows-emulated', set, 'it accepts evidence that no hardware vouches for', 'remove `allowEmulated`')]
      : []),
  ]
}

function warning(code: ReferenceWarning['code'], set: ReferenceSet, message: string, remedy: string): ReferenceWarning {
  return { code, set: set.name, message, remedy }
}
