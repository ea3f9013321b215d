import {
  constants,
  createPublicKey,
  type KeyObject,
  randomBytes,
  type SignKeyObjectInput,
  sign,
  type VerifyKeyObjectInput,
  verify,
} from 'node:crypto'
import { generateKey } from '@sekisho/emulator/kit'
import type { Contender } from './measure.ts'

/** Kinds of signatures, as evidence has them. */
export type SignatureKind = 'P-256' | 'P-384' | 'RSA-2048' | 'RSA-4096' | 'RSA-4096-PSS'

/** A number of checks of one kind, over so many bytes each, and how many keys are imported for them. */
export interface MadeChecks {
  readonly kind: SignatureKind
  readonly count: number
  readonly imports: number
  readonly bytes: number
}

interface Made {
  readonly data: Uint8Array
  readonly signature: Uint8Array
  readonly spki: Uint8Array
  readonly key: KeyObject
  readonly hash: string
  readonly scheme: Pick<VerifyKeyObjectInput, 'dsaEncoding' | 'padding' | 'saltLength'>
  readonly checks: MadeChecks
}

/**
 * A bound for evidence whose signed bytes cannot be cut out simply: the same number of checks and key imports, of the
 * same kinds and over as many bytes, with keys made here. What a check costs does not depend on whose signature it is.
 */
export function madeBound(checks: readonly MadeChecks[]): Contender {
  const all = checks.map(made)
  const count = checks.reduce((sum, one) => sum + one.count, 0)
  return {
    name: `bound (${count} ${count === 1 ? 'signature' : 'signatures'})`,
    run: () => {
      for (const one of all) check(one)
    },
  }
}

function check({ data, signature, spki, key, hash, scheme, checks }: Made): void {
  let used = key
  for (let i = 0; i < checks.imports; i++)
    used = createPublicKey({ format: 'der', type: 'spki', key: Buffer.from(spki) })
  for (let i = 0; i < checks.count; i++)
    if (!verify(hash, data, { key: used, ...scheme }, signature)) throw new Error('bound: a signature does not verify')
}

function made(checks: MadeChecks): Made {
  const { kind } = checks
  const { privateKey, publicKey, spki } = generateKey(kind === 'RSA-4096-PSS' ? 'RSA-4096' : kind)
  const hash = kind === 'P-384' || kind === 'RSA-4096-PSS' ? 'sha384' : 'sha256'
  const scheme: Pick<SignKeyObjectInput, 'dsaEncoding' | 'padding' | 'saltLength'> =
    kind === 'P-256' || kind === 'P-384'
      ? { dsaEncoding: 'ieee-p1363' }
      : kind === 'RSA-4096-PSS'
        ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 48 }
        : { padding: constants.RSA_PKCS1_PADDING }
  const data = randomBytes(checks.bytes)
  const signature = sign(hash, data, { key: privateKey, ...scheme })
  return {
    data,
    signature,
    spki,
    key: publicKey,
    hash,
    scheme,
    checks,
  }
}
