import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { EvidenceError } from '@sekisho/evidence'
import {
  linkedGpus,
  linkedSwitches,
  type NvidiaCollateralInput,
  type NvidiaReport,
  type NvidiaRim,
  nvidiaCheckIds,
  parseNvidiaReport,
  parseNvidiaRim,
  parsePemChain,
  splitNvidiaEvidence,
  switchIdentity,
  verifyNvidia,
  verifyNvidiaNode,
  verifyNvidiaRim,
} from '@sekisho/evidence/nvidia'
import type { CaseResult, CaseRunner, Comparison, JsonValue } from './case.ts'
import { conclude, expectedMembers, type Ruling, ruling } from './judged.ts'
import { ocspValues } from './nvidia-ocsp.ts'
import type { ReportRun } from './nvidia-run.ts'
import { comparisonValues, hex, iso, reportValues, rimValues } from './nvidia-values.ts'
import { vocabularyOfRim, WORDS, wordsOfRim } from './nvidia-words.ts'
import { CaseFiles, isRecord, member, sha256Hex, textMember } from './snp-files.ts'
import { compareTree } from './snp-tree.ts'

/** Runs cases of NVIDIA GPUs and NVSwitches: reports, manifests alone, whole nodes. */
export const nvidiaCases: CaseRunner = {
  tees: ['nvidia-gpu', 'nvidia-switch', 'nvidia'],
  run: (folder, name, content) => {
    switch (textMember(content, 'version')) {
      case 'rim-swidtag':
        return runRim(folder, name, content)
      case 'ppcie-topology':
        return runNode(folder, name, content)
      default:
        return runReport(folder, name, content)
    }
  },
}

/** Parts that a case leaves out were not to be judged: the checks that ask for them are waived. */
const ABSENT: readonly string[] = nvidiaCheckIds('waivable').filter((id) => id.endsWith('.present'))

function timeOf(content: JsonValue): Date {
  return new Date(textMember(content, 'evaluateAt') ?? Number.NaN)
}

type Observer<R> = (run: R, expected: JsonValue) => JsonValue | undefined | Promise<JsonValue | undefined>

async function observed<R>(
  name: string,
  content: JsonValue,
  ruled: Ruling,
  run: R,
  observers: Readonly<Record<string, Observer<R>>>,
  extra: readonly Comparison[] = [],
): Promise<CaseResult> {
  const comparisons: Comparison[] = [...extra]
  const unimplemented: string[] = []
  for (const [key, expected] of expectedMembers(content)) {
    const observe = observers[key]
    if (observe === undefined) unimplemented.push(`expect.${key}`)
    else comparisons.push(...compareTree(key, expected, await observe(run, expected)))
  }
  return conclude(name, content, ruled, comparisons, unimplemented)
}

function readable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof EvidenceError) return undefined
    throw error
  }
}

async function runReport(folder: string, name: string, content: JsonValue): Promise<CaseResult> {
  const files = new CaseFiles(folder)
  const at = timeOf(content)
  const evidence = (await files.read('report.bin')) ?? (await files.need('evidence.json'))
  const input = await readInput(files, folder, content)
  const nonce = textMember(member(content, 'expect'), 'expectedNonceHex')
  const options = { at, collateral: input, waive: ABSENT, ...(nonce === undefined ? {} : { expect: { nonce } }) }
  const devices = readable(() => splitNvidiaEvidence(evidence)) ?? []
  // A list in JSON may hold the devices of a machine: then all must pass, and the values are those of the first.
  const verify = () =>
    devices.length > 1 ? verifyNvidiaNode([{ evidence }], options) : verifyNvidia(evidence, options)
  const ruled = freshOnly(await ruling(verify, WORDS), nonce)
  const [device] = devices
  const pem = input.certificateChain ?? device?.certificateChain
  const run: ReportRun = {
    folder,
    at,
    evidence,
    files,
    input,
    report: device && readable(() => parseNvidiaReport(device.report)),
    chain: pem && readable(() => parsePemChain(pem, [])),
  }
  return observed(name, content, ruled, run, REPORT, await compareJson(run, ruled))
}

