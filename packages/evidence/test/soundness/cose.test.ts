import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import { describe, it } from 'node:test'
import { type KeyPair, namedKey } from '@sekisho/emulator/kit'
import { decodeCbor } from '../../src/cbor/decode.ts'
import { cborArray, cborBytes, cborHead, cborInteger, cborMap, cborTag, cborText } from '../../src/cbor/encode.ts'
import { readSign1 } from '../../src/cbor/sign1.ts'
import { parseCcaToken } from '../../src/cca/index.ts'
import { concatBytes } from '../../src/core/bytes.ts'
import { EvidenceError } from '../../src/core/errors.ts'
import type { Verdict } from '../../src/core/verdict.ts'
import { encodeNitroPayload, verifyNitroSync } from '../../src/nitro/index.ts'
import { verifyPsaSync } from '../../src/psa/index.ts'
import { recognise } from '../../src/recognise/index.ts'
import { verifyTokenSync } from '../../src/token/index.ts'
import { endorsements, makeCca, makePsa, PLATFORM_KEY, REALM_KEY } from '../arm-kit.ts'
import { judged as judgedCca } from '../cca-kit.ts'
import { ANCHOR, AT, makePayload } from '../nitro-kit.ts'

type Pair = readonly [Uint8Array, Uint8Array]

const label = (number: number, value: Uint8Array): Pair => [cborInteger(number), value]
const ALG: Pair = label(1, cborInteger(-35))
const NULL: Uint8Array = Uint8Array.of(0xf6)

/** How one message differs from a good COSE_Sign1. Everything else, its signature above all, is as it should be. */
interface Form {
  readonly protected?: readonly Pair[]
  readonly unprotected?: readonly Pair[]
  readonly tags?: readonly number[]
  readonly context?: string
  readonly aad?: Uint8Array
  readonly hash?: 'sha256' | 'sha384' | 'sha512'
  readonly der?: true
  /** Protected header, unprotected header, payload and signature, encoded. */
  readonly items?: (items: readonly Uint8Array[]) => readonly Uint8Array[]
  readonly behind?: Uint8Array
}

function message(payload: Uint8Array, key: KeyPair, form: Form = {}): Uint8Array {
  const header = cborMap(form.protected ?? [ALG])
  const input = cborArray([
    cborText(form.context ?? 'Signature1'),
    cborBytes(header),
    cborBytes(form.aad ?? new Uint8Array()),
    cborBytes(payload),
  ])
  const encoding = form.der === true ? 'der' : 'ieee-p1363'
  const signature = sign(form.hash ?? 'sha384', input, { key: key.privateKey, dsaEncoding: encoding })
  const items = [cborBytes(header), cborMap(form.unprotected ?? []), cborBytes(payload), cborBytes(signature)]
  const whole = cborArray((form.items ?? ((all) => all))(items))
  const tagged = (form.tags ?? [18]).reduce((inner, tag) => cborTag(tag, inner), whole)
  return concatBytes(tagged, form.behind ?? new Uint8Array())
}

function payloadOf(bytes: Uint8Array): Uint8Array {
  return readSign1(bytes, decodeCbor(bytes, { field: 'made' }), 'made').payload
}

const SECONDS = AT.getTime() / 1000
const RESULT = cborMap([
  label(265, cborText('tag:ietf.org,2026:rats/ear#03')),
  label(6, cborInteger(SECONDS - 10)),
  label(4, cborInteger(SECONDS + 60)),
  label(1004, cborMap([label(0, cborText('https://verifier.example')), label(1, cborText('1.0'))])),
  label(266, cborMap([[cborText('machine'), cborMap([label(1000, cborInteger(2))])]])),
])
const SIGNER = namedKey('verifier', 'P-384')
const cca = parseCcaToken(makeCca())
const ccaOf = (platform: Uint8Array, realm: Uint8Array): Uint8Array =>
  cborTag(399, cborMap([label(44_234, cborBytes(platform)), label(44_241, cborBytes(realm))]))
