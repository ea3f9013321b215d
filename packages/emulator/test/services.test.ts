import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { memoryCache, type NetworkSource } from '@sekisho/collateral'
import type { Verdict } from '@sekisho/evidence'
import { verifySgx } from '@sekisho/evidence/sgx'
import { verifySnp } from '@sekisho/evidence/snp'
import { verifyTdx } from '@sekisho/evidence/tdx'
import type { SgxPlatform, SnpPlatform, TdxPlatform, World } from '../src/index.ts'
import { assertVerified, failed, REPORT_DATA, REPORT_DATA_HEX, testWorld } from './judging.ts'
import { serve } from './socket.ts'

const COMMON = { reportData: REPORT_DATA_HEX, reportDataIsFresh: true } as const

/** What one kind of evidence needs for the whole way over a socket. */
interface Door<P> {
  start(world: World): P
  collateral(source: NetworkSource, platform: P): Promise<unknown>
  verify(world: World, source: NetworkSource, platform: P, trusting: boolean): Promise<Verdict>
}

function tcbOf({ tcb }: SnpPlatform): { bootloader: number; tee: number; snp: number; microcode: number } {
  return { bootloader: tcb.bootLoader, tee: tcb.tee, snp: tcb.snp, microcode: tcb.microcode }
}

const SNP: Door<SnpPlatform> = {
  start: (world) => world.snp(),
  collateral: (source, platform) =>
    source.amd({ product: platform.product, chipId: platform.chipId, tcb: tcbOf(platform), vlek: false }),
  verify: async (world, source, platform, trusting) => {
    const request = { product: platform.product, chipId: platform.chipId, tcb: tcbOf(platform), vlek: false }
    const { leaf, intermediate, root, crl } = await source.amd(request)
    return verifySnp(platform.attest(REPORT_DATA).evidence, {
      at: world.now(),
      ...(trusting ? { trustAnchors: world.anchors } : {}),
      collateral: { ...(leaf === undefined ? {} : { vcek: leaf }), ask: intermediate, ark: root, crl },
      expect: { ...COMMON, measurement: [platform.measurement], minTcb: tcbOf(platform), allowEmulated: trusting },
    })
  },
}

const TDX: Door<TdxPlatform> = {
  start: (world) => world.tdx(),
  collateral: (source, { fmspc, ca }) => source.intel({ tee: 'tdx', fmspc, ca }),
  verify: async (world, source, platform, trusting) => {
    const { collateral } = await source.intel({ tee: 'tdx', fmspc: platform.fmspc, ca: platform.ca })
    const [rtmr0, rtmr1, rtmr2, rtmr3] = platform.rtmrs
    const registers = { rtmr0: [rtmr0], rtmr1: [rtmr1], rtmr2: [rtmr2], rtmr3: [rtmr3] }
    return verifyTdx(platform.attest(REPORT_DATA).evidence, {
      at: world.now(),
      ...(trusting ? { trustAnchors: world.anchors } : {}),
      collateral,
      expect: { ...COMMON, measurement: [platform.measurement], ...registers, allowEmulated: trusting },
    })
  },
}

const SGX: Door<SgxPlatform> = {
  start: (world) => world.sgx({ ca: 'processor' }),
  collateral: (source, { fmspc, ca }) => source.intel({ tee: 'sgx', fmspc, ca }),
  verify: async (world, source, platform, trusting) => {
    const { collateral } = await source.intel({ tee: 'sgx', fmspc: platform.fmspc, ca: platform.ca })
    return verifySgx(platform.attest(REPORT_DATA).evidence, {
      at: world.now(),
      ...(trusting ? { trustAnchors: world.anchors } : {}),
      collateral,
      expect: { ...COMMON, measurement: [platform.measurement], allowEmulated: trusting },
    })
  },
}

