import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { chooseReference, importReferences } from '@sekisho/appraisal'
import { type EifOptions, makeEif, makeSigner, signEif, utf8 } from '@sekisho/emulator/kit'
import { scratch } from './process.ts'
import { type Answered, runWithin } from './run.ts'
import { WORLD_AT as AT, worldAtRest } from './world.ts'

const folder = scratch()
const path = (name: string): string => join(folder, name)
const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(path(name), content)
  return path(name)
}
const signer = makeSigner('P-384', AT)
const signed = (options: EifOptions = {}): Uint8Array => makeEif({ ...options, signature: signEif(options, signer) })
const measure = (...args: readonly string[]): Promise<Answered> =>
  runWithin(['measure', ...args, '--at', AT.toISOString()])

const image = file('app.eif', signed())
const plain = file('plain.eif', makeEif({ metadata: null }))
const forged = file('forged.eif', makeEif({ kernel: utf8('other'), signature: signEif({}, signer) }))
const world = await worldAtRest()
const measured = JSON.parse((await measure(image, '--json')).out)

describe('sekisho measure', () => {
  it('registers, image, sections, signature, and expectations to copy', async () => {
    const { code, out, err } = await measure(image)
    assert.deepEqual([code, err], [0, ''])
    assert.match(out, /^AWS Nitro enclave image \(EIF version 4, x86_64\) {2}\d+ bytes\n/)
    for (const [name, value] of Object.entries(measured.pcrs))
      assert.ok(out.includes(`${name.toUpperCase()}  ${value}`))
    assert.match(out, /command line +reboot=k panic=30/)
    assert.match(out, /name +made-image 1\.0 +\(not measured\)/)
    assert.match(out, /^ {2}kernel +548 +27 +[0-9a-f]{96}$/m)
    assert.match(out, /made image signer, Sekisho tests, EC P-384, serial 07, issued by itself/)
    assert.equal(out.match(/^ {2}pass {2}/gm)?.length, 4)
    assert.ok(out.includes(`measurement:\n    - "${measured.pcrs.pcr0}"`))
  })

  it('an image that is not signed, without metadata', async () => {
    const { code, out } = await measure(plain)
    assert.equal(code, 0)
    assert.match(out, /The image is not signed: enclaves of it have no PCR8\./)
    assert.doesNotMatch(out, /PCR8 |signer:| {2}name /)
  })

  it('1 and no expectations when the signature is of another image', async () => {
    const to = path('forged.json')
    const { code, out } = await measure(forged, '--expect-out', to)
    assert.equal(code, 1)
    assert.match(out, /FAIL {2}What was signed is the PCR0 of this image/)
    assert.match(out, /what helps: /)
    assert.match(out, /None: the signature of this image does not hold/)
    assert.throws(() => readFileSync(to), { code: 'ENOENT' })
    const json = await measure(forged, '--json', '--expect-out', '-')
    assert.deepEqual([json.code, JSON.parse(json.out).expectations], [1, null])
  })

  it('1 when the certificate has expired, by the time that is asked for', async () => {
    const { code, out } = await runWithin(['measure', image, '--at', '2030-01-01'])
    assert.equal(code, 1)
    assert.match(out, /the certificate has expired/)
  })

  it('--json: everything, with numbers that JSON can hold', () => {
    assert.deepEqual([measured.format, measured.version, measured.signature], ['eif', 4, 'valid'])
    assert.deepEqual([measured.defaultMemory, measured.defaultCpus], ['1073741824', '2'])
    assert.equal(measured.metadata.BuildMetadata.KernelVersion, '6.1.0')
    assert.deepEqual(Buffer.from(measured.signers[0].certificate, 'base64'), Buffer.from(signer.certificate))
    assert.deepEqual(measured.expectations.pcrs, { 1: [measured.pcrs.pcr1], 2: [measured.pcrs.pcr2] })
  })

  it('standard input', async () => {
    const ran = await runWithin(['measure', '-', '--json', '--at', AT.toISOString()], { input: readFileSync(image) })
    assert.equal(ran.code, 0)
    assert.deepEqual(JSON.parse(ran.out).pcrs, measured.pcrs)
  })

  for (const [name, args, code, words] of [
    ['no such file', [path('none.eif')], 3, /no such file/],
    ['a folder', [folder], 3, /folder/],
    ['no image', [file('text', 'MZ but no image at all')], 3, /no image that this version measures.*EIF|\.eif/],
    ['an empty file', [file('empty', '')], 3, /no image that this version measures/],
    [
      'a cut image',
      [file('cut.eif', signed().subarray(0, 700))],
      3,
      /cut\.eif: truncated: eif\.section\[2\].* at byte/,
    ],
    ['an instance that is none', [image, '--instance-id', 'x'], 64, /instance: expected an id/],
    ['a role that is none', [image, '--role-arn', 'x'], 64, /role: expected an ARN/],
    ['a time that is none', [image, '--at', 'soon'], 64, /--at/],
    ['a place that cannot be written', [plain, '--expect-out', path('none/x')], 3, /cannot be written/],
    ['no file named', [], 64, /missing required argument/],
  ] as const) {
    it(`${name}: exit code ${code}`, async () => {
      const ran = await runWithin(['measure', ...args])
      assert.equal(ran.code, code, ran.err)
      assert.match(ran.err, words)
    })
  }
})

