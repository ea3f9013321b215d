import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createWorld } from '@sekisho/emulator'
import {
  AMD_CLASS,
  AMD_PROFILE,
  amdLaunchDigest,
  amdMeasurement,
  type CorimParts,
  cbor,
  generateKey,
  INTEL_PROFILE,
  makeCorim,
  ofClass,
  signCorim,
  type TripleParts,
} from '@sekisho/emulator/kit'
import { EXAMPLE, ROOT, scratch } from './process.ts'
import { runWithin } from './run.ts'

const folder = scratch()
const ENCLAVE = '2.16.840.1.113741.1.2.3.5.1'
const expected = readFileSync(join(ROOT, 'examples/sgx/expect.yaml'), 'utf8')
const [MRENCLAVE = '', NONCE = ''] = [...expected.matchAll(/"([0-9a-f]{64})"/g)].map(([, hex]) => hex)

function file(name: string, bytes: Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

function enclave(mrenclave: string, parts: CorimParts = {}): Uint8Array {
  const mval = cbor.map([[-83, cbor.digest(1, Buffer.from(mrenclave, 'hex'))]])
  return makeCorim({
    profile: INTEL_PROFILE,
    triples: [{ environment: ofClass(ENCLAVE), measurements: [[[1, mval]]] }],
    ...parts,
  })
}

const launch = amdLaunchDigest(new Uint8Array(48).fill(1))
const version = amdMeasurement(0, [[0, cbor.map([])]])
const GUEST = makeCorim({
  profile: AMD_PROFILE,
  until: new Date('2040-01-01T00:00:00Z'),
  triples: [
    { environment: ofClass(AMD_CLASS.chip), measurements: [launch] },
    { environment: ofClass(AMD_CLASS.chip), measurements: [launch, version] },
    { environment: ofClass('1.2.3'), measurements: [launch] },
  ],
})

describe('sekisho inspect of a CoRIM', () => {
  it('shows its profile, each set of values, what nothing compares, and what is for others', async () => {
    const path = file('guest.cbor', GUEST)
    const { code, out, err } = await runWithin(['inspect', path, '--json'])
    assert.deepEqual([code, err], [0, ''])
    const { unusable, ...shown } = JSON.parse(out)
    assert.deepEqual(shown, {
      profiles: ['tag:amd.com,2024:snp-corim-profile'],
      references: [
        {
          at: 'corim.tags[0].reference-triples[0]',
          tee: 'snp',
          values: { measurement: ['01'.repeat(48)], signingKey: 'vcek' },
        },
      ],
      signed: false,
      unread: ['corim.tags[0].reference-triples[2] (class 1.2.3)'],
      validUntil: '2040-01-01T00:00:00.000Z',
    })
    assert.equal(unusable.length, 1)
    assert.match(unusable[0], /reference-triples\[1\]\.measurements\[1\] .*VERSION, which nothing compares/)
    const yaml = await runWithin(['inspect', path, '--without', 'VERSION'])
    assert.match(yaml.out, /^# a CoRIM: reference values, unverified\nsigned: false\nprofiles:\n {2}- "tag:amd/)
    assert.match(yaml.out, /^unusable: \[\]$/m)
    const signed = file('signed.cbor', signCorim(GUEST, generateKey('P-384')))
    assert.equal(JSON.parse((await runWithin(['inspect', signed, '--json'])).out).signed, true)
  })

  it('takes no evidence for one, whatever words are in it', async () => {
    const { evidence } = createWorld({ products: [] }).nitro().attest(Buffer.from('application/rim+cbor'))
    const tagged = file('nitro.cbor', Buffer.concat([Buffer.of(0xd2), evidence]))
    const { code, out } = await runWithin(['inspect', tagged, '--json'])
    assert.deepEqual([code, JSON.parse(out).tee], [0, 'nitro'])
  })

  it('shows one of Arm’s, and says what cannot be read', async () => {
    const classId = cbor.map([[0, cbor.tag(600, cbor.bytes(new Uint8Array(32).fill(2)))]])
    const measured = cbor.map([[2, cbor.array([cbor.digest(1, new Uint8Array(32).fill(3))])]])
    const arm = makeCorim({
      profile: cbor.tag(32, cbor.text('tag:arm.com,2023:cca_platform#1.0.0')),
      triples: [
        {
          environment: [[0, classId]],
          measurements: [
            [
              [0, cbor.tag(601, cbor.map([[1, cbor.text('BL')]]))],
              [1, measured],
            ],
          ],
        },
      ],
    })
    const { out } = await runWithin(['inspect', file('arm.cbor', arm), '--json'])
    assert.deepEqual(JSON.parse(out).platforms, [
      { implementationId: '02'.repeat(32), components: [{ type: 'BL', measurements: ['03'.repeat(32)] }] },
    ])
    const strange = makeCorim({ profile: cbor.tag(32, cbor.text('tag:x.invalid,2026:y')) })
    for (const [args, code, message] of [
      [
        [file('strange.cbor', strange)],
        3,
        /strange\.cbor: unsupported-kind: corim\.profile .*tag:x\.invalid.*expected one of tag:amd/,
      ],
      [[file('cut.cbor', GUEST.subarray(0, -1))], 3, /cut\.cbor: \w+: corim/],
      [[file('whole.cbor', GUEST), '--as-expectations'], 64, /a CoRIM is no evidence/],
      [[join(ROOT, 'examples/sgx/quote.bin'), '--td-class', '1.2.3'], 64, /for CoRIMs, and this is none/],
    ] as const) {
      const ran = await runWithin(['inspect', ...args])
      assert.equal(ran.code, code, ran.err)
      assert.match(ran.err, message)
    }
  })
})

describe('sekisho verify with a CoRIM of what is expected', () => {
  const more = ['--allow-emulated', '--nonce', NONCE]
  const evidence = EXAMPLE.sgx.filter((_, i, args) => args[i] !== '--expect' && args[i - 1] !== '--expect')
  const verify = (name: string, bytes: Uint8Array) =>
    runWithin(['verify', ...evidence, '--expect', file(name, bytes), ...more])

  it('compares what it says of the evidence’s kind', async () => {
    const good = await verify('good.cbor', enclave(MRENCLAVE))
    assert.deepEqual([good.code, good.err], [0, ''], good.out)
    const wrong = await verify('wrong.cbor', enclave('ee'.repeat(32)))
    assert.equal(wrong.code, 1)
    assert.match(wrong.out, /MRENCLAVE/)
  })

  it('takes none that is out of date, is for others, has several sets, or says more than is compared', async () => {
    const at = (text: string): Date => new Date(text)
    const member = cbor.map([
      [-82, cbor.bytes(new Uint8Array(16))],
      [-83, cbor.digest(1, Buffer.from(MRENCLAVE, 'hex'))],
    ])
    const environment = ofClass(ENCLAVE)
    const two = [1, 2].map((byte): TripleParts => {
      const mval = cbor.map([[-83, cbor.digest(1, new Uint8Array(32).fill(byte))]])
      return { environment, measurements: [[[1, mval]]] }
    })
    const cases: readonly (readonly [Uint8Array, number, RegExp])[] = [
      [enclave(MRENCLAVE, { until: at('2020-01-01T00:00:00Z') }), 3, /was valid until 2020/],
      [enclave(MRENCLAVE, { from: at('2039-01-01T00:00:00Z') }), 3, /valid from 2039/],
      [
        makeCorim({
          profile: AMD_PROFILE,
          triples: [{ environment: ofClass(AMD_CLASS.chip), measurements: [launch] }],
        }),
        64,
        /no reference values for sgx/,
      ],
      [enclave(MRENCLAVE, { triples: two }), 64, /several sets of values for sgx/],
      [
        enclave(MRENCLAVE, { triples: [{ environment, measurements: [[[1, member]]] }] }),
        3,
        /cannot be compared: .*tee\.attributes/,
      ],
      [signCorim(enclave(MRENCLAVE), generateKey('P-384')), 3, /a signed CoRIM; expected keys/],
    ]
    for (const [i, [bytes, code, message]] of cases.entries()) {
      const ran = await verify(`refused-${i}.cbor`, bytes)
      assert.equal(ran.code, code, `${i}: ${ran.err}${ran.out}`)
      assert.match(ran.err, message)
    }
  })
})
