import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createWorld, type World } from '@sekisho/emulator'
import { keptRsaKeys } from '@sekisho/emulator/kit'
import type { Verdict } from '@sekisho/evidence'
import { later, type Machine, worldVerifier } from '../checkpoint/kit.ts'

const AT = new Date()

/** Judges evidence of a machine at times, with endorsements that are held for ten seconds, and collects what is told. */
async function watched(
  t: TestContext,
  world: World,
): Promise<{
  readonly news: string[]
  judge(machine: Machine, seconds: number, refresh?: boolean): Promise<Verdict['authenticity']>
}> {
  const news: string[] = []
  const verifier = await worldVerifier(t, world, { holdSeconds: 10, onNews: (what) => news.push(what) })
  return {
    news,
    async judge(machine, seconds, refresh = false) {
      const { evidence } = machine.attest(new Uint8Array(48))
      const received = verifier.recognise(evidence)
      const { verdict } = await verifier.verify(received, {
        expect: { ...verifier.skeleton(received), allowEmulated: true },
        at: later(AT, seconds),
        ...(refresh ? { refresh } : {}),
      })
      return verdict.authenticity
    },
  }
}

test('another revocation list of AMD is told once, when it is first seen; the same one never', async (t) => {
  const world = createWorld({ products: ['Genoa'], rsaKey: keptRsaKeys() })
  const { news, judge } = await watched(t, world)
  const machine = world.snp()
  for (const seconds of [0, 1, 11, 22]) await judge(machine, seconds)
  await judge(world.snp({ chip: 'cd'.repeat(64) }), 23)
  assert.deepEqual(news, [])
  world.amd.revoke({ product: 'Genoa', part: 'asvk' })
  await judge(machine, 24)
  assert.deepEqual(news, [], 'what is held is used for its time')
  await judge(machine, 40)
  assert.equal(news.length, 1)
  assert.match(news[0] ?? '', /^amd Genoa /)
  await judge(machine, 60)
  await judge(machine, 61, true)
  assert.equal(news.length, 1)
})

test('a revocation that a look at live leases has found holds for whoever attests next, whatever is held', async (t) => {
  const world = createWorld({ products: ['Genoa'], rsaKey: keptRsaKeys() })
  const { news, judge } = await watched(t, world)
  const machine = world.snp()
  assert.equal(await judge(machine, 0), 'proven')
  world.amd.revoke({ product: 'Genoa', part: 'ask' })
  assert.equal(await judge(machine, 1), 'proven', 'what is held is used for its time')
  assert.equal(await judge(machine, 2, true), 'refuted')
  assert.equal(await judge(machine, 3), 'refuted')
  assert.equal(await judge(world.snp({ chip: 'cd'.repeat(64) }), 4), 'refuted')
  assert.equal(news.length, 1)
})

test('other TCB information of Intel is told, also when live leases are judged anew', async (t) => {
  const world = createWorld({ products: [] })
  const { news, judge } = await watched(t, world)
  const machine = world.tdx()
  for (const seconds of [0, 11]) await judge(machine, seconds)
  assert.deepEqual(news, [])
  world.intel.publishTcb({ evaluation: 99 })
  await judge(machine, 12, true)
  assert.equal(news.length, 1)
  assert.match(news[0] ?? '', /^intel [0-9a-f]{12} /)
})

test('SGX and TDX on one platform are no news of each other', async (t) => {
  const world = createWorld({ products: [] })
  const { news, judge } = await watched(t, world)
  const [enclave, guest] = [world.sgx({ product: 'Emerald Rapids' }), world.tdx({ product: 'Emerald Rapids' })] as const
  assert.deepEqual([enclave.fmspc, enclave.ca], [guest.fmspc, guest.ca])
  for (const seconds of [0, 11, 22]) {
    await judge(enclave, seconds)
    await judge(guest, seconds, true)
  }
  assert.equal(news.length, 0, news.join())
  world.intel.publishTcb({ evaluation: 99 })
  await judge(enclave, 40)
  await judge(guest, 40)
  assert.deepEqual(
    news.map((one) => one.split(' ').at(-1)),
    ['sgx', 'tdx'],
  )
})
