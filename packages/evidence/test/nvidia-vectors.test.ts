import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { canonicalJson } from '../src/core/canonical.ts'
import { EvidenceError } from '../src/core/errors.ts'
import { createMemory } from '../src/core/memory.ts'
import type { Verdict } from '../src/core/verdict.ts'
import {
  encodeNvidiaReport,
  type NvidiaClaims,
  type NvidiaCollateralInput,
  type NvidiaNodeDevice,
  nvidiaCheckIds,
  nvidiaFields,
  nvidiaNodeCheckIds,
  parseNvidiaReport,
  prepareNvidiaCollateral,
  splitNvidiaEvidence,
  verifyNvidiaNodeSync,
  verifyNvidiaSync,
} from '../src/nvidia/index.ts'
import { nvidiaStory } from '../src/nvidia/verify.ts'
import { recognise } from '../src/recognise/index.ts'
import { checkOf } from './nvidia-kit.ts'
import { KnownChecks } from './proof/known-checks.ts'
import { casesOf, missing, VECTORS, type VectorCase } from './vectors.ts'

const skip = missing('nvidia-gpu')
const ALL = casesOf('nvidia-gpu').filter(({ name }) => !name.startsWith('rim-') && name !== 'ppcie-node-a')
const VALID = ALL.filter(({ verdict }) => verdict === 'valid')
const WAIVE = nvidiaCheckIds('waivable').filter((id) => id.endsWith('.present'))

function optional(one: VectorCase, name: string): Uint8Array | undefined {
  return readdirSync(join(VECTORS, 'nvidia-gpu', one.name)).includes(name) ? one.file(name) : undefined
}

function collateralOf(one: VectorCase): NvidiaCollateralInput {
  const driverRim = optional(one, 'driver-rim.xml')
  const vbiosRim = optional(one, 'vbios-rim.xml')
  return {
    certificateChain: one.file('cert-chain.pem'),
    ...(driverRim === undefined ? {} : { driverRim }),
    ...(vbiosRim === undefined ? {} : { vbiosRim }),
  }
}

function named(name: string): VectorCase {
  return ALL.find((one) => one.name === name) as VectorCase
}

function judged(
  one: VectorCase,
  report = one.file('report.bin'),
  collateral: Parameters<typeof verifyNvidiaSync>[1]['collateral'] = collateralOf(one),
): Verdict<NvidiaClaims> {
  return verifyNvidiaSync(report, { at: one.at, collateral, waive: WAIVE })
}

/**
 * Judges one device's report or its collateral, damaged or not, as {@link judged} does; signature checks that no damage
 * reaches are made once.
 */
function judgeOften(
  one: VectorCase,
): (report?: Uint8Array, collateral?: NvidiaCollateralInput) => Verdict<NvidiaClaims> {
  const known = new KnownChecks()
  const bytes = one.file('report.bin')
  const options = { at: one.at, collateral: prepareNvidiaCollateral(collateralOf(one)), waive: WAIVE }
  known.learn(nvidiaStory(bytes, options))
  return (report = bytes, collateral) =>
    known.tell(nvidiaStory(report, collateral === undefined ? options : { ...options, collateral }))
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = new Uint8Array(bytes)
  copy[at] = (copy[at] as number) ^ (1 << (at % 8))
  return copy
}

/** Proven by nobody: refused when read, or not proven. */
function assertNotProven(verify: () => Verdict, what: string): void {
  try {
    assert.notEqual(verify().authenticity, 'proven', what)
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
  }
}