// Cases call a report that answers another nonce invalid; for us that is an appraisal of genuine evidence.
function freshOnly(ruled: Ruling, nonce: string | undefined): Ruling {
  const check = ruled.found?.checks.flatMap((group) => group.checks).find(({ id }) => id === 'nvidia.expect.freshness')
  if (nonce === undefined || ruled.verdict !== 'valid' || check?.outcome !== 'fail') return ruled
  return { ...ruled, verdict: 'invalid', reasons: ['nonce-mismatch'], decidedBy: check.id, message: check.reason }
}

async function readInput(files: CaseFiles, folder: string, content: JsonValue): Promise<NvidiaCollateralInput> {
  const certificateChain = await files.read('cert-chain.pem')
  const driverRim = await files.read('driver-rim.xml')
  const vbiosRim = await files.read('vbios-rim.xml')
  const ocsp = await answersAt(folder, content)
  return {
    ...(certificateChain === undefined ? {} : { certificateChain }),
    ...(driverRim === undefined ? {} : { driverRim }),
    ...(vbiosRim === undefined ? {} : { vbiosRim }),
    ...(ocsp.length === 0 ? {} : { ocsp }),
  }
}

/** The answers of a case. Where it lists them with times of their own, those of the case's own time: each lives for a day. */
async function answersAt(folder: string, content: JsonValue): Promise<readonly Uint8Array[]> {
  const listed = member(member(content, 'expect'), 'ocsp')
  const at = iso(timeOf(content).getTime())
  if (Array.isArray(listed)) {
    const now = (listed as readonly JsonValue[]).filter(
      (one) => (textMember(one, 'thisUpdate') ?? '') <= at && at <= (textMember(one, 'nextUpdate') ?? ''),
    )
    return Promise.all(now.map((one) => readFile(join(folder, textMember(one, 'file') ?? ''))))
  }
  const names = await readdir(join(folder, 'ocsp')).catch(() => [])
  return Promise.all(names.sort().map((name) => readFile(join(folder, 'ocsp', name))))
}

/** Evidence in JSON beside the report must hold the same report and lead to the same verdict. */
async function compareJson({ files, evidence, at, input }: ReportRun, ruled: Ruling): Promise<readonly Comparison[]> {
  const json = await files.read('evidence.json')
  if (json === undefined || (await files.read('report.bin')) === undefined) return []
  const { certificateChain: _chain, ...rest } = input
  const found = await ruling(() => verifyNvidia(json, { at, collateral: rest, waive: ABSENT }), WORDS)
  const report = readable(() => splitNvidiaEvidence(json)[0]?.report)
  return [
    equal('evidence.json: verdict', ruled.verdict, found.verdict),
    equal('evidence.json: report', sha256Hex(evidence), report === undefined ? undefined : sha256Hex(report)),
  ]
}

function equal(path: string, expected: string, actual: string | undefined): Comparison {
  return { path, expected, actual, equal: expected === actual }
}

const REPORT: Readonly<Record<string, Observer<ReportRun>>> = {
  fields: ({ report, chain }) => report && reportValues(report, chain),
  expectedNonceHex: ({ report }) => report && hex(report.request.nonce),
  rims: async (run, expected) => {
    const names = isRecord(expected) ? Object.keys(expected) : []
    const found = await Promise.all(names.map(async (file) => [file, await rimSummary(run, file)] as const))
    return Object.fromEntries(found.flatMap(([file, one]) => (one === undefined ? [] : [[file, one]])))
  },
  measurementComparison: ({ report, input }) => {
    const rim = (xml: Uint8Array | undefined): NvidiaRim | undefined => xml && readable(() => parseNvidiaRim(xml))
    return report && comparisonValues(report, rim(input.driverRim), rim(input.vbiosRim))
  },
  ocsp: (run, expected) => ocspValues(run, expected),
  group: groupOf,
  uuid: uuidOf,
}

