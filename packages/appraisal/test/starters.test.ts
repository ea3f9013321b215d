import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { TEES } from '@sekisho/evidence'
import { lintPolicies } from '../src/lint/lint.ts'
import type { PolicyContext } from '../src/model.ts'
import { type PolicyCase, testPolicies } from '../src/replay/test-policies.ts'
import { STARTER_POLICIES, type StarterPolicy } from '../src/starters/starters.ts'
import { contextWith } from './kit.ts'

/** Archived reports are no evidence of a workload that runs: no starter is for them. */
const KINDS = TEES.filter((one) => one !== 'sgx-epid')

function starter(name: string): StarterPolicy {
  const found = STARTER_POLICIES.find((one) => one.name === name)
  assert.ok(found, `no starter ${name}`)
  return found
}

function caseOf(name: string, permitted: boolean, change: Partial<PolicyContext>, by?: readonly string[]): PolicyCase {
  const context = contextWith({ tcb: { status: 'UpToDate', advisories: [], components: {} }, ...change })
  return { name, permitted, resource: 'db/password/prod', context, ...(by === undefined ? {} : { by }) }
}

async function assertPasses(name: string, cases: readonly PolicyCase[]): Promise<void> {
  const report = await testPolicies(starter(name).text, cases)
  assert.deepEqual(
    report.cases.filter(({ passed }) => !passed),
    [],
  )
  assert.deepEqual(report.unexercised, [])
}

describe('the starter policies', () => {
  it('are one for each TEE, and two more', () => {
    assert.deepEqual(
      STARTER_POLICIES.map(({ name }) => name).sort(),
      [...KINDS, 'deny-one-generation', 'emulated'].sort(),
    )
  })
  for (const { name, text } of STARTER_POLICIES) {
    it(`${name} compiles and has no finding`, async () => {
      assert.deepEqual(await lintPolicies(text), [])
    })
  }
  for (const tee of KINDS) {
    it(`of ${tee} permits what is verified and known, and nothing else`, async () => {
      // Nothing is released to a GPU alone: its starter is for the machine that it is a part of.
      const gpu = tee === 'nvidia-gpu'
      const good: Partial<PolicyContext> = gpu ? { tee: 'snp', parts: [tee] } : { tee }
      const other = gpu ? 'nitro' : tee === 'snp' ? 'tdx' : 'snp'
      await assertPasses(tee, [
        caseOf('as it should be', true, good, [tee]),
        caseOf('another TEE', false, { ...good, tee: other }),
        caseOf('no reference set', false, { ...good, references: [] }),
        caseOf('debug', false, { ...good, debug: true }),
        caseOf('emulated', false, { ...good, emulated: true, hardware: false }),
        caseOf('incomplete', false, {
          ...good,
          verdict: { outcome: 'incomplete', authenticity: 'proven', waived: [] },
        }),
      ])
    })
  }
  it('of nvidia-gpu wants a confidential VM with a GPU', async () => {
    const parts = ['nvidia-gpu']
    await assertPasses('nvidia-gpu', [
      caseOf('SNP', true, { tee: 'snp', parts }),
      caseOf('TDX', true, { tee: 'tdx', parts }),
      caseOf('a VM without one', false, { tee: 'snp', parts: [] }),
      caseOf('a GPU alone', false, { tee: 'nvidia-gpu', parts: [] }),
    ])
  })
  for (const tee of ['tdx', 'sgx'] as const) {
    it(`of ${tee} refuses a TCB that is out of date or untold`, async () => {
      await assertPasses(tee, [
        caseOf('up to date', true, { tee }),
        caseOf('out of date', false, { tee, tcb: { status: 'OutOfDate', advisories: [], components: {} } }),
        caseOf('untold', false, { tee, tcb: { advisories: [], components: {} } }),
      ])
    })
  }
  it('deny-one-generation refuses one generation of one vendor, and no other', async () => {
    const { product: _, ...untold } = contextWith()
    await assertPasses('deny-one-generation', [
      caseOf('AMD Milan', false, { product: 'Milan' }, ['deny-one-generation']),
      caseOf('AMD Genoa', true, { product: 'Genoa' }, ['confidential-vms']),
      caseOf('AMD Turin', true, { product: 'Turin' }),
      caseOf('Intel', true, { tee: 'tdx', vendor: 'intel', product: '00806f050000' }),
      caseOf('Arm', true, { tee: 'cca', vendor: 'arm' }),
      { ...caseOf('AMD of an untold generation', false, {}, ['deny-untold-generation']), context: untold },
    ])
  })
  it('emulated permits emulated platforms alone', async () => {
    await assertPasses('emulated', [
      caseOf('emulated', true, { emulated: true, hardware: false, status: 'contraindicated' }),
      caseOf('real', false, {}),
    ])
  })
})