describe('NVIDIA vectors', { skip }, () => {
  it('written again, each report has the same bytes, and its fields stand where they say', () => {
    for (const one of ALL) {
      const bytes = one.file('report.bin')
      const report = parseNvidiaReport(bytes)
      assert.deepEqual(encodeNvidiaReport(report), bytes, one.name)
      const fields = nvidiaFields(report)
      assert.equal(new Set(fields.map(({ path }) => path)).size, fields.length)
      for (const { offset = 0, length = 0, value } of fields)
        if (typeof value === 'string')
          assert.equal(Buffer.from(bytes.subarray(offset, offset + length)).toString('hex'), value)
    }
  })

  it('a bit flipped in any byte of a report is noticed', () => {
    for (const one of [named('hopper-550-full'), named('switch-ls10')]) {
      const bytes = one.file('report.bin')
      const again = judgeOften(one)
      assert.equal(again(bytes).authenticity, 'proven')
      for (let at = 0; at < bytes.length; at++) {
        const changed = flipped(bytes, at)
        assertNotProven(() => again(changed), `${one.name} byte ${at}`)
        if (at % 101 === 0) assertNotProven(() => judged(one, changed), `${one.name} byte ${at}, afresh`)
      }
    }
  })

  it('a bit flipped in a report, manifest or chain of every accepted vector is noticed', () => {
    for (const one of VALID) {
      const again = judgeOften(one)
      const bytes = one.file('report.bin')
      for (let at = 1; at < bytes.length; at += 47)
        assertNotProven(() => again(flipped(bytes, at)), `${one.name} byte ${at}`)
    }
    const full = named('hopper-550-full')
    const again = judgeOften(full)
    for (const part of ['driverRim', 'vbiosRim', 'certificateChain'] as const) {
      const whole = collateralOf(full)
      const bytes = whole[part] as Uint8Array
      const start = part === 'certificateChain' ? 28 : 0
      for (let at = start; at < bytes.length; at += 101) {
        const changed = flipped(bytes, at)
        // White space between tags of the signature, and the line ends of PEM, mean nothing.
        const harmless =
          /^\s$/.test(String.fromCharCode(changed[at] as number)) &&
          /^\s$/.test(String.fromCharCode(bytes[at] as number))
        if (!harmless) assertNotProven(() => again(undefined, { ...whole, [part]: changed }), `${part} byte ${at}`)
      }
    }
  })

  it('every truncation is refused, and so is anything but zeros behind the signature', () => {
    for (const one of [named('hopper-550-full'), named('switch-ls10'), named('blackwell-575')]) {
      const bytes = one.file('report.bin')
      for (let length = 0; length < bytes.length; length++)
        assert.throws(() => parseNvidiaReport(bytes.subarray(0, length)), EvidenceError)
      const padded = new Uint8Array(bytes.length + 3)
      padded.set(bytes)
      assert.equal(judged(one, padded).authenticity, 'proven')
      padded[bytes.length + 1] = 1
      assert.throws(() => parseNvidiaReport(padded), { code: 'trailing-bytes' })
    }
  })

  it('parts of one device do not serve another', () => {
    for (const one of VALID) {
      const again = judgeOften(one)
      for (const other of VALID) {
        if (other === one) continue
        const chain = other.file('cert-chain.pem')
        if (Buffer.from(chain).equals(one.file('cert-chain.pem'))) continue
        assertNotProven(
          () => again(undefined, { ...collateralOf(one), certificateChain: chain }),
          `${one.name} with the chain of ${other.name}`,
        )
      }
    }
    const full = named('hopper-550-full')
    const { driverRim, vbiosRim } = collateralOf(full)
    const swapped = judged(full, undefined, {
      ...collateralOf(full),
      driverRim: vbiosRim as Uint8Array,
      vbiosRim: driverRim as Uint8Array,
    })
    assert.equal(checkOf(swapped, 'nvidia.rim.driver.version').outcome, 'fail')
  })

  it('20,000 damaged inputs are refused in words, and quickly', () => {
    const bytes = named('hopper-550-full').file('report.bin')
    const rim = named('hopper-550-full').file('driver-rim.xml')
    let seed = 1
    const next = (below: number): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
      return seed % below
    }
    for (let round = 0; round < 20_000; round++) {
      const changed = new Uint8Array(bytes)
      for (let i = 0; i <= next(4); i++) changed[next(bytes.length)] = next(256)
      const input = round % 3 === 0 ? changed.subarray(0, next(bytes.length)) : changed
      try {
        parseNvidiaReport(input)
      } catch (error) {
        assert.ok(error instanceof EvidenceError)
      }
    }
    for (let round = 0; round < 300; round++) {
      const changed = new Uint8Array(rim)
      for (let i = 0; i <= next(3); i++) changed[next(rim.length)] = next(256)
      const { driverRim } = prepareNvidiaCollateral({ driverRim: changed })
      assert.ok(driverRim.value !== undefined || driverRim.error instanceof EvidenceError)
    }
  })

  it('a memory and prepared collateral change nothing', () => {
    const memory = createMemory()
    for (const one of ALL) {
      const raw = canonicalJson(judged(one))
      const options = { at: one.at, collateral: collateralOf(one), waive: WAIVE, memory }
      for (let i = 0; i < 3; i++)
        assert.equal(canonicalJson(verifyNvidiaSync(one.file('report.bin'), options)), raw, one.name)
      assert.equal(canonicalJson(judged(one, undefined, prepareNvidiaCollateral(collateralOf(one)))), raw, one.name)
    }
  })

  it('through WebCrypto the verdicts have the same bytes', () => {
    const script = new URL('./nvidia-door.js', import.meta.url).pathname
    const answer = execFileSync(process.execPath, ['--conditions=browser', script], {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    })
    const found: Readonly<Record<string, string>> = JSON.parse(answer)
    assert.equal(found['synchronous'], 'false')
    for (const one of ALL) assert.equal(found[one.name], canonicalJson(judged(one)), one.name)
  })

  it('evidence in JSON gives the same report, whatever else it says', () => {
    const one = named('hopper-570-evidence-json')
    const json = one.file('evidence.json')
    const [device] = splitNvidiaEvidence(json)
    assert.deepEqual(device?.report, one.file('report.bin'))
    assert.equal(verifyNvidiaSync(json, { at: one.at, waive: WAIVE }).authenticity, 'proven')
    const list: readonly object[] = JSON.parse(new TextDecoder().decode(json))
    // What `nvattest collect-evidence` prints.
    const printed = { evidences: [...list, ...list], result_code: 0, result_message: 'Ok' }
    const bytes = new TextEncoder().encode(JSON.stringify(printed, null, 2))
    assert.equal(splitNvidiaEvidence(bytes).length, 2)
    assert.equal(recognise(bytes).tee, 'nvidia-gpu')
    const two = new TextEncoder().encode(JSON.stringify({ evidence_list: [...list, ...list] }))
    assert.throws(() => verifyNvidiaSync(two, { at: one.at }), { code: 'unsupported-kind' })
    for (const bad of [
      '[]',
      '[1]',
      '[{"evidence":"?"}]',
      '[{"evidence":1}]',
      '{',
      '[{}]',
      JSON.stringify(Array.from({ length: 40 }, () => list[0])),
    ])
      assert.throws(() => splitNvidiaEvidence(new TextEncoder().encode(bad)), EvidenceError, bad)
  })
})