async function rimSummary({ files, at, report, input }: ReportRun, file: string): Promise<JsonValue | undefined> {
  const xml = await files.need(file)
  const rim = readable(() => parseNvidiaRim(xml))
  if (rim === undefined || report === undefined) return undefined
  const kind = file.startsWith('driver') ? 'driver' : 'vbios'
  const { authenticity } = await verifyNvidiaRim(
    kind,
    { [`${kind}Rim`]: xml },
    { at, waive: ABSENT.filter((id) => id.startsWith(`nvidia.rim.${kind}`)) },
  )
  const signer = rim.chain.certificates[0]
  const full = await ruling(() => verifyNvidia(reportBytes(report), { at, collateral: input, waive: ABSENT }), WORDS)
  const version = full.found?.checks
    .flatMap((group) => group.checks)
    .find(({ id }) => id === `nvidia.rim.${kind}.version`)
  return {
    colloquialVersion: rim.colloquialVersion,
    tagId: rim.tagId,
    product: rim.product,
    activeMeasurements: rim.measurements.filter(({ active }) => active).length,
    xmlSignatureAndChainOk: authenticity === 'proven',
    signerNotBefore: signer === undefined ? null : iso(signer.notBefore),
    signerNotAfter: signer === undefined ? null : iso(signer.notAfter),
    versionMatchesReport: version?.outcome === 'pass',
  }
}

function reportBytes({ signed, response }: NvidiaReport): Uint8Array {
  return Buffer.concat([signed, response.signature])
}

/** The group's name when all reports of the group answer the same nonce. */
async function groupOf({ folder, report }: ReportRun, expected: JsonValue): Promise<JsonValue> {
  const nonces = new Set(report === undefined ? [] : [hex(report.request.nonce)])
  for (const name of await readdir(dirname(folder))) {
    const other = join(dirname(folder), name)
    const content: JsonValue = JSON.parse(await readFile(join(other, 'case.json'), 'utf8').catch(() => 'null'))
    if (member(member(content, 'expect'), 'group') !== expected) continue
    const files = new CaseFiles(other)
    const evidence = (await files.read('report.bin')) ?? (await files.need('evidence.json'))
    for (const device of splitNvidiaEvidence(evidence)) nonces.add(hex(parseNvidiaReport(device.report).request.nonce))
  }
  return nonces.size === 1 ? expected : [...nonces].sort()
}

/** The driver's name for the device, which no report holds: its kind must fit, and in a complete node its report. */
async function uuidOf({ folder, evidence, report, files }: ReportRun, expected: JsonValue): Promise<JsonValue> {
  const kind = report !== undefined && switchIdentity(report.response.opaque) !== undefined ? 'SWX-' : 'GPU-'
  if (typeof expected !== 'string' || !expected.startsWith(kind)) return kind
  const own: JsonValue = JSON.parse(new TextDecoder().decode(await files.need('case.json')))
  const node = join(dirname(folder), textMember(member(own, 'expect'), 'group') ?? '.')
  const content: JsonValue = JSON.parse(await readFile(join(node, 'node.json'), 'utf8').catch(() => 'null'))
  const device = devicesOf(content).find((one) => textMember(one, 'uuid') === expected)
  if (device === undefined) return expected
  const bytes = await readFile(join(node, `${textMember(device, 'file')}.bin`))
  return sha256Hex(bytes) === sha256Hex(evidence) ? expected : 'the report of another device'
}

function devicesOf(content: JsonValue): readonly JsonValue[] {
  return ['gpus', 'switches'].flatMap((name) => {
    const list = member(content, name)
    return Array.isArray(list) ? (list as readonly JsonValue[]) : []
  })
}

