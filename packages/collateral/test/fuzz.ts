import { fromHex, makeSgx, mutate, Prng, pemChain } from '@sekisho/emulator/kit'
import { EvidenceError } from '@sekisho/evidence'
import { readLeafFacts } from '../src/amd.ts'
import {
  type BundleItem,
  CollateralError,
  describeAmd,
  describeIntel,
  describePck,
  readBundle,
  writeBundle,
} from '../src/index.ts'
import { readJsonObject } from '../src/json-text.ts'
import { readPckFacts } from '../src/pck-certificate.ts'
import { readCertificate, readCrl, readPemChain } from '../src/x509.ts'
import { quickSnp } from './vendors.ts'

/** A reader of collateral, with well-formed input to start from, and the errors that it may throw. */
export interface Reader {
  readonly name: string
  readonly samples: readonly Uint8Array[]
  readonly errors: readonly (new (...args: never[]) => Error)[]
  read(input: Uint8Array): unknown
}

/** What fuzzing a reader showed. */
export interface Fuzzed {
  /** Inputs that it read without an error. */
  readonly read: number
  /** Inputs with another error than a documented one. */
  readonly problems: readonly string[]
  /** Longest time for one input, in milliseconds. */
  readonly slowest: number
}

const sgx = makeSgx()
const { certificates, crl, leaf } = quickSnp({ product: 'Turin' })
const { vcek, ask, ark } = certificates
if (vcek === undefined || ask === undefined) throw new Error('the test kit made no VCEK')
const chain = pemChain(sgx.pck.der, sgx.authority.platform.der, sgx.authority.root.der)
const request = {
  encryptedPpid: 'ab'.repeat(384),
  cpuSvn: '07'.repeat(16),
  pceSvn: 13,
  pceId: '0000',
  qeId: 'cd'.repeat(16),
}
const text = (bytes: Uint8Array): string => new TextDecoder('latin1').decode(bytes)
const bytes = (content: string): Uint8Array => new TextEncoder().encode(content)

const ITEMS: readonly BundleItem[] = [
  { kind: 'intel', collateral: describeIntel(sgx.collateral) },
  { kind: 'amd', collateral: describeAmd({ leaf: vcek, intermediate: ask, root: ark, crl }) },
  { kind: 'intel-pck', request, certificate: describePck(chain) },
]

/** Every reader of what services, mirrors and files deliver. */
export const READERS: readonly Reader[] = [
  {
    name: 'endorsement bundle',
    samples: ITEMS.map((item) => bytes(writeBundle({ items: [item] }))),
    errors: [CollateralError],
    read: readBundle,
  },
  {
    name: 'PCK certificate',
    samples: [sgx.pck.der],
    errors: [CollateralError, EvidenceError, RangeError],
    read: (der) => readPckFacts(readCertificate(der)),
  },
  {
    name: 'VCEK certificate',
    samples: [leaf.der],
    errors: [CollateralError, EvidenceError, RangeError],
    read: (der) => readLeafFacts(readCertificate(der)),
  },
  {
    name: 'revocation list',
    samples: [fromHex(sgx.collateral.pck_crl), crl],
    errors: [CollateralError, EvidenceError, RangeError],
    read: readCrl,
  },
  {
    name: 'PEM chain',
    samples: [bytes(chain)],
    errors: [CollateralError, EvidenceError, RangeError],
    read: (pem) => readPemChain(text(pem)),
  },
  {
    name: 'JSON answer',
    samples: [bytes(sgx.collateral.tcb_info), bytes(`{"enclaveIdentity":${sgx.collateral.qe_identity}}`)],
    errors: [SyntaxError],
    read: (json) => readJsonObject(text(json), { maxDepth: 16, maxTokens: 10_000 }),
  },
]

// What a bound that is missing ends in.
const OF_THE_ENGINE = /call stack|invalid (array|typed array|string) length|undefined|not a function|not iterable/i

function causeOf(error: unknown): string {
  return error instanceof Error ? String(error.cause ?? '') : ''
}

/** Feeds `inputs` mutated samples to a reader; a seed repeats the mutations. */
export function fuzz({ name, samples, errors, read }: Reader, seed: number, inputs: number): Fuzzed {
  const random = new Prng(seed)
  const problems: string[] = []
  let done = 0
  let slowest = 0
  // To write a stack takes longer than to find most of the errors.
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  for (let i = 0; i < inputs && problems.length < 5; i++) {
    const input = mutate(random.one(samples), random, samples)
    const start = performance.now()
    try {
      read(input)
      done++
    } catch (error) {
      if (!errors.some((one) => error instanceof one) || OF_THE_ENGINE.test(`${error} ${causeOf(error)}`))
        problems.push(`${name}, seed ${seed}, input ${i}: ${String(error)}\n${Buffer.from(input).toString('base64')}`)
    }
    slowest = Math.max(slowest, performance.now() - start)
  }
  Error.stackTraceLimit = stackTraceLimit
  return { read: done, problems, slowest }
}