function story<P>(name: string, door: Door<P>, files: number): void {
  describe(`${name} over a socket`, () => {
    it('is verified with the anchors of the world, and rejected without', async (t) => {
      const { world } = testWorld()
      const services = await serve(t, world)
      const platform = door.start(world)
      assertVerified(await door.verify(world, services.source(), platform, true))
      const strict = await door.verify(world, services.source(), platform, false)
      assert.equal(strict.outcome, 'rejected')
      assert.equal(services.asked.length, 2 * files)
    })
    it('its collateral is cached, and asked for again when it has aged', async (t) => {
      const { world, clock } = testWorld()
      const services = await serve(t, world)
      const source = services.source({ cache: memoryCache() })
      const platform = door.start(world)
      const first = await door.collateral(source, platform)
      assert.deepEqual(await door.collateral(source, platform), first)
      assert.equal(services.asked.length, files)
      clock.at = new Date(clock.at.getTime() + 3 * 86_400_000)
      assertVerified(await door.verify(world, source, platform, true))
      assert.ok(services.asked.length > files)
    })
    it('a throttled service is asked again after the wait that it wants, or not at all', async (t) => {
      const { world } = testWorld()
      const services = await serve(t, world)
      const waits: number[] = []
      const sleep = (ms: number): Promise<void> => {
        waits.push(ms)
        return Promise.resolve()
      }
      throttle(world, 1, 7)
      await door.collateral(services.source({ sleep }), door.start(world))
      assert.ok(waits.includes(7000), `waited ${waits.join(', ')}`)
      throttle(world, 100, 3600)
      await assert.rejects(door.collateral(services.source(), door.start(world)), { code: 'throttled' })
      throttle(world, 0, 0)
      await door.collateral(services.source(), door.start(world))
    })
  })
}

function throttle({ amd, intel }: World, requests: number, seconds: number): void {
  amd.throttle(requests, seconds)
  intel.throttle(requests, seconds)
}

story('SNP', SNP, 3)
story('TDX', TDX, 4)
story('SGX', SGX, 4)

describe('what authorities do is seen over the socket', () => {
  it('SNP: a revoked ASK is rejected, a revoked chip has no certificate', async (t) => {
    const { world } = testWorld()
    const source = (await serve(t, world)).source()
    const platform = world.snp()
    world.amd.revoke({ product: 'Genoa', part: 'ask' })
    assert.deepEqual(failed(await SNP.verify(world, source, platform, true)), ['snp.crl.not-revoked'])
    world.amd.revoke({ chip: platform.chipId })
    await assert.rejects(SNP.collateral(source, platform), { code: 'not-found' })
  })
  it('TDX: a revoked PCK, a new level, an early level', async (t) => {
    const { world } = testWorld()
    const source = (await serve(t, world)).source()
    const [platform, other] = [world.tdx(), world.tdx({ chip: 'machine-2' })]
    world.intel.revokePck(platform)
    assert.deepEqual(failed(await TDX.verify(world, source, platform, true)), ['tdx.pck.revocation'])
    world.intel.publishTcb({ advisories: ['INTEL-SA-00837'], channel: 'early' })
    assertVerified(await TDX.verify(world, source, other, true))
    const early = await source.intel({ tee: 'tdx', fmspc: other.fmspc, ca: other.ca, update: 'early' })
    assert.deepEqual(early.tcbEvaluationDataNumber, { tcbInfo: 18, qeIdentity: 18 })
    assert.deepEqual(
      (await source.evaluationNumbers('tdx')).map((one) => one.tcbEvaluationDataNumber),
      [18, 17],
    )
    world.intel.promote(18)
    const verdict = await TDX.verify(world, source, other, true)
    assert.deepEqual(failed(verdict), ['tdx.tcb.status'])
    const exact = await source.intel({ tee: 'tdx', fmspc: other.fmspc, ca: other.ca, tcbEvaluationDataNumber: 17 })
    assert.equal(exact.tcbEvaluationDataNumber.tcbInfo, 17)
  })
  it('collateral that has run out is refused and never kept', async (t) => {
    const { world } = testWorld()
    const source = (await serve(t, world)).source({ cache: memoryCache() })
    world.intel.expire('tcb-info')
    await assert.rejects(TDX.collateral(source, world.tdx()))
    world.intel.renew('tcb-info')
    assertVerified(await TDX.verify(world, source, world.tdx(), true))
    world.amd.expire({ product: 'Genoa', part: 'crl' })
    await assert.rejects(SNP.collateral(source, world.snp()))
  })
  it('a PCK certificate by its encrypted PPID', { timeout: 60_000 }, async (t) => {
    const { world } = testWorld()
    const services = await serve(t, world)
    const platform = world.sgx({ certification: 'encrypted-ppid' })
    const { evidence } = platform.attest(REPORT_DATA)
    const data = Buffer.from(evidence)
    // Certification data of type 3 end the quote: 384 bytes of PPID, CPUSVN, PCESVN, PCE id.
    const at = data.length - 404
    const request = {
      encryptedPpid: data.toString('hex', at, at + 384),
      cpuSvn: data.toString('hex', at + 384, at + 400),
      pceSvn: data.readUInt16LE(at + 400),
      pceId: data.toString('hex', at + 402, at + 404),
    }
    const { chain, fmspc, ca } = await services.source().pck(request)
    assert.deepEqual([fmspc, ca], [platform.fmspc, platform.ca])
    assert.equal(chain.match(/BEGIN CERTIFICATE/g)?.length, 3)
    const stranger = { ...request, encryptedPpid: 'ab'.repeat(384) }
    await assert.rejects(services.source().pck(stranger), { code: 'not-found' })
    const withoutKey = services.source({
      intel: { baseUrl: services.url, kind: 'pcs', rootCrlUrl: `${services.url}/IntelSGXRootCA.der` },
    })
    await assert.rejects(withoutKey.pck(request), { code: 'refused' })
  })
})

