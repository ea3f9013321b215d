import { TEES, type Tee } from '@sekisho/evidence'
import type { Around } from '../around.ts'
import { usageError } from '../exit.ts'
import { readInput } from '../input.ts'
import type { Expectations } from '../tee/door.ts'
import { isCorim } from './corim-file.ts'
import { documentOf } from './document.ts'
import type { ExpectationFile } from './expectation-file.ts'
import { isRecord } from './record.ts'

const MAX_FILE = 64 * 1024
const NAMES: readonly string[] = TEES

/**
 * Reads expectations from YAML or JSON, or from a CoRIM that is in date at a time.
 *
 * @throws CliError (unreadable) for a file that cannot be read or parsed; (usage) for one that is no object
 */
export async function readExpectationFile(path: string, around: Around, at: Date): Promise<ExpectationFile> {
  const bytes = await readInput(path, around, MAX_FILE)
  if (isCorim(bytes)) return (await import('./corim-expectations.ts')).corimExpectations(path, bytes, at)
  const content = await documentOf(bytes, path)
  if (!isRecord(content)) throw usageError(`${path}: expected a list of members such as \`measurement: …\``)
  assertComplete(content, path, '')
  if (Object.hasOwn(content, 'tee')) return forOneTee(content, path)
  return { for: (tee) => select(content, tee, path), split: () => splitByTee(content, path) }
}

/** A file of one TEE's expectations, as `measure` writes it: `tee` says whose, `source` where they come from. */
function forOneTee({ tee, source: _, ...members }: Expectations, path: string): ExpectationFile {
  const known = NAMES.find((one) => one === tee)
  if (known === undefined) throw usageError(`${path}: \`tee\`: expected one of ${NAMES.join(', ')}`)
  const nested = NAMES.find((one) => Object.hasOwn(members, one))
  if (nested !== undefined) throw usageError(`${path}: \`${nested}\` in a file that is for ${known} alone`)
  return {
    for: (evidence) => {
      if (evidence === known) return members
      throw usageError(`${path}: these expectations are for ${known}, and the evidence is of the kind ${evidence}`)
    },
    split: () => ({ common: {}, tees: { [known]: members } }),
  }
}

function splitByTee(content: Expectations, path: string): ReturnType<ExpectationFile['split']> {
  const tees: Record<string, Expectations> = {}
  for (const tee of NAMES) {
    const own = Object.hasOwn(content, tee) ? content[tee] : undefined
    if (own === undefined || own === null) continue
    if (!isRecord(own)) throw usageError(`${path}: expected members below \`${tee}:\``)
    tees[tee] = own
  }
  return { common: Object.fromEntries(Object.entries(content).filter(([name]) => !NAMES.includes(name))), tees }
}

/** Evidence that lies beside a machine's, or is there alone: never another machine that a file is for as well. */
const BESIDE: readonly string[] = ['nvidia-gpu', 'tpm']

/**
 * A file may be for several kinds of machines, of which one is here. But what it expects of devices is expected beside the
 * machine, and what it expects of machines beside the devices: evidence without either must not pass for the whole.
 *
 * @throws CliError (usage)
 */
function assertAllThere(content: Expectations, tee: Tee, path: string): void {
  const said = NAMES.filter((one) => isRecord(Object.hasOwn(content, one) ? content[one] : undefined))
  const absent = said.find((one) => one !== tee && (BESIDE.includes(one) || BESIDE.includes(tee)))
  if (absent === undefined) return
  throw usageError(
    `${path}: \`${absent}\`: expectations of evidence that is not there: all there is, is of the kind ${tee}`,
  )
}

function select(content: Expectations, tee: Tee, path: string): Expectations {
  assertAllThere(content, tee, path)
  const common = Object.entries(content).filter(([name]) => !NAMES.includes(name))
  const own = Object.hasOwn(content, tee) ? content[tee] : undefined
  if (own === undefined || own === null) return Object.fromEntries(common)
  if (!isRecord(own)) throw usageError(`${path}: expected members below \`${tee}:\``)
  return { ...Object.fromEntries(common), ...own }
}

/** A member without a value would be compared with nothing, and pass for an expectation that holds. */
function assertComplete(value: unknown, path: string, member: string): void {
  if (value === null || value === undefined) throw usageError(`${path}: \`${member}\` has no value`)
  if (typeof value !== 'object' || value instanceof Uint8Array) return
  for (const [name, inner] of Object.entries(value)) {
    if (member === '' && NAMES.includes(name) && (inner === null || inner === undefined)) continue
    assertComplete(inner, path, member === '' ? name : `${member}.${name}`)
  }
}

/** Flags of `verify` that say what is expected, as the argument parser gives them. */
export interface ExpectationFlags {
  readonly measurement?: readonly string[]
  readonly signer?: readonly string[]
  readonly minSvn?: number
  readonly reportData?: string
  readonly reportDataIsFresh?: true
  readonly nonce?: string
  readonly hostData?: readonly string[]
  readonly product?: readonly string[]
  readonly hardwareId?: readonly string[]
  readonly allowDebug?: true
  readonly allowEmulated?: true
  readonly minTcb?: Readonly<Record<string, number>>
  readonly rtmr0?: readonly string[]
  readonly rtmr1?: readonly string[]
  readonly rtmr2?: readonly string[]
  readonly rtmr3?: readonly string[]
  readonly acceptTcb?: readonly Expectations[]
}

/** Members of the expectations object, by the flag that sets them. */
const MEMBERS: Readonly<Record<keyof ExpectationFlags, string>> = {
  measurement: 'measurement',
  signer: 'signer',
  minSvn: 'minSvn',
  reportData: 'reportData',
  reportDataIsFresh: 'reportDataIsFresh',
  nonce: 'nonce',
  hostData: 'hostData',
  product: 'products',
  hardwareId: 'hardwareIds',
  allowDebug: 'allowDebug',
  allowEmulated: 'allowEmulated',
  minTcb: 'minTcb',
  rtmr0: 'rtmr0',
  rtmr1: 'rtmr1',
  rtmr2: 'rtmr2',
  rtmr3: 'rtmr3',
  acceptTcb: 'acceptTcb',
}

/** The expectations that flags give; they win over those of a file. */
export function expectationsOfFlags(flags: ExpectationFlags): Expectations {
  const expected: Record<string, unknown> = {}
  for (const [flag, member] of Object.entries(MEMBERS)) {
    if (!isFlag(flag)) continue
    const value = flags[flag]
    if (value !== undefined) expected[member] = value
  }
  return expected
}

function isFlag(name: string): name is keyof ExpectationFlags {
  return Object.hasOwn(MEMBERS, name)
}
