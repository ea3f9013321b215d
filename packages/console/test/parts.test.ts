import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { makeSgx, pemChain } from '@sekisho/emulator/kit'
import { readAnchors } from '../src/engine/anchors.ts'
import { newest, readBundle } from '../src/engine/bundle.ts'
import { WORK } from '../src/engine/work.ts'
import { allChecks, fallen, trustMapOf } from '../src/map/model.ts'
import { en } from '../src/text/en.ts'
import { ja } from '../src/text/ja.ts'
import { preferredLanguage } from '../src/text/language.ts'
import { differencesOf } from '../src/ui/differences.ts'
import { expectedOf, rowsOf } from '../src/ui/expectation-rows.ts'
import { linkedIn, linkTo, MAX_LINKED } from '../src/ui/permalink.ts'
import { exampleFiles } from './browser.ts'

const AT = Date.parse('2026-06-15T12:00:00Z')

async function judgedTdx(folder: 'tdx' | 'tdx-debug', distrust: readonly string[] = []) {
  const [quote, collateral, root] = exampleFiles(
    `${folder}/quote.bin`,
    `${folder}/collateral.json`,
    'example-root.json',
  )
  return WORK.verify({
    file: quote?.bytes ?? new Uint8Array(),
    part: 0,
    files: collateral === undefined ? [] : [collateral],
    eventLog: undefined,
    expect: { allowEmulated: true },
    waive: [],
    anchors: await readAnchors(root?.bytes ?? new Uint8Array()),
    distrust,
    at: AT,
  })
}

describe('the trust map', () => {
  it('says proven only of what was checked, and excludes the host of a production TD', async () => {
    const { verdict } = await judgedTdx('tdx')
    const { layers, parties, anchors } = trustMapOf(verdict)
    const standing = Object.fromEntries(layers.map((layer) => [layer.id, layer.standing]))
    assert.deepEqual(standing, {
      silicon: 'assumed',
      firmware: 'proven',
      isolation: 'proven',
      workload: 'unknown',
      runtime: 'unknown',
      conversation: 'unknown',
    })
    assert.equal(parties.find(({ id }) => id === 'host')?.standing, 'excluded')
    assert.deepEqual(
      anchors.map(({ id }) => id),
      ['example-intel-root'],
    )
  })

  it('lets the host of a debug TD in', async () => {
    const { parties, layers } = trustMapOf((await judgedTdx('tdx-debug')).verdict)
    assert.equal(parties.find(({ id }) => id === 'hypervisor')?.standing, 'inside')
    assert.equal(layers.find(({ id }) => id === 'isolation')?.standing, 'refuted')
  })

  it('has nothing proven left once the anchor is gone, and names what fell', async () => {
    const before = await judgedTdx('tdx')
    const after = await judgedTdx('tdx', ['example-intel-root'])
    assert.equal(after.verdict.outcome, 'rejected')
    const { layers } = trustMapOf(after.verdict)
    assert.ok(layers.every(({ standing }) => standing === 'unknown' || standing === 'refuted'))
    assert.ok(fallen(before.verdict, after.verdict).some(({ id }) => id === 'tdx.pck.root'))
    assert.deepEqual(fallen(before.verdict, before.verdict), [])
    assert.ok(allChecks(before.verdict).length > 40)
  })
})

describe('expectations', () => {
  const rows = rowsOf({ measurement: ['aa', 'bb'], reportData: 'cc', minTcb: { snp: 3 } }, true)
  it('come back as they went in', () => {
    assert.deepEqual(expectedOf(rows, '', false), {
      expect: { measurement: ['aa', 'bb'], reportData: 'cc', minTcb: { snp: 3 } },
    })
  })
  it('leave out what is not ticked, and take further members', () => {
    const off = rows.map((row) => ({ ...row, on: row.name === 'reportData' }))
    assert.deepEqual(expectedOf(off, '{"products":["Milan"]}', true), {
      expect: { reportData: 'cc', allowEmulated: true, products: ['Milan'] },
    })
  })
  it('name what is no JSON', () => {
    const broken = rows.map((row) => (row.name === 'minTcb' ? { ...row, text: '{' } : row))
    assert.deepEqual(expectedOf(broken, '', false), { bad: 'minTcb', isObject: false })
    assert.deepEqual(expectedOf(rows, '[]', false), { bad: 'JSON', isObject: true })
  })
})

