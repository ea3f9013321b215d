import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createWorld, kbsEvidence } from '@sekisho/emulator'
import { keptRsaKeys } from '@sekisho/emulator/kit'
import type { Verdict } from '@sekisho/evidence'
import { azureCheckIds } from '@sekisho/evidence/azure'
import { ccaCheckIds } from '@sekisho/evidence/cca'
import { compositeCheckIds } from '@sekisho/evidence/composite'
import { iasCheckIds } from '@sekisho/evidence/ias'
import { ibmSeCheckIds } from '@sekisho/evidence/ibm-se'
import { nitroCheckIds } from '@sekisho/evidence/nitro'
import { nvidiaCheckIds, nvidiaNodeCheckIds } from '@sekisho/evidence/nvidia'
import { psaCheckIds } from '@sekisho/evidence/psa'
import { sevCheckIds } from '@sekisho/evidence/sev'
import { sgxCatalogue } from '@sekisho/evidence/sgx'
import { snpCheckIds } from '@sekisho/evidence/snp'
import { tdxCatalogue } from '@sekisho/evidence/tdx'
import { tokenCheckIds } from '@sekisho/evidence/token'
import { tpmCheckIds } from '@sekisho/evidence/tpm'
import { WORK } from '../src/engine/work.ts'
import { type CheckKind, LAYERS, LAYERS_OF_CHECKS, type LayerTable, listedLayer } from '../src/map/layers.ts'
import { layerOf, trustMapOf } from '../src/map/model.ts'

/** Headings of groups stand in the catalogues too, and are no checks. */
function checksIn(catalogue: Readonly<Record<string, string>>): readonly string[] {
  const ids = Object.keys(catalogue)
  return ids.filter((id) => !ids.some((other) => other.startsWith(`${id}.`)))
}

const CHECKS: Readonly<Record<CheckKind, readonly string[]>> = {
  sgx: checksIn(sgxCatalogue),
  tdx: checksIn(tdxCatalogue),
  snp: snpCheckIds(),
  sev: sevCheckIds(),
  nitro: nitroCheckIds(),
  cca: ccaCheckIds(),
  psa: psaCheckIds(),
  tpm: tpmCheckIds(),
  azure: azureCheckIds(),
  nvidia: [...nvidiaCheckIds(), ...nvidiaNodeCheckIds()],
  'ibm-se': ibmSeCheckIds(),
  token: tokenCheckIds(),
  ias: iasCheckIds(),
  composite: compositeCheckIds(),
}

const TABLES = Object.entries(LAYERS_OF_CHECKS).map(([kind, table]) => ({
  kind: kind as CheckKind,
  names: LAYERS.flatMap((layer) => (table as LayerTable)[layer] ?? []),
}))

describe('the layers of checks', () => {
  for (const { kind, names } of TABLES) {
    it(`${kind}: every check is in the table`, () => {
      assert.ok(CHECKS[kind].length > 0)
      assert.deepEqual(
        CHECKS[kind].filter((id) => listedLayer(id) === undefined),
        [],
      )
    })

    it(`${kind}: every name in the table stands for a check, and once`, () => {
      const isOf = (id: string, name: string): boolean => `${id}.`.startsWith(`${kind}.${name}.`)
      const strangers = names.filter((name) => !CHECKS[kind].some((id) => isOf(id, name)))
      assert.deepEqual(strangers, [])
      assert.equal(new Set(names).size, names.length)
    })
  }

  it('the longest name that fits counts, and of a check that nobody knows its phase', () => {
    assert.equal(listedLayer('snp.expect.policy'), 'isolation')
    assert.equal(listedLayer('snp.expect.whatever-comes'), 'workload')
    assert.equal(listedLayer('nvidia.rim.driver.chain.names'), 'firmware')
    assert.equal(listedLayer('nvidia.rim.driver.chain.root'), 'silicon')
    for (const id of [
      '',
      'snp',
      'snp.',
      'snp.other',
      'snp.pinned',
      'other.report',
      'constructor.name',
      '__proto__.x',
    ]) {
      assert.equal(listedLayer(id), undefined, id)
      assert.equal(layerOf({ id, phase: 'authenticity' }), 'silicon', id)
      assert.equal(layerOf({ id, phase: 'appraisal' }), 'workload', id)
    }
  })
})

const WORLD = createWorld({ products: ['Genoa'], rsaKey: keptRsaKeys() })

async function judged(kind: 'snp' | 'tdx' | 'sgx' | 'nitro' | 'cca' | 'tpm'): Promise<Verdict> {
  const evidence = kbsEvidence(kind, WORLD[kind]({}).attest(new Uint8Array(48)))
  const file = new TextEncoder().encode(JSON.stringify(evidence))
  const at = Date.UTC(2026, 10, 21)
  const none = { files: [], eventLog: undefined, expect: {}, waive: [], anchors: [], distrust: [] }
  return (await WORK.verify({ file, part: 0, at, ...none })).verdict
}

describe('the map of each emulated platform under no anchor of its own', () => {
  const guest = 'vendor assumed, physical assumed, host unknown, hypervisor unknown, guest inside'
  for (const [kind, layers, parties] of [
    ['snp', 'silicon refuted, firmware, isolation, workload, runtime, conversation', guest],
    ['tdx', 'silicon refuted, firmware, isolation, workload, runtime, conversation', guest],
    [
      'sgx',
      'silicon refuted, firmware, isolation, workload, conversation',
      guest.replace('guest inside', 'guest excluded'),
    ],
    ['nitro', 'silicon refuted, isolation, workload, runtime, conversation', guest.replace(' physical assumed,', '')],
    ['cca', 'silicon refuted, firmware, isolation, workload, runtime, conversation', guest],
    [
      'tpm',
      'silicon refuted, isolation, workload, runtime, conversation',
      'vendor assumed, physical assumed, host inside, hypervisor inside',
    ],
  ] as const)
    it(kind, async () => {
      const verdict = await judged(kind)
      const map = trustMapOf(verdict)
      const drawn = map.layers.map(({ id, standing }) => (standing === 'unknown' ? id : `${id} ${standing}`))
      assert.equal(drawn.join(', '), layers)
      assert.equal(map.parties.map(({ id, standing }) => `${id} ${standing}`).join(', '), parties)
      // Assumptions speak for a party in their own words.
      const physical = map.parties.find(({ id }) => id === 'physical')
      const statements: readonly unknown[] = verdict.assumed.map(({ statement }) => statement)
      const because = physical?.because
      assert.ok(because === undefined || (typeof because === 'object' && statements.includes(because.statement)))
      for (const layer of map.layers) for (const check of layer.checks) assert.equal(listedLayer(check.id), layer.id)
    })
})
