import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createWorld, kbsEvidence, type World } from '@sekisho/emulator'
import { keptRsaKeys } from '@sekisho/emulator/kit'
import { recognise } from '@sekisho/evidence/recognise'
import { emulatedAttester, TpmError, TsmError, type TsmFiles, tsmAttester } from '../src/index.ts'
import { LINUX_FILES } from '../src/tsm/files.ts'
import { failure } from './failure.ts'

const REPORT_DATA = new Uint8Array(createHash('sha384').update('nonce and key').digest())

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code })
}

interface Kernel {
  readonly files: TsmFiles
  readonly entries: Map<string, Map<string, Uint8Array>>
  readonly written: (readonly [string, string])[]
}

interface KernelOptions {
  readonly provider?: string
  /** Report and certificate table over report data. */
  readonly report: (inblob: Uint8Array) => { readonly outblob: Uint8Array; readonly auxblob?: Uint8Array }
  /** Called before each read, to be busy, or to meddle. */
  readonly onRead?: (attribute: string, kernel: Kernel) => void
}

/** The kernel's folder as far as it matters, in memory. @see Linux, drivers/virt/coco/guest/report.c */
function kernel({ provider = 'sev_guest', report, onRead = () => undefined }: KernelOptions): Kernel {
  const entries = new Map<string, Map<string, Uint8Array>>()
  const written: (readonly [string, string])[] = []
  const attributesOf = (path: string): Map<string, Uint8Array> => {
    const found = entries.get(dirname(path))
    if (found === undefined) throw systemError('ENOENT')
    return found
  }
  const text = (value: string): Uint8Array => new TextEncoder().encode(value)
  const files: TsmFiles = {
    async makeEntry(path) {
      if (entries.has(path)) throw systemError('EEXIST')
      entries.set(path, new Map([['generation', text('0')]]))
    },
    async removeEntry(path) {
      entries.delete(path)
    },
    async read(path) {
      const attributes = attributesOf(path)
      const attribute = basename(path)
      onRead(attribute, self)
      if (attribute === 'provider') return text(`${provider}\n`)
      if (attribute === 'generation') return attributes.get('generation') ?? text('0')
      const inblob = attributes.get('inblob')
      if (inblob === undefined) throw systemError('EINVAL')
      const { outblob, auxblob } = report(inblob)
      const blob = attribute === 'outblob' ? outblob : auxblob
      if (blob === undefined) throw systemError('ENOENT')
      return blob
    },
    async write(path, value) {
      const attributes = attributesOf(path)
      if (basename(path) === 'inblob' && value.length > 64) throw systemError('EFBIG')
      attributes.set(basename(path), value)
      const generation = Number(Buffer.from(attributes.get('generation') ?? '0').toString())
      attributes.set('generation', text(String(generation + 1)))
      written.push([basename(path), Buffer.from(value).toString('hex')])
    },
  }
  const self = { files, entries, written }
  return self
}

const RAW = (inblob: Uint8Array) => ({ outblob: inblob })