const PLATFORM = message(cca.platform.cose.payload, PLATFORM_KEY)
const REALM = message(cca.realm.cose.payload, REALM_KEY)

/** Every door whose evidence is COSE_Sign1: the message in a form, and its verdict. */
const DOORS: Readonly<
  Record<string, { readonly make: (form: Form) => Uint8Array; judge(bytes: Uint8Array): Verdict }>
> = {
  'Nitro document': {
    make: (form) => message(encodeNitroPayload(makePayload()), namedKey('nitro leaf', 'P-384'), form),
    judge: (bytes) => verifyNitroSync(bytes, { at: AT, trustAnchors: [ANCHOR] }),
  },
  'CCA platform token': {
    make: (form) => ccaOf(message(cca.platform.cose.payload, PLATFORM_KEY, form), REALM),
    judge: (bytes) => judgedCca({}, bytes),
  },
  'CCA realm token': {
    make: (form) => ccaOf(PLATFORM, message(cca.realm.cose.payload, REALM_KEY, form)),
    judge: (bytes) => judgedCca({}, bytes),
  },
  'PSA token': {
    make: (form) => message(payloadOf(makePsa()), PLATFORM_KEY, form),
    judge: (bytes) => verifyPsaSync(bytes, { at: AT, endorsements: endorsements() }),
  },
  'CBOR Web Token': {
    make: (form) => message(RESULT, SIGNER, form),
    judge: (bytes) =>
      verifyTokenSync(bytes, {
        at: AT,
        keySet: { jwks: JSON.stringify({ keys: [SIGNER.publicKey.export({ format: 'jwk' })] }) },
      }),
  },
}

const crit = (...labels: readonly Uint8Array[]): Pair => label(2, cborArray(labels))