describe('what measure expects of an image', () => {
  const role = 'arn:aws:iam::123456789012:role/app'
  const { pcr0, pcr1, pcr2, pcr8 } = measured.pcrs
  const options = { measurement: pcr0, kernel: pcr1, application: pcr2, signer: pcr8, role }
  const enclave = world.nitro(options)
  const nonce = 'ab'.repeat(32)
  const document = (platform: typeof enclave): Uint8Array =>
    platform.attest(utf8('data'), { nonce: Buffer.from(nonce, 'hex') }).evidence
  const anchors = file('anchors.json', JSON.stringify(world.anchors))
  const expect = path('expect.json')
  const verify = (evidence: string): Promise<Answered> =>
    runWithin([
      ...['verify', evidence, '--expect', expect, '--trust-anchor', anchors, '--at', AT.toISOString()],
      ...['--nonce', nonce, '--report-data', Buffer.from('data').toString('hex'), '--allow-emulated', '--json'],
    ])

  it('is written to a file', async () => {
    const ran = await measure(image, '--expect-out', expect, '--role-arn', role, '--instance-id', enclave.instanceId)
    assert.equal(ran.code, 0)
    const { tee, source, measurement, pcrs } = JSON.parse(readFileSync(expect, 'utf8'))
    assert.deepEqual([tee, source, measurement], ['nitro', 'app.eif', [pcr0]])
    assert.deepEqual(pcrs, { 1: [pcr1], 2: [pcr2], 3: [enclave.pcrs[3]], 4: [enclave.pcrs[4]] })
  })

  it('verifies an enclave of this image, and rejects one of another, on another instance, in another role', async () => {
    const ran = await verify(file('good.bin', document(enclave)))
    assert.equal(ran.code, 0, ran.out + ran.err)
    assert.equal(JSON.parse(ran.out).outcome, 'verified')
    for (const [name, other] of Object.entries({
      image: { ...options, measurement: '11'.repeat(48) },
      application: { ...options, application: '11'.repeat(48) },
      signer: { ...options, signer: '11'.repeat(48) },
      instance: { ...options, chip: 'instance-2' },
      role: { ...options, role: 'arn:aws:iam::123456789012:role/other' },
    })) {
      assert.equal((await verify(file(`${name}.bin`, document(world.nitro(other))))).code, 1, name)
    }
  })

  it('is for no evidence of another kind', async () => {
    const ran = await runWithin(['verify', 'examples/tdx/quote.bin', '--expect', expect])
    assert.equal(ran.code, 64)
    assert.match(ran.err, /these expectations are for nitro, and the evidence is of the kind tdx/)
  })

  it('a file for one kind names a kind that there is, and no other beside it', async () => {
    for (const [content, words] of [
      [{ tee: 'nitre', measurement: [pcr0] }, /`tee`: expected one of sgx, tdx, snp, sev, nitro, /],
      [{ tee: 'nitro', snp: { measurement: [pcr0] } }, /`snp` in a file that is for nitro alone/],
      [{ source: 'x', measurement: [pcr0] }, /source/],
    ] as const) {
      const wrong = file('wrong.json', JSON.stringify(content))
      const ran = await runWithin(['verify', path('good.bin'), '--expect', wrong])
      assert.equal(ran.code, 64)
      assert.match(ran.err, words)
    }
  })

  it('`--expect-out -` prints them alone, and a checkpoint imports them as a reference set', async () => {
    const ran = await measure(image, '--expect-out', '-')
    const [set] = importReferences(utf8(ran.out), { name: 'app', owner: 'me', at: AT })
    assert.deepEqual([set?.tee, set?.provenance], ['nitro', { kind: 'measurement', source: 'app.eif' }])
    assert.ok(set)
    const skeleton = { measurement: [pcr0], signer: [pcr8], pcrs: { 1: [pcr1], 2: [pcr2] } }
    assert.equal(chooseReference('nitro', skeleton, [set], AT).matched?.name, 'app')
    const other = { ...skeleton, measurement: ['11'.repeat(48)] }
    assert.equal(chooseReference('nitro', other, [set], AT).matched, undefined)
  })
})
