import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CollateralError, type CollateralSource, networkSource } from '@sekisho/collateral'
import { createWorld, kbsEvidence } from '@sekisho/emulator'
import { keptRsaKeys, makeSgx } from '@sekisho/emulator/kit'
import { openVerifier } from '../../src/index.ts'
import type { Received } from '../../src/verifier/model.ts'
import { later, serveWorld, worldVerifier } from '../checkpoint/kit.ts'

const AT = new Date()

test('a revocation found on the endorsements that were kept holds for evidence that brings none, and for evidence that brings its own', async (t) => {
  const world = createWorld({ products: ['Genoa'], rsaKey: keptRsaKeys() })
  const verifier = await worldVerifier(t, world)
  const machine = world.snp()
  const judge = async (received: Received, seconds: number, refresh = false) => {
    const expect = { ...verifier.skeleton(received), allowEmulated: true }
    const { verdict, collateral } = await verifier.verify(received, { expect, at: later(AT, seconds), refresh })
    return { authenticity: verdict.authenticity, collateral }
  }
  const attested = machine.attest(new Uint8Array(48))
  const bare = verifier.recognise(attested.evidence)
  const withChain = verifier.recognise(kbsEvidence('snp', attested))
  assert.deepEqual([bare.companions.length, withChain.companions.length], [0, 3])
  const { authenticity, collateral } = await judge(bare, 0)
  assert.equal(authenticity, 'proven')
  assert.equal((await judge(withChain, 0)).authenticity, 'proven')
  world.amd.revoke({ product: 'Genoa', part: 'ask' })
  assert.equal((await judge(bare, 1)).authenticity, 'proven', 'what is held is used for its time')
  // As leases are looked at: what was kept comes along, as a table.
  const kept = { kind: 'certificate-table', from: 'kept', bytes: collateral.bytes } as const
  assert.equal((await judge({ ...bare, companions: [kept] }, 2, true)).authenticity, 'refuted')
  assert.equal((await judge(bare, 3)).authenticity, 'refuted')
  assert.equal((await judge(withChain, 3)).authenticity, 'refuted')
})

test('a look at leases that finds Intel out of reach takes nothing away from whoever attests next', async (t) => {
  const world = createWorld({ products: [] })
  const url = await serveWorld(t, world)
  const intel = { baseUrl: `${url}/`, kind: 'pcs', rootCrlUrl: `${url}/IntelSGXRootCA.der` } as const
  const there = networkSource({ intel, trustAnchors: world.anchors, now: world.now })
  let isOut = false
  const source: CollateralSource = {
    amd: there.amd,
    pck: there.pck,
    intel: (one) => (isOut ? Promise.reject(new CollateralError('unreachable', 'out of reach')) : there.intel(one)),
  }
  const verifier = openVerifier({ source, trustAnchors: world.anchors })
  const received = verifier.recognise(world.tdx().attest(new Uint8Array(48)).evidence)
  const judge = async (seconds: number, refresh = false) => {
    const expect = { ...verifier.skeleton(received), allowEmulated: true }
    return (await verifier.verify(received, { expect, at: later(AT, seconds), refresh })).verdict.authenticity
  }
  assert.equal(await judge(0), 'proven')
  isOut = true
  assert.notEqual(await judge(1, true), 'proven')
  assert.equal(await judge(2), 'proven')
})

test('a platform that Intel does not know is asked for again after two seconds, and not for every request', async () => {
  let asked = 0
  const unknown = (): Promise<never> => {
    asked++
    return Promise.reject(new CollateralError('not-found', 'no such platform'))
  }
  const verifier = openVerifier({ source: { amd: unknown, pck: unknown, intel: unknown } })
  const received = verifier.recognise(makeSgx({ quote: { certificationType: 3 } }).evidence)
  const judge = async (seconds: number, refresh = false) => {
    const { verdict } = await verifier.verify(received, { expect: {}, at: later(AT, seconds), refresh })
    return [verdict.outcome, asked]
  }
  assert.deepEqual(await judge(0), ['incomplete', 1])
  assert.deepEqual(await judge(1), ['incomplete', 1])
  assert.deepEqual(await judge(1, true), ['incomplete', 2])
  assert.deepEqual(await judge(4), ['incomplete', 3])
})

test('endorsements are held no longer than they are valid: the newer ones are asked for when they end', async (t) => {
  let now = AT
  const world = createWorld({ products: ['Genoa'], rsaKey: keptRsaKeys(), now: () => now })
  const url = await serveWorld(t, world)
  const there = networkSource({
    intel: { baseUrl: `${url}/`, kind: 'pcs', rootCrlUrl: `${url}/IntelSGXRootCA.der` },
    amd: { baseUrl: url },
    trustAnchors: world.anchors,
    now: world.now,
  })
  // As a service does that publishes now and then: the same answer, for as long as it is valid.
  const published = <A, T extends { readonly window: { readonly to: number } }>(ask: (one: A) => Promise<T>) => {
    let last: T | undefined
    return async (one: A): Promise<T> => {
      if (last === undefined || last.window.to < now.getTime()) last = await ask(one)
      end = last.window.to
      return last
    }
  }
  let end = 0
  const source: CollateralSource = { ...there, amd: published(there.amd), intel: published(there.intel) }
  const verifier = openVerifier({ source, trustAnchors: world.anchors })
  for (const machine of [world.snp(), world.tdx()]) {
    now = AT
    const received = verifier.recognise(machine.attest(new Uint8Array(48)).evidence)
    const judge = async () => {
      const expect = { ...verifier.skeleton(received), allowEmulated: true }
      return (await verifier.verify(received, { expect, at: now })).verdict.authenticity
    }
    assert.equal(await judge(), 'proven', machine.tee)
    now = new Date(end - 60_000)
    assert.equal(await judge(), 'proven', machine.tee)
    now = new Date(now.getTime() + 120_000)
    assert.equal(await judge(), 'proven', machine.tee)
  }
})
