import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import {
  chainSources,
  describeAmd,
  describeIntel,
  type EndorsementBundle,
  type IntelCollateralInput,
  readBundle,
  writeBundle,
} from '@sekisho/collateral'
import { createWorld, kbsEvidence } from '@sekisho/emulator'
import { keptRsaKeys } from '@sekisho/emulator/kit'
import { canonicalJson } from '@sekisho/evidence'
import { type Broker, openVerifier, type Verifier } from '../../src/index.ts'
import {
  attested,
  brokerOver,
  furnish,
  later,
  type Machine,
  newDatabase,
  referenceOf,
  sharedWorld,
  teeKeys,
  worldVerifier,
} from '../checkpoint/kit.ts'

const AT = new Date()
const DAY = 86_400

async function brokerWith(t: TestContext, verifier: Verifier, machine: Machine, at: Date = AT): Promise<Broker> {
  const broker = await brokerOver(await newDatabase(t), verifier)
  await furnish(broker, 'default', at)
  await broker.admin.putReference('default', referenceOf(verifier, machine, 'mine'), { actor: 'tester', at })
  return broker
}

async function codeOf(broker: Broker, machine: Machine, at: Date = AT): Promise<string | undefined> {
  const { outcome } = await attested(broker, machine, { namespace: 'default', at, keys: teeKeys() })
  if (outcome.refusal !== undefined) {
    const receipt = await broker.receipt('default', outcome.refusal.id ?? '')
    assert.equal(receipt?.entry.reason, outcome.refusal.code, 'a refusal is in the log with its reason')
  }
  return outcome.refusal?.code
}

/** What a platform’s world would serve now, as a bundle in a file. */
function bundleOf(collateral: IntelCollateralInput): EndorsementBundle {
  return readBundle(writeBundle({ items: [{ kind: 'intel', collateral: describeIntel(collateral) }] }))
}

test('endorsements whose time is over are refused as expired, not taken as good enough', async (t) => {
  const world = createWorld({ products: [] })
  const machine = world.tdx()
  const bundle = bundleOf(machine.collateral() as IntelCollateralInput)
  const verifier = openVerifier({ bundles: [bundle], trustAnchors: world.anchors })
  const broker = await brokerWith(t, verifier, machine)
  assert.equal(await codeOf(broker, machine), undefined)
  assert.equal(await codeOf(broker, machine, later(AT, 60 * DAY)), 'collateral-expired')
})

test('downgraded endorsements: an older, lower bar is not taken once its time is over, and the newer one rejects', async (t) => {
  let now = AT
  const world = createWorld({ products: [], now: () => now })
  const machine = world.tdx()
  const old = bundleOf(machine.collateral() as IntelCollateralInput)
  now = later(AT, 40 * DAY)
  world.intel.publishTcb({ status: 'OutOfDate', advisories: ['INTEL-SA-1'] })
  const fresh = bundleOf(machine.collateral() as IntelCollateralInput)
  const both = await brokerWith(t, openVerifier({ bundles: [old, fresh], trustAnchors: world.anchors }), machine, now)
  assert.equal(await codeOf(both, machine, now), 'tcb-unacceptable')
  const alone = await brokerWith(t, openVerifier({ bundles: [old], trustAnchors: world.anchors }), machine, now)
  assert.equal(await codeOf(alone, machine, now), 'collateral-expired')
})

test('without endorsements nothing is released, and the reason says so', async (t) => {
  for (const machine of [sharedWorld().tdx(), sharedWorld().sgx(), sharedWorld().snp()]) {
    const broker = await brokerWith(t, openVerifier({ trustAnchors: sharedWorld().anchors }), machine)
    assert.equal(await codeOf(broker, machine), 'collateral-missing')
  }
})