/** What must never be proven, in any door. */
const ATTACKS: Readonly<Record<string, Form>> = {
  'no algorithm': { protected: [] },
  'the algorithm unprotected alone': { protected: [], unprotected: [ALG] },
  'the algorithm in both headers': { unprotected: [ALG] },
  'one of several labels in both headers': {
    protected: [ALG, label(99, cborInteger(0))],
    unprotected: [label(99, cborInteger(0))],
  },
  'another algorithm unprotected': { unprotected: [label(1, cborInteger(-7))] },
  'the algorithm twice': { protected: [ALG, ALG] },
  'two algorithms': { protected: [ALG, label(1, cborInteger(-7))] },
  'the algorithm of a MAC': { protected: [label(1, cborInteger(5))] },
  'the algorithm of RSA': { protected: [label(1, cborInteger(-258))] },
  'the algorithm of Edwards curves': { protected: [label(1, cborInteger(-8))] },
  'algorithm zero': { protected: [label(1, cborInteger(0))] },
  'the algorithm by its name': { protected: [label(1, cborText('ES384'))] },
  'the algorithm of a shorter curve': { protected: [label(1, cborInteger(-7))], hash: 'sha256' },
  'the algorithm of a longer curve': { protected: [label(1, cborInteger(-36))], hash: 'sha512' },
  'a critical header that nobody knows': { protected: [ALG, crit(cborInteger(99)), label(99, cborInteger(0))] },
  'a critical header with a name': { protected: [ALG, crit(cborText('x')), [cborText('x'), cborInteger(0)]] },
  'a critical header that is not there': { protected: [ALG, crit(cborInteger(3))] },
  'a critical header that is unprotected': {
    protected: [ALG, crit(cborInteger(3))],
    unprotected: [label(3, cborText('x'))],
  },
  'no critical header in the list': { protected: [ALG, crit()] },
  'a list of critical headers that is none': { protected: [ALG, label(2, cborInteger(1))] },
  'an unprotected list of critical headers': { unprotected: [crit(cborInteger(1))] },
  'a label twice in the unprotected header': {
    unprotected: [label(99, cborInteger(1)), label(99, cborInteger(2))],
  },
  'the tag of a MAC': { tags: [17] },
  'the tag of several signatures': { tags: [98] },
  'the tag of encryption': { tags: [16] },
  'the tag twice': { tags: [18, 18] },
  'a signature for several signers': { context: 'Signature' },
  'a countersignature': { context: 'CounterSignature' },
  'the input of a MAC': { context: 'MAC0' },
  'external data': { aad: Uint8Array.of(1) },
  'a signature in DER': { der: true },
  'another hash': { hash: 'sha256' },
  'a detached payload': {
    items: ([header = NULL, open = NULL, , signature = NULL]) => [header, open, NULL, signature],
  },
  'an empty payload': {
    items: ([header = NULL, open = NULL, , signature = NULL]) => [header, open, cborBytes(new Uint8Array()), signature],
  },
  'no signature': { items: (all) => all.slice(0, 3) },
  'an empty signature': { items: (all) => [...all.slice(0, 3), cborBytes(new Uint8Array())] },
  'a signature of zeros': { items: (all) => [...all.slice(0, 3), cborBytes(new Uint8Array(96))] },
  'a further item': { items: (all) => [...all, NULL] },
  'a protected header that is a map': { items: ([, ...rest]) => [cborMap([ALG]), ...rest] },
  'a protected header in pieces': {
    items: ([header = NULL, ...rest]) => [concatBytes(Uint8Array.of(0x5f), header, Uint8Array.of(0xff)), ...rest],
  },
  'a protected header with bytes behind it': {
    items: ([, ...rest]) => [cborBytes(concatBytes(cborMap([ALG]), Uint8Array.of(0))), ...rest],
  },
  'an empty protected header, and the signed one unprotected': {
    items: ([, , ...rest]) => [cborBytes(new Uint8Array()), cborMap([ALG]), ...rest],
  },
  'an unprotected header that is a list': {
    items: ([header = NULL, , ...rest]) => [header, cborArray([]), ...rest],
  },
  'a payload of text': {
    items: ([header = NULL, open = NULL, payload = NULL, signature = NULL]) => {
      const content = payload.subarray(payload.length - lengthOf(payload))
      return [header, open, concatBytes(cborHead(3, content.length), content), signature]
    },
  },
  'bytes behind it': { behind: Uint8Array.of(0) },
}

function lengthOf(item: Uint8Array): number {
  const read = decodeCbor(item, { field: 'item' })
  return read.type === 'bytes' ? read.value.length : assert.fail()
}

for (const [door, { make, judge }] of Object.entries(DOORS))
  describe(`soundness 47 and 53: ${door}`, () => {
    it('a good message is proven; with more labels, or without its tag, it is proven or refused', () => {
      const harmless: readonly Form[] = [
        {},
        { tags: [] },
        { protected: [ALG, crit(cborInteger(1))] },
        { protected: [ALG, label(3, cborText('x')), crit(cborInteger(3))] },
        { unprotected: [label(99, cborInteger(1))] },
      ]
      for (const [i, form] of harmless.entries()) {
        // A few doors take less than COSE allows: what they refuse, they cannot read wrongly.
        const outcome = outcomeOf(judge, make(form))
        assert.ok(outcome === 'proven' || i > 0, `${i}: ${outcome}`)
      }
    })

    for (const [name, form] of Object.entries(ATTACKS))
      it(name, () => {
        const bytes = make(form)
        assert.notEqual(outcomeOf(judge, bytes), 'proven')
        try {
          recognise(bytes)
        } catch (error) {
          assert.ok(error instanceof EvidenceError, String(error))
        }
      })
  })

function outcomeOf(judge: (bytes: Uint8Array) => Verdict, bytes: Uint8Array): string {
  try {
    return judge(bytes).authenticity
  } catch (error) {
    assert.ok(error instanceof EvidenceError, String(error))
    return 'unreadable'
  }
}