describe('NVIDIA nodes', { skip }, () => {
  const folder = casesOf('nvidia-gpu').find(({ name }) => name === 'ppcie-node-a') as VectorCase
  const names =
    skip === false
      ? ['gpu0', 'gpu1', 'gpu2', 'gpu3', 'gpu4', 'gpu5', 'gpu6', 'gpu7', 'switch0', 'switch1', 'switch2', 'switch3']
      : []
  const devices: readonly NvidiaNodeDevice[] = names.map((name) => ({
    evidence: folder.file(`${name}.bin`),
    collateral: { certificateChain: folder.file(`${name}.pem`) },
  }))
  const node = (some: readonly NvidiaNodeDevice[]): Verdict<NvidiaClaims> =>
    verifyNvidiaNodeSync(some, { at: folder.at, waive: WAIVE })
  const fails = (verdict: Verdict, id: string): void =>
    assert.equal(checkOf(verdict, `nvidia.node.${id}`).outcome, 'fail')

  it('eight GPUs and four switches are one node, with a part each', () => {
    const verdict = node(devices)
    assert.equal(verdict.authenticity, 'proven')
    assert.deepEqual(
      verdict.parts?.map(({ name }) => name).sort(),
      [...names.map((name) => name.replace(/(\d)$/, '-$1'))].sort(),
    )
    assert.deepEqual(
      verdict.checks.flatMap((group) => group.checks.map(({ id }) => id)),
      [...nvidiaNodeCheckIds()],
    )
    canonicalJson(verdict)
  })
  it('a missing switch, a missing GPU, a device twice, a stranger', () => {
    fails(node(devices.slice(0, 11)), 'present')
    fails(node(devices.slice(1)), 'present')
    fails(node(devices.slice(0, 8)), 'present')
    fails(node([...devices, devices[0] as NvidiaNodeDevice]), 'distinct')
    const stranger = named('hopper-590-ppcie-flag')
    const foreign = {
      evidence: stranger.file('report.bin'),
      collateral: { certificateChain: stranger.file('cert-chain.pem') },
    }
    const verdict = node([...devices.slice(1), foreign])
    for (const id of ['nonce', 'switches', 'present']) fails(verdict, id)
    fails(node(devices.slice(8)), 'mode')
  })
  it('the whole is never better than its worst part', () => {
    const damaged = [
      { ...(devices[0] as NvidiaNodeDevice), evidence: flipped((devices[0] as NvidiaNodeDevice).evidence, 60) },
      ...devices.slice(1),
    ]
    const verdict = node(damaged)
    fails(verdict, 'genuine')
    fails(verdict, 'accepted')
    assert.equal(verdict.outcome, 'rejected')
    assert.equal(node(devices).outcome, 'incomplete')
    assert.equal(verifyNvidiaNodeSync(devices, { at: folder.at }).authenticity, 'unproven')
  })
  it('several GPUs without switches need one nonce and one mode', () => {
    const pair = [named('blackwell-590-mpt-0'), named('blackwell-590-mpt-1')].map((one) => ({
      evidence: one.file('report.bin'),
      collateral: { certificateChain: one.file('cert-chain.pem') },
    }))
    assert.equal(node(pair).authenticity, 'proven')
    const mixed = named('hopper-580-trailing-zero')
    const verdict = node([
      ...pair,
      { evidence: mixed.file('report.bin'), collateral: { certificateChain: mixed.file('cert-chain.pem') } },
    ])
    fails(verdict, 'nonce')
    fails(verdict, 'mode')
  })
  it('no devices, and too many, are a mistake of the caller', () => {
    assert.throws(() => node([]), TypeError)
    assert.throws(() => node(Array.from({ length: 65 }, () => devices[0] as NvidiaNodeDevice)), TypeError)
  })
})