describe('a link', () => {
  it('carries evidence and time there and back', () => {
    const file = Uint8Array.of(0, 255, 62, 63, 1)
    const link = linkTo('https://example.org/x#old', { file, at: 5 }) ?? ''
    assert.ok(link.startsWith('https://example.org/x#evidence='))
    assert.deepEqual(linkedIn(new URL(link).hash), { file, at: 5 })
  })
  it('is bounded, both ways', () => {
    assert.equal(linkTo('https://example.org/', { file: new Uint8Array(MAX_LINKED + 1), at: undefined }), undefined)
    assert.equal(linkedIn(`#evidence=${'A'.repeat(MAX_LINKED * 3)}`), 'bad')
    assert.equal(linkedIn('#evidence=%25'), 'bad')
    assert.equal(linkedIn('#other'), undefined)
  })
})

describe('what a checkpoint is asked for', () => {
  it('is all but the certificate of a chip that hides itself, which no service can find', async () => {
    const [report] = exampleFiles('snp-genoa/report.bin')
    const hidden = (report?.bytes ?? new Uint8Array()).slice().fill(0, 0x1a0, 0x1e0)
    const place = await WORK.place({ file: { name: '', bytes: hidden }, part: 0 })
    const [needs] = place.as === 'evidence' ? place.opened.needs : []
    assert.deepEqual(
      needs?.map(({ amd }) => [amd?.['leafGiven'], amd?.['chipId']]),
      [[true, undefined]],
    )
  })
})

describe('a quote that names its platform by ids', () => {
  it('is judged with the chain and the collateral of that platform in a bundle, and with no other’s', async () => {
    const { evidence, anchor, at, collateral, authority, pck } = makeSgx({ quote: { certificationType: 3 } })
    const chain = pemChain(pck.der, authority.platform.der, authority.root.der).match(
      /-----BEGIN [\s\S]*END CERTIFICATE-----/,
    )?.[0]
    const place = await WORK.place({ file: { name: '', bytes: evidence }, part: 0 })
    const request = place.as === 'evidence' ? place.opened.needs[0]?.[0]?.intelPlatform : undefined
    const { tee: _, ...ids } = request ?? assert.fail()
    const dates = { from: '2026-06-01T00:00:00Z', to: '2026-07-01T00:00:00Z' }
    const intel = { kind: 'intel', tee: 'sgx', fmspc: 'c0ffee000001', ca: 'platform', collateral, ...dates }
    const outcomes = []
    for (const named of [
      ids,
      { ...ids, cpuSvn: '00'.repeat(16) },
      { ...ids, qeId: '00'.repeat(16), encryptedPpid: 'aa' },
    ]) {
      const items = [intel, { kind: 'intel-pck', request: named, chain, ...dates }]
      const bytes = new TextEncoder().encode(JSON.stringify({ format: 'sekisho-endorsements', version: 1, items }))
      const { verdict } = await WORK.verify({
        file: evidence,
        part: 0,
        files: [{ name: 'bundle.json', bytes }],
        eventLog: undefined,
        expect: { allowEmulated: true },
        waive: [],
        anchors: [anchor],
        distrust: [],
        at: at.getTime(),
      })
      outcomes.push(verdict.authenticity)
    }
    assert.deepEqual(outcomes, ['proven', 'unproven', 'unproven'])
  })
})

