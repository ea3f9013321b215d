import { booleanField, type FieldKind, type FieldKinds, hexField, readExpectations } from '../core/expectations.ts'
import type { CompositeExpectations, PartExpectations } from './model.ts'

function members<T>(expected: string): FieldKind<T> {
  return {
    expected,
    // What is inside, the readers of the parts and of the runtime data refuse or take.
    read: (value) => (isMembers(value) ? (value as T) : undefined),
  }
}

function isMembers(value: unknown): value is PartExpectations {
  return typeof value === 'object' && value !== null && Object.prototype.toString.call(value) === '[object Object]'
}

const PARTS: FieldKind<Readonly<Record<string, PartExpectations>>> = {
  expected: 'objects of expectations, by name of a part or by TEE',
  read: (value) => {
    if (!isMembers(value)) return undefined
    const known: Record<string, PartExpectations> = {}
    for (const [name, one] of Object.entries(value)) {
      if (!isMembers(one)) return undefined
      known[name] = one
    }
    return known
  },
}

const KINDS: FieldKinds<CompositeExpectations> = {
  nonce: hexField(16, 64),
  reportData: hexField(1, 64),
  reportDataIsFresh: booleanField,
  runtimeData: members('an object, as the KBS protocol has it'),
  allowDebug: booleanField,
  allowEmulated: booleanField,
  parts: PARTS,
}

/** Checks a caller's expectations at the edge. @throws TypeError that names the field */
export function readCompositeExpectations(input: unknown): CompositeExpectations {
  return readExpectations<CompositeExpectations>(input ?? {}, KINDS)
}