describe('reports of the kernel', () => {
  let world: World
  before(() => {
    world = createWorld({ products: ['Genoa', 'Turin'], rsaKey: keptRsaKeys() })
  })

  for (const [product, version] of [
    ['Genoa', 2],
    ['Genoa', 3],
    ['Turin', 5],
  ] as const) {
    it(`of SEV-SNP have both forms, certificates included (${product}, version ${version})`, async () => {
      const platform = world.snp({ product, version })
      const linux = kernel({
        report: (inblob) => {
          const { evidence, certificateTable } = platform.attest(inblob)
          return { outblob: evidence, auxblob: certificateTable }
        },
      })
      const collected = await (await tsmAttester({ files: linux.files })).attest({ reportData: REPORT_DATA })
      assert.equal(collected.tee, 'snp')
      const found = recognise(collected.evidence)
      assert.equal(found.tee, 'snp')
      assert.ok(found.companions.some(({ kind }) => kind === 'certificate-table'))
      const wire = recognise(new TextEncoder().encode(JSON.stringify(collected.kbs)))
      assert.deepEqual(Buffer.from(wire.evidence), Buffer.from(found.evidence))
      assert.deepEqual(linux.written, [['inblob', Buffer.concat([REPORT_DATA, new Uint8Array(16)]).toString('hex')]])
      assert.equal(linux.entries.size, 0, 'no entry stays')
    })
  }

  it('of SEV-SNP have the structure that an emulated attester writes, value by value', async () => {
    const attested = world.snp({ product: 'Turin' }).attest(REPORT_DATA)
    const report = () => ({ outblob: attested.evidence, auxblob: attested.certificateTable })
    const { kbs } = await (await tsmAttester({ files: kernel({ report }).files })).attest({ reportData: REPORT_DATA })
    assert.deepEqual(kbs, kbsEvidence('snp', attested))
  })

  it('of SEV-SNP may come without certificates, or with an empty table', async () => {
    const { evidence } = world.snp({ product: 'Genoa' }).attest(REPORT_DATA)
    for (const aux of [{}, { auxblob: new Uint8Array(0) }]) {
      const { files } = kernel({ report: () => ({ outblob: evidence, ...aux }) })
      const { kbs, evidence: file } = await (await tsmAttester({ files })).attest({ reportData: REPORT_DATA })
      assert.deepEqual(file, new Uint8Array(evidence))
      assert.equal(JSON.parse(JSON.stringify(kbs)).cert_chain, null)
    }
  })

  it('of TDX bring the event log along', async () => {
    const platform = world.tdx()
    const own = await emulatedAttester(world, platform).attest({ reportData: REPORT_DATA })
    const folder = await mkdtemp(join(tmpdir(), 'sekisho-ccel-'))
    await writeFile(join(folder, 'CCEL'), own.eventLog ?? '')
    const { files } = kernel({
      provider: 'tdx_guest',
      report: (inblob) => ({ outblob: platform.attest(inblob).evidence }),
    })
    const attester = await tsmAttester({ files, eventLog: join(folder, 'CCEL') })
    const { tee, kbs, evidence, eventLog } = await attester.attest({ reportData: REPORT_DATA })
    assert.equal(tee, 'tdx')
    assert.deepEqual(eventLog, new Uint8Array(own.eventLog ?? []))
    assert.deepEqual(kbs, {
      cc_eventlog: Buffer.from(own.eventLog ?? []).toString('base64'),
      quote: Buffer.from(evidence).toString('base64'),
    })
    const without = await (await tsmAttester({ files, eventLog: false })).attest({ reportData: REPORT_DATA })
    assert.equal(JSON.parse(JSON.stringify(without.kbs)).cc_eventlog, null)
    assert.ok(!('eventLog' in without))
    await writeFile(join(folder, 'CCEL'), '')
    const empty = await attester.attest({ reportData: REPORT_DATA })
    assert.ok(!('eventLog' in empty), 'a log of nothing is none')
    const missing = await tsmAttester({ files, eventLog: join(folder, 'none') })
    assert.equal((await failure(missing.attest({ reportData: REPORT_DATA }), TpmError)).code, 'unreachable')
    await rm(folder, { recursive: true })
  })

  it('of Arm CCA are tokens as arrays of numbers', async () => {
    const { files } = kernel({ provider: 'arm_cca_guest', report: () => ({ outblob: Uint8Array.of(1, 255) }) })
    const { tee, kbs } = await (await tsmAttester({ files })).attest({ reportData: REPORT_DATA })
    assert.equal(tee, 'cca')
    assert.deepEqual(kbs, { token: [1, 255] })
  })

  it('are asked for at a privilege level in decimal text, which counts as a write', async () => {
    const { evidence } = world.snp({ product: 'Genoa' }).attest(REPORT_DATA)
    const linux = kernel({ report: () => ({ outblob: evidence }) })
    await (await tsmAttester({ files: linux.files, privilegeLevel: 2 })).attest({ reportData: REPORT_DATA })
    assert.deepEqual(linux.written[0], ['privlevel', Buffer.from('2').toString('hex')])
    const unsaid = kernel({ report: () => ({ outblob: evidence }) })
    await (await tsmAttester({ files: unsaid.files })).attest({ reportData: REPORT_DATA })
    assert.deepEqual(unsaid.written.length, 1, 'the kernel’s own level unless said')
    await assert.rejects(tsmAttester({ files: linux.files, privilegeLevel: 4 }), TypeError)
    const tdx = kernel({ provider: 'tdx_guest', report: RAW })
    await assert.rejects(tsmAttester({ files: tdx.files, privilegeLevel: 0 }), TypeError)
  })

  it('are not taken when somebody else wrote to the entry', async () => {
    const linux = kernel({
      provider: 'arm_cca_guest',
      report: RAW,
      onRead: (attribute, { entries }) => {
        if (attribute !== 'outblob') return
        for (const attributes of entries.values()) attributes.set('generation', new TextEncoder().encode('2'))
      },
    })
    const attester = await tsmAttester({ files: linux.files })
    assert.equal((await failure(attester.attest({ reportData: REPORT_DATA }), TsmError)).code, 'mismatch')
    assert.equal(linux.entries.size, 0)
  })

  it('are asked for again while the kernel is busy, and not for ever', async () => {
    let busy = 3
    const onRead = (attribute: string): void => {
      if (attribute === 'outblob' && busy-- > 0) throw systemError('EBUSY')
    }
    const attester = await tsmAttester({ files: kernel({ provider: 'arm_cca_guest', report: RAW, onRead }).files })
    assert.equal((await attester.attest({ reportData: REPORT_DATA })).evidence.length, 64)
    busy = 1000
    assert.equal((await failure(attester.attest({ reportData: REPORT_DATA }), TsmError)).code, 'busy')
  })

  it('say what is missing', async () => {
    const fault = async (options: Partial<KernelOptions>): Promise<string> =>
      (await failure(tsmAttester({ files: kernel({ report: RAW, ...options }).files }), TsmError)).code
    const throwing = (code: string) => () => {
      throw systemError(code)
    }
    assert.equal(await fault({ provider: 'other_guest' }), 'unsupported')
    assert.equal(await fault({ onRead: throwing('ENXIO') }), 'unsupported')
    const noEntry = async (code: string): Promise<string> => {
      const files = { ...kernel({ report: RAW }).files, makeEntry: () => Promise.reject(systemError(code)) }
      return (await failure(tsmAttester({ files }), TsmError)).code
    }
    assert.equal(await noEntry('ENXIO'), 'unsupported')
    assert.equal(await noEntry('EACCES'), 'unreachable')
    assert.equal(await fault({ onRead: throwing('ENOENT') }), 'unreachable')
    assert.equal(await fault({ onRead: throwing('EPERM') }), 'unreachable')
    assert.equal(await fault({ onRead: throwing('EACCES') }), 'unreachable')
    assert.equal(await fault({ onRead: throwing('EIO') }), 'refused')
    const none = await failure(tsmAttester({ root: join(tmpdir(), 'no-such-folder') }), TsmError)
    assert.equal(none.code, 'unreachable')
    const { files } = kernel({ provider: 'arm_cca_guest', report: () => ({ outblob: new Uint8Array(0) }) })
    const empty = await tsmAttester({ files })
    assert.equal((await failure(empty.attest({ reportData: REPORT_DATA }), TsmError)).code, 'unsupported')
  })
})

describe('the door to the files of the kernel', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sekisho-tsm-'))
  })
  after(() => rm(folder, { recursive: true }))

  it('makes and removes entries, reads to the end and writes over what is there', async () => {
    const entry = join(folder, 'entry')
    await LINUX_FILES.makeEntry(entry)
    assert.deepEqual(await readdir(folder), ['entry'])
    await assert.rejects(LINUX_FILES.write(join(entry, 'inblob'), new Uint8Array(1)), { code: 'ENOENT' })
    await writeFile(join(entry, 'outblob'), Buffer.alloc(200_000, 7))
    assert.equal((await LINUX_FILES.read(join(entry, 'outblob'))).length, 200_000)
    await LINUX_FILES.write(join(entry, 'outblob'), Uint8Array.of(1, 2))
    assert.deepEqual((await LINUX_FILES.read(join(entry, 'outblob'))).slice(0, 3), Uint8Array.of(1, 2, 7))
    await rm(join(entry, 'outblob'))
    await LINUX_FILES.removeEntry(entry)
    assert.deepEqual(await readdir(folder), [])
  })

  it('reads no attribute without end', async () => {
    const error = await failure(LINUX_FILES.read('/dev/zero'), TsmError)
    assert.equal(error.code, 'too-large')
  })
})