test('where no source is asked, what is to be fetched by hand is told', async (t) => {
  const machine = sharedWorld().snp()
  const verifier = openVerifier({ source: chainSources(), trustAnchors: sharedWorld().anchors })
  const broker = await brokerWith(t, verifier, machine)
  const bare = (data: Uint8Array) => ({ ...machine.attest(data), certificateTable: new Uint8Array(24) })
  const { outcome } = await attested(
    broker,
    { ...machine, attest: bare },
    { namespace: 'default', at: AT, keys: teeKeys() },
  )
  const told = await broker.why('default', outcome.refusal?.id ?? '')
  const actions = (told?.remedies ?? []).map(({ action }) => action)
  assert.ok(
    actions.some((action) => /^fetch .*\/vcek\/v1\/Genoa\//.test(action)),
    actions.join('\n'),
  )
  assert.ok(!actions.some((action) => action.includes("the checkpoint's source")), actions.join('\n'))
})

test('a chip that hides itself, and whose certificate nobody brings, is an answer and no fault of ours', async (t) => {
  const hidden = sharedWorld().snp({ maskedId: true })
  const attest = (data: Uint8Array) => ({ ...hidden.attest(data), certificateTable: new Uint8Array(24) })
  const machine = { ...hidden, attest }
  const broker = await brokerWith(t, await worldVerifier(t, sharedWorld()), machine)
  assert.equal(await codeOf(broker, machine), 'collateral-missing')
})

test('a chip that hides itself and brings its certificate passes: the rest is fetched, or taken from a bundle', async (t) => {
  const machine = sharedWorld().snp({ maskedId: true })
  const { anchors: trustAnchors } = sharedWorld()
  const online = await worldVerifier(t, sharedWorld())
  assert.equal(await codeOf(await brokerWith(t, online, machine), machine), undefined)
  const { ask, ark, crl, vcek } = sharedWorld().snp({ chip: 'another' }).collateral()
  assert.ok(ask !== undefined && vcek !== undefined)
  const collateral = describeAmd({ leaf: vcek, intermediate: ask, root: ark, crl })
  const offline = openVerifier({ bundles: [{ items: [{ kind: 'amd', collateral }], unknown: [] }], trustAnchors })
  assert.equal(await codeOf(await brokerWith(t, offline, machine), machine), undefined)
})

test('a chip that hides itself is refused with the certificate of another', async (t) => {
  const hidden = sharedWorld().snp({ maskedId: true })
  const { certificateTable } = sharedWorld().snp({ chip: 'another' }).attest(new Uint8Array(48))
  const machine = { ...hidden, attest: (data: Uint8Array) => ({ ...hidden.attest(data), certificateTable }) }
  const broker = await brokerWith(t, await worldVerifier(t, sharedWorld()), machine)
  assert.equal(await codeOf(broker, machine), 'evidence-rejected')
})

test('what the source has not got, or why it fails, is told to the owner, also to whoever comes again at once', async (t) => {
  const world = createWorld({ products: ['Genoa'], rsaKey: keptRsaKeys() })
  const [snp, tdx] = [world.snp(), world.tdx()]
  const byIds = world.sgx({ certification: 'encrypted-ppid' })
  const verifier = await worldVerifier(t, world)
  world.amd.revoke({ chip: snp.chipId })
  world.intel.throttle(1000, 3600)
  for (const [machine, reason] of [
    [snp, /^endorsements could not be had: HTTP 404 from 127\.0\.0\.1:\d+: it has no such collateral$/],
    [tdx, /^endorsements could not be had: .*127\.0\.0\.1:\d+.* asked to wait 3[56]\d\d s/],
    [byIds, /^endorsements could not be had: .*127\.0\.0\.1:\d+.* asked to wait 3[56]\d\d s/],
  ] as const) {
    const broker = await brokerWith(t, verifier, machine)
    for (let i = 0; i < 2; i++) {
      const { outcome } = await attested(broker, machine, { namespace: 'default', at: AT, keys: teeKeys() })
      assert.equal(outcome.refusal?.code, 'collateral-missing')
      const told = await broker.why('default', outcome.refusal.id ?? '')
      assert.match(told?.reasons[0] ?? '', reason)
      const [first, ...others] = (told?.remedies ?? []).map(({ action }) => action)
      assert.match(first ?? '', /^have the checkpoint's source of endorsements give them \((HTTP|.*asked to wait)/)
      assert.ok(!others.some((action) => action.startsWith('fetch ')), others.join('\n'))
    }
  }
})

test('of a chip that AMD does not know its issuer is asked for all the same: a revoked one is no unknown one', async (t) => {
  const world = createWorld({ products: ['Genoa'], rsaKey: keptRsaKeys() })
  const known = world.snp()
  const broker = await brokerWith(t, await worldVerifier(t, world), known)
  const bare = (data: Uint8Array) => ({ ...known.attest(data), certificateTable: new Uint8Array(24) })
  const machine = { ...known, attest: bare }
  world.amd.revoke({ chip: known.chipId })
  assert.equal(await codeOf(broker, machine), 'collateral-missing')
  const asked = attested(broker, machine, { namespace: 'default', at: AT, keys: teeKeys() })
  const told = await broker.why('default', (await asked).outcome.refusal?.id ?? '')
  assert.match(told?.reasons.join('\n') ?? '', /could not be had: HTTP 404.*snp\.leaf\.present/s)
  assert.ok(!/snp\.(crl|ark|intermediate)/.test(told?.reasons.join('\n') ?? ''), 'all but the leaf is there')
  assert.equal(await codeOf(broker, known), 'collateral-missing', 'also with the certificate of its own')
  world.amd.revoke({ product: 'Genoa', part: 'ask' })
  assert.equal(await codeOf(broker, machine, later(AT, 5)), 'certificate-revoked')
  world.amd.renew({ product: 'Genoa', part: 'ask' })
  world.amd.renew({ chip: known.chipId })
  assert.equal(await codeOf(broker, machine, later(AT, 10)), undefined)
})

test('a service that fails is told of, and does not become a yes', async (t) => {
  const troubles: string[] = []
  const world = createWorld({ products: [] })
  const verifier = await worldVerifier(t, world, { onTrouble: (what) => troubles.push(what) })
  const machine = world.sgx()
  const broker = await brokerWith(t, verifier, machine)
  world.intel.expire('tcb-info')
  assert.equal(await codeOf(broker, machine), 'collateral-missing')
  assert.equal(troubles.length, 1)
})

test('a revoked platform certificate is refused as revoked', async (t) => {
  const world = createWorld({ products: [] })
  const machine = world.tdx()
  world.intel.revokePck(machine)
  const broker = await brokerWith(t, await worldVerifier(t, world), machine)
  assert.equal(await codeOf(broker, machine), 'certificate-revoked')
})

test('what was kept judges again to the same verdict, byte for byte, long after', async (t) => {
  const verifier = await worldVerifier(t, sharedWorld())
  const machines: readonly Machine[] = [
    sharedWorld().snp(),
    sharedWorld().snp({ signedBy: 'vlek' }),
    sharedWorld().tdx(),
    sharedWorld().sgx(),
    sharedWorld().tdx({ certification: 'encrypted-ppid' }),
  ]
  for (const machine of machines) {
    const digest = Buffer.alloc(48, 9)
    const received = verifier.recognise(kbsEvidence(machine.tee, machine.attest(digest)))
    const expect = { ...verifier.skeleton(received), ...verifier.binding(received, digest), allowEmulated: true }
    const first = await verifier.verify(received, { expect, at: AT })
    assert.equal(first.verdict.outcome, 'verified')
    const alone = openVerifier({ trustAnchors: sharedWorld().anchors })
    const bare = { ...received, companions: [] }
    const again = await alone.verify(bare, { expect, at: AT, kept: first.collateral.bytes })
    assert.equal(canonicalJson(again.verdict), canonicalJson(first.verdict), machine.tee)
    assert.equal(again.collateral.sha256, first.collateral.sha256)
  }
})

test('endorsements are held for a while, asked for again when told to, and never for a forecast', async (t) => {
  const world = createWorld({ products: [] })
  const machine = world.sgx()
  const verifier = await worldVerifier(t, world, { holdSeconds: 60 })
  const received = verifier.recognise(kbsEvidence('sgx', machine.attest(new Uint8Array(48))))
  const expect = {
    ...verifier.skeleton(received),
    ...verifier.binding(received, new Uint8Array(48)),
    allowEmulated: true,
  }
  const status = async (o: object, at: Date = AT): Promise<string | undefined> =>
    (await verifier.verify(received, { expect, at, ...o })).verdict.claims.tcb.status
  assert.equal(await status({}), 'UpToDate')
  world.intel.publishTcb({ status: 'OutOfDate', channel: 'early' })
  assert.equal(await status({ update: 'early' }), 'OutOfDate')
  assert.equal(await status({}), 'UpToDate', 'a forecast is not remembered')
  world.intel.promote(world.intel.evaluationNumbers().early)
  assert.equal(await status({}), 'UpToDate', 'held')
  assert.equal(await status({}, later(AT, 61)), 'OutOfDate', 'and asked for again')
})

test('roots that are no vendor’s must say so', () => {
  const [anchor] = sharedWorld().anchors
  assert.ok(anchor)
  assert.throws(() => openVerifier({ trustAnchors: [{ ...anchor, emulated: false }] }), TypeError)
  assert.equal(openVerifier({}).emulated, false)
  assert.equal(openVerifier({ trustAnchors: [anchor] }).emulated, true)
})