describe('a bundle', () => {
  const item = {
    kind: 'nvidia-rim',
    version: '1',
    manifest: 'AAAA',
    from: '2026-01-01T00:00:00Z',
    to: '2026-02-01T00:00:00Z',
  }
  it('gives the item that holds, else the one that ended last', () => {
    const later = { ...item, from: '2026-03-01T00:00:00Z', to: '2026-04-01T00:00:00Z' }
    const items = readBundle({ format: 'sekisho-endorsements', version: 1, items: [item, later, { kind: 'other' }] })
    assert.equal(items.length, 2)
    assert.equal(newest(items, Date.parse('2026-01-15T00:00:00Z')), items[0])
    assert.equal(newest(items, Date.parse('2027-01-15T00:00:00Z')), items[1])
  })
  it('gives of Intel’s what is of the standard channel, and of what begins together the highest number', () => {
    const { manifest: _, ...dates } = item
    const intel = { ...dates, kind: 'intel', tee: 'tdx', fmspc: '00', ca: 'platform', collateral: {} }
    const numbers = [17, 18, 16].map((tcbInfo) => ({ ...intel, tcbEvaluationDataNumber: { tcbInfo, qeIdentity: 1 } }))
    const early = { ...numbers[1], update: 'early', from: '2026-01-10T00:00:00Z' }
    const items = readBundle({ version: 1, items: [early, ...numbers] })
    assert.deepEqual(
      readBundle({ version: 1, items: [{ ...intel, collateral: { pck_certificate_chain: 'x', tcb_info: 'y' } }] })[0],
      {
        ...items[0],
        rank: 0,
        collateral: { tcb_info: 'y' },
      },
    )
    const best = newest(items, Date.parse('2026-01-15T00:00:00Z'))
    assert.equal(best?.kind === 'intel' && best.rank, 18)
    assert.equal(items.length, 3)
  })
  it('is refused by what is wrong with it', () => {
    assert.throws(() => readBundle({ version: 2, items: [] }), /version/)
    assert.throws(() => readBundle({ version: 1, items: [{ ...item, manifest: '!' }] }), /items\[0\]\.manifest/)
    assert.throws(() => readBundle({ version: 1, items: [{ ...item, to: 'never' }] }), /ISO 8601/)
  })
})

describe('files', () => {
  it('are told apart by what they hold', async () => {
    const files = exampleFiles(
      'snp-genoa/report.bin',
      'snp-genoa/crl.der',
      'snp-genoa/certs/vcek.der',
      'tdx/ccel.bin',
      'tdx/collateral.json',
      'example-root.json',
    )
    const places = await Promise.all(files.map((file) => WORK.place({ file, part: 0 })))
    assert.deepEqual(
      places.map((place) => (place.as === 'endorsement' ? place.what : place.as)),
      ['evidence', 'AMD revocation list', 'VCEK certificate', 'event-log', 'DCAP collateral', 'anchors'],
    )
  })
  it('that give trust anchors never give a vendor’s', async () => {
    const [file] = exampleFiles('snp-genoa/certs/ark.der')
    const [anchor] = await WORK.anchor({ file: file ?? { name: '', bytes: new Uint8Array() } })
    assert.equal(anchor?.emulated, true)
    assert.match(anchor?.spkiSha256 ?? '', /^60a96ad8/)
    const claims = JSON.stringify([{ spkiSha256: 'a'.repeat(64), emulated: false, vendor: 'AMD' }])
    const [given] = await readAnchors(new TextEncoder().encode(claims))
    assert.equal(given?.emulated, true)
    await assert.rejects(readAnchors(new TextEncoder().encode('[{"spkiSha256":"zz"}]')), /64 hexadecimal/)
  })
})

describe('differences', () => {
  it('are fields of either side that are not the same', () => {
    const { differences, equal } = differencesOf(
      [
        { path: 'a', value: 1 },
        { path: 'b', value: 'x' },
      ],
      [
        { path: 'b', value: 'y' },
        { path: 'a', value: 1 },
        { path: 'c', value: true },
      ],
    )
    assert.equal(equal, 1)
    assert.deepEqual(differences, [
      { path: 'b', a: 'x', b: 'y' },
      { path: 'c', b: 'true' },
    ])
  })
})

describe('languages', () => {
  it('follow the first that there is', () => {
    assert.equal(preferredLanguage(['fr-FR', 'ja-JP', 'en']), 'ja')
    assert.equal(preferredLanguage(['fr']), 'en')
  })
  it('leave nothing untranslated', () => {
    const same: string[] = []
    const walk = (a: object, b: object, path: string): void => {
      for (const [name, value] of Object.entries(a)) {
        const other: unknown = Object.entries(b).find(([key]) => key === name)?.[1]
        if (typeof value === 'object' && typeof other === 'object' && other !== null)
          walk(value, other, `${path}${name}.`)
        else if (typeof value === 'string' && value === other && value !== '') same.push(`${path}${name}`)
      }
    }
    walk(en, ja, '')
    assert.deepEqual(same, ['emulated', 'verdict.tcb', 'verdict.evidence'])
  })
})
