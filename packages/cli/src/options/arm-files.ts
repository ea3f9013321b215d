import type { ArmEndorsementsInput, CorimContent, CorimTrust } from '@sekisho/evidence/cca'
import { isCorim, isSignedCorim } from './corim-file.ts'
import { isRecord } from './record.ts'

/** Parts of Arm endorsements that files hold; keys of several files become one list. */
export interface ArmFiles {
  readonly keys: unknown[]
  referenceValues: string | undefined
  readonly corims: Uint8Array[]
}

/** None yet. */
export function noArmFiles(): ArmFiles {
  return { keys: [], referenceValues: undefined, corims: [] }
}

/** Names of files in a folder that are read as Arm endorsements. */
export function isArmFile(name: string): boolean {
  return /\.jwk(\.json)?$|^(ta|rv)-store\.json$|^corim[\w-]*\.cbor$/.test(name)
}

/**
 * Takes a JWK, a list of keys, reference values or a CoRIM (CBOR tag 501), signed (tag 18) or not; or keys and reference
 * values as a checkpoint keeps them with a decision.
 * @returns false when the bytes are none of these
 */
export function takeArm(bytes: Uint8Array, into: ArmFiles): boolean {
  if (isCorim(bytes)) {
    into.corims.push(bytes)
    return true
  }
  const text = new TextDecoder().decode(bytes)
  if (!/^\s*[[{]/.test(text)) return false
  const value = parse(text)
  if (isKeyList(value)) into.keys.push(...value)
  else if (has(value, 'kty')) into.keys.push(value)
  else if (has(value, 'platform') || has(value, 'realm')) into.referenceValues = text
  else return takeKept(value, into)
  return true
}

/** Texts in JSON: of the keys, of the reference values, or of both. */
function takeKept(value: unknown, into: ArmFiles): boolean {
  if (!isRecord(value)) return false
  const { keys, referenceValues, ...others } = value
  if (Object.keys(others).length > 0 || (keys === undefined && referenceValues === undefined)) return false
  if (referenceValues !== undefined && typeof referenceValues !== 'string') return false
  if (keys !== undefined) {
    const read = typeof keys === 'string' ? parse(keys) : undefined
    if (isKeyList(read)) into.keys.push(...read)
    else if (has(read, 'kty')) into.keys.push(read)
    else return false
  }
  if (referenceValues !== undefined) into.referenceValues = referenceValues
  return true
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Whoever reads this file as something else says what is wrong with it.
    return undefined
  }
}

function isKeyList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > 0 && value.every((one) => has(one, 'kty') || has(one, 'pkey'))
}

function has(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
}

/** How CoRIMs are read: handed in, so that other evidence does not load it. */
export interface CorimReaders {
  readCorim(bytes: Uint8Array): CorimContent
  verifyCorimSync(bytes: Uint8Array, trust: CorimTrust): CorimContent
}

/**
 * The parts as the verifiers of Arm's evidence take them. A signed CoRIM is checked with the signers' keys; without any
 * it is an error of the verdict's.
 */
export function armEndorsements(
  { keys, referenceValues, corims }: ArmFiles,
  { readCorim, verifyCorimSync }: CorimReaders,
  signers: { readonly keys: string | undefined; readonly at: Date },
): ArmEndorsementsInput {
  const { keys: trusted, at } = signers
  const read = (bytes: Uint8Array): CorimContent =>
    isSignedCorim(bytes) && trusted !== undefined ? verifyCorimSync(bytes, { keys: trusted, at }) : readCorim(bytes)
  return {
    ...(keys.length === 0 ? {} : { keys: JSON.stringify(keys) }),
    ...(referenceValues === undefined ? {} : { referenceValues }),
    ...(corims.length === 0 ? {} : { corims: corims.map(read) }),
  }
}