const TOKEN = join(VECTORS, 'tokens', 'nvidia-nras-gpu-2025', 'detached-eat.json')

describe("NVIDIA's own service", { skip: skip || (existsSync(TOKEN) ? false : `needs ${TOKEN}`) }, () => {
  it('says the same of the same report', () => {
    const [, parts]: readonly [unknown, Readonly<Record<string, string>>] = JSON.parse(readFileSync(TOKEN, 'utf8'))
    const payload = Buffer.from(parts['GPU-0']?.split('.')[1] ?? '', 'base64url').toString('utf8')
    const theirs: Readonly<Record<string, unknown>> = JSON.parse(payload)
    const verdict = judged(named('hopper-550-full'))
    const { ueid, hardwareModel, driverVersion, vbiosVersion, userData, debug, goldenValues } = verdict.claims
    const ours = {
      ueid,
      hwmodel: hardwareModel,
      'x-nvidia-gpu-driver-version': driverVersion,
      'x-nvidia-gpu-vbios-version': vbiosVersion,
      eat_nonce: userData,
      dbgstat: debug ? 'enabled' : 'disabled',
      measres: goldenValues.mismatched.length === 0 ? 'success' : 'fail',
      'x-nvidia-gpu-vbios-index-no-conflict': checkOf(verdict, 'nvidia.measurements.conflicts').outcome === 'pass',
      'x-nvidia-gpu-attestation-report-cert-chain-fwid-match':
        checkOf(verdict, 'nvidia.report.fwid').outcome === 'pass',
      'x-nvidia-gpu-driver-rim-version-match': checkOf(verdict, 'nvidia.rim.driver.version').outcome === 'pass',
      'x-nvidia-gpu-driver-rim-signature-verified': checkOf(verdict, 'nvidia.rim.driver.signature').outcome === 'pass',
    }
    for (const [name, value] of Object.entries(ours)) assert.deepEqual(value, theirs[name], name)
  })
})

describe('soundness 50', { skip }, () => {
  it('soundness 50: index i of a manifest is block i + 1: one block further nothing matches', () => {
    const one = named('hopper-550-full')
    const { goldenValues } = judged(one).claims
    assert.deepEqual(goldenValues, { active: 33, mismatched: [] })
  })
  it('soundness 50: a switch writes its own id in reverse', () => {
    const claims = judged(named('switch-ls10-ppcie-0')).claims
    assert.equal(claims.linkId, 'd69777e63899978f')
    assert.ok(judged(named('hopper-570-ppcie-gpu0')).claims.links.includes('d69777e63899978f'))
  })
  it('soundness 50: trailing zeros are padding, and the signature is not the last 96 bytes', () => {
    const verdict = judged(named('hopper-580-trailing-zero'))
    assert.equal(verdict.authenticity, 'proven')
    assert.ok(verdict.notes.some(({ id }) => id === 'nvidia.padding'))
  })
  it('soundness 50: the chain of another device is refused', () => {
    const verdict = judged(named('switch-ls10-foreign-chain'))
    assert.equal(checkOf(verdict, 'nvidia.report.signature').outcome, 'fail')
    assert.equal(verdict.outcome, 'rejected')
  })
})
