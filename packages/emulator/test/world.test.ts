import assert from 'node:assert/strict'
import { createHook } from 'node:async_hooks'
import { X509Certificate } from 'node:crypto'
import { describe, it, test } from 'node:test'
import { createWorld } from '../src/index.ts'
import { testWorld } from './judging.ts'

describe('a saved world', () => {
  it('has the same keys, chips, releases and revocations', () => {
    const { world, clock } = testWorld()
    world.amd.publishFirmware({ product: 'Genoa' })
    world.amd.revoke({ product: 'Genoa', part: 'asvk' })
    world.intel.publishTcb({ advisories: ['INTEL-SA-01234'], channel: 'early' })
    world.intel.revokePck(world.tdx())
    const again = createWorld({ saved: world.save(), now: () => clock.at })
    assert.deepEqual(again.anchors, world.anchors)
    assert.equal(again.save(), world.save())
    assert.equal(again.snp().chipId, world.snp().chipId)
    assert.deepEqual(again.snp().tcb, world.snp().tcb)
    assert.equal(again.tdx().pckSerial, world.tdx().pckSerial)
    assert.deepEqual(again.intel.evaluationNumbers(), { standard: 17, early: 18 })
    assert.deepEqual(
      Buffer.from(again.sgx().sealingKey({ policy: 'mrenclave' })),
      Buffer.from(world.sgx().sealingKey({ policy: 'mrenclave' })),
    )
  })
  it('is told from anything else, and no refusal repeats what it holds', () => {
    const saved = testWorld().world.save()
    const value: Record<string, unknown> = JSON.parse(saved)
    for (const member of ['schema', 'seed', 'born', 'rsa', 'amd', 'intel', 'expired']) {
      const { [member]: secret, ...rest } = value
      assert.throws(
        () => createWorld({ saved: JSON.stringify(rest) }),
        (error) => error instanceof TypeError && !error.message.includes(JSON.stringify(secret).slice(0, 20)),
      )
    }
    assert.throws(() => createWorld({ saved: saved.slice(1) }), TypeError)
    assert.throws(() => createWorld({ saved: 'null' }), TypeError)
  })
  it('leaves the state it was read from alone', () => {
    const { world } = testWorld()
    const saved = world.save()
    createWorld({ saved }).amd.publishFirmware({ product: 'Genoa' })
    assert.equal(world.save(), saved)
  })
})

describe('a world made ready', () => {
  it('has its RSA keys, makes them once, and keeps them', async () => {
    const world = createWorld({ products: ['Turin'] })
    let made = 0
    const counting = createHook({
      init: (_, type) => {
        if (type === 'KEYPAIRGENREQUEST') made++
      },
    }).enable()
    await Promise.all([world.ready(), world.ready()])
    const saved = world.save()
    await world.ready()
    counting.disable()
    assert.equal(made, 3)
    world.snp({ product: 'Turin' }).collateral()
    assert.equal(world.save(), saved)
    assert.deepEqual(Object.keys(JSON.parse(saved).rsa), ['Turin ark', 'Turin ask', 'Turin asvk'])
    const [host, guest] = [createWorld({ saved }), createWorld({ saved })]
    const issuer = ({ snp }: typeof host): string => {
      const { asvk } = snp({ product: 'Turin', signedBy: 'vlek' }).collateral()
      assert.ok(asvk !== undefined)
      return new X509Certificate(asvk).publicKey.export({ format: 'pem', type: 'spki' }).toString()
    }
    assert.equal(issuer(host), issuer(guest), 'a VLEK of one process leads to the ASVK of the other')
  })
})

describe('two worlds', () => {
  it('share no key', () => {
    const one = createWorld({ products: [] })
    const other = createWorld({ products: [] })
    assert.notEqual(one.anchors[0]?.spkiSha256, other.anchors[0]?.spkiSha256)
  })
})

test('an option that there is none of is named: a fault that is misspelt would make a sound machine', () => {
  const world = createWorld({ products: [] })
  // As JavaScript calls them: no compiler looks.
  const called = (kind: 'snp' | 'tdx' | 'sgx' | 'nitro' | 'cca' | 'tpm', options: object): unknown =>
    world[kind](options)
  for (const kind of ['snp', 'tdx', 'sgx', 'nitro', 'cca', 'tpm'] as const)
    assert.throws(() => called(kind, { debgu: true }), {
      name: 'TypeError',
      message: new RegExp(`^\`debgu\`: ${kind} has no such option; it has .*wrongBinding`),
    })
  const options: object = { product: ['Genoa'] }
  assert.throws(() => createWorld(options), {
    name: 'TypeError',
    message: /^`product`: createWorld has no such option/,
  })
  assert.ok(world.tdx({ debug: true, wrongSignature: true }))
})