async function runRim(folder: string, name: string, content: JsonValue): Promise<CaseResult> {
  const files = new CaseFiles(folder)
  const [named = 'rim.xml'] = (await files.list('.')).filter((file) => file.endsWith('.xml'))
  const xml = await files.need(named)
  const options = { at: timeOf(content), waive: ABSENT.filter((id) => id.startsWith('nvidia.rim.driver')) }
  const judgement = await verifyNvidiaRim('driver', { driverRim: xml }, options)
  const first = judgement.checks.flatMap((group) => group.checks).find(({ outcome }) => outcome === 'fail')
  const ruled: Ruling = {
    verdict:
      judgement.authenticity === 'proven' ? 'valid' : judgement.authenticity === 'refuted' ? 'invalid' : 'unverifiable',
    reasons: first === undefined ? [] : wordsOfRim(first.id),
    vocabulary: vocabularyOfRim(),
    ...(first === undefined ? {} : { decidedBy: first.id, message: first.reason }),
  }
  const rim = readable(() => parseNvidiaRim(xml))
  return observed(name, content, ruled, rim, { fields: (one) => one && rimValues(one) })
}

interface NodeRun {
  readonly reports: readonly { readonly file: string; readonly report: NvidiaReport }[]
}

async function runNode(folder: string, name: string, content: JsonValue): Promise<CaseResult> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.bin')).sort()
  const devices = await Promise.all(
    files.map(async (file) => ({
      evidence: await readFile(join(folder, file)),
      collateral: { certificateChain: await readFile(join(folder, `${basename(file, '.bin')}.pem`)) },
    })),
  )
  const ruled = await ruling(() => verifyNvidiaNode(devices, { at: timeOf(content), waive: ABSENT }), WORDS)
  const reports = files.flatMap((file, i) => {
    const report = readable(() => parseNvidiaReport(devices[i]?.evidence ?? new Uint8Array()))
    return report === undefined ? [] : [{ file: basename(file, '.bin'), report }]
  })
  return observed(name, content, ruled, { reports }, { fields: nodeValues }, await compareNode(folder, reports))
}

function nodeValues({ reports }: NodeRun): JsonValue {
  const gpus = reports.filter(({ report }) => switchIdentity(report.response.opaque) === undefined)
  const switches = reports.filter((one) => !gpus.includes(one))
  const common = (lists: readonly (readonly string[])[]): JsonValue =>
    new Set(lists.map((list) => list.join())).size === 1 ? [...(lists[0] ?? [])] : 'they differ'
  return {
    gpuCount: gpus.length,
    switchCount: switches.length,
    switchPdisSeenByEveryGpu: common(gpus.map(({ report }) => linkedSwitches(report.response.opaque))),
    gpuPdisSeenByEverySwitch: common(switches.map(({ report }) => linkedGpus(report.response.opaque))),
  }
}

/** The devices that `node.json` describes, beside what their reports say. */
async function compareNode(folder: string, reports: NodeRun['reports']): Promise<readonly Comparison[]> {
  const content: JsonValue = JSON.parse(await readFile(join(folder, 'node.json'), 'utf8').catch(() => 'null'))
  return devicesOf(content).flatMap((device) => {
    const file = textMember(device, 'file') ?? '?'
    const opaque = reports.find((one) => one.file === file)?.report.response.opaque ?? []
    const reversed = switchIdentity(opaque)
    const actual = {
      file,
      // No report holds it: a label of the driver.
      uuid: member(device, 'uuid') ?? null,
      ...(reversed === undefined
        ? { switchPdis: linkedSwitches(opaque) }
        : {
            pdi: Buffer.from(reversed, 'hex').reverse().toString('hex'),
            pdiReversed: reversed,
            gpuPdis: linkedGpus(opaque),
          }),
    }
    return compareTree(`node.json: ${file}`, device, actual)
  })
}