describe('statuses and headers', () => {
  const ask = (world: World, url: string, method = 'GET'): { status: number; headers: Record<string, string> } =>
    world.handle({ method, url })
  const { world } = testWorld()
  const chip = world.snp().chipId
  const spl = 'blSPL=10&teeSPL=0&snpSPL=24&ucodeSPL=84'
  const intel = '/sgx/certification/v4'
  const cases: readonly (readonly [string, number])[] = [
    [`/vcek/v1/Genoa/${chip}?${spl}`, 200],
    [`/vcek/v1/Genoa/${chip.toUpperCase()}?${spl}`, 200],
    [`/vcek/v1/Genoa/${'ab'.repeat(64)}?${spl}`, 404],
    [`/vcek/v1/Genoa/${chip.slice(2)}?${spl}`, 404],
    [`/vcek/v1/Milan/${chip}?${spl}`, 404],
    [`/vcek/v1/Genoa/${chip}`, 400],
    [`/vcek/v1/Genoa/${chip}?${spl}&fmcSPL=1`, 400],
    [`/vcek/v1/Genoa/${chip}?${spl}&blSPL=1`, 400],
    [`/vcek/v1/Genoa/${chip}?${spl.replace('84', '256')}`, 400],
    [`/vlek/v1/Genoa/${chip}?${spl}`, 404],
    ['/vcek/v1/Genoa/crl', 200],
    ['/vcek/v2/Genoa/crl', 404],
    ['/vcek/v1/Rome/crl', 404],
    ['/vcek/v1/Genoa', 404],
    [`${intel}/tcb?fmspc=00806F050000`, 200],
    [`${intel}/tcb?fmspc=00806f050000&update=early`, 200],
    [`${intel}/tcb?fmspc=00806f050000&update=late`, 400],
    [`${intel}/tcb?fmspc=00806f050000&update=early&tcbEvaluationDataNumber=17`, 400],
    [`${intel}/tcb?fmspc=00806f050000&tcbEvaluationDataNumber=16`, 410],
    [`${intel}/tcb?fmspc=00806f050000&tcbEvaluationDataNumber=99`, 404],
    [`${intel}/tcb?fmspc=ffffffffffff`, 404],
    [`${intel}/tcb`, 400],
    [`${intel}/qe/identity`, 200],
    [`${intel}/pckcrl?ca=platform&encoding=der`, 200],
    [`${intel}/pckcrl?ca=processor`, 200],
    [`${intel}/pckcrl?ca=root`, 400],
    [`${intel}/pckcrl?ca=platform&encoding=hex`, 400],
    [`${intel}/pckcert`, 401],
    [`${intel}/fmspcs`, 200],
    [`${intel}/rootcacrl`, 200],
    [`${intel}/constructor`, 404],
    ['/tdx/certification/v4/tcb?fmspc=00806f050000', 200],
    ['/IntelSGXRootCA.der', 200],
    ['/', 404],
    ['/__proto__', 404],
    ['http://anywhere.example/vcek/v1/Genoa/crl', 200],
    ['http://[', 400],
  ]
  for (const [url, status] of cases) {
    it(`${url.slice(0, 80)} is ${status}`, () => {
      assert.equal(ask(world, url).status, status)
      assert.equal(ask(world, url, 'POST').status, status === 400 && url === 'http://[' ? 400 : 405)
    })
  }
  it('issuer chains are URL-encoded PEM, and every answer of the certification service has a request id', () => {
    const { headers } = ask(world, `${intel}/tcb?fmspc=00806f050000`)
    assert.match(decodeURIComponent(headers['TCB-Info-Issuer-Chain'] ?? ''), /^-----BEGIN CERTIFICATE-----\n/)
    assert.match(headers['request-id'] ?? '', /^[0-9a-f]{32}$/)
    assert.equal(ask(world, `${intel}/tcb`).headers['error-code'], 'InvalidParameter')
  })
})
