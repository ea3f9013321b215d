import { basename, join } from 'node:path'
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
import type { CaseRunner, Comparison, JsonValue } from '../case.ts'
import { CaseFiles } from '../case-files.ts'
import { compareTree, type Found, same } from '../compare.ts'
import { expected, isRecord, listOf, member, textMember, timeOf } from '../json.ts'
import { checksOf, type Ruling, ruling } from '../ruling.ts'
import { type CaseRun, casesOf } from '../run.ts'
import { hex, iso, readable, sha256Hex } from '../values.ts'
import { ocspValues, type ReportRun } from './ocsp.ts'
import { comparisonValues, reportValues, rimValues } from './values.ts'
import { vocabularyOfRim, WORDS, wordsOfRim } from './words.ts'

/** Runs cases of NVIDIA GPUs and NVSwitches: reports, manifests alone, whole nodes. */
export const nvidiaCases: CaseRunner = casesOf({
  tees: ['nvidia-gpu', 'nvidia-switch', 'nvidia'],
  read: (files, content) => {
    switch (textMember(content, 'version')) {
      case 'rim-swidtag':
        return readRim(files, content)
      case 'ppcie-topology':
        return readNode(files, content)
      default:
        return readReport(files, content)
    }
  },
})

/** Parts that a case leaves out were not to be judged: the checks that ask for them are waived. */
const ABSENT: readonly string[] = nvidiaCheckIds('waivable').filter((id) => id.endsWith('.present'))

async function readReport(files: CaseFiles, content: JsonValue): Promise<CaseRun> {
  const at = timeOf(content)
  const evidence = await evidenceIn(files)
  const input = await readInput(files, content)
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
    at,
    evidence,
    files,
    input,
    report: device && readable(() => parseNvidiaReport(device.report)),
    chain: pem && readable(() => parsePemChain(pem, [])),
  }
  return { ruling: ruled, found: foundIn(run), first: await compareJson(run, ruled) }
}

async function evidenceIn(files: CaseFiles): Promise<Uint8Array> {
  return (await files.read('report.bin')) ?? files.need('evidence.json')
}

// Cases call a report that answers another nonce invalid; for us that is an appraisal of genuine evidence.
function freshOnly(ruled: Ruling, nonce: string | undefined): Ruling {
  const check = ruled.found && checksOf(ruled.found).find(({ id }) => id === 'nvidia.expect.freshness')
  if (nonce === undefined || ruled.verdict !== 'valid' || check?.outcome !== 'fail') return ruled
  return { ...ruled, verdict: 'invalid', reasons: ['nonce-mismatch'], decidedBy: check.id, message: check.reason }
}

async function readInput(files: CaseFiles, content: JsonValue): Promise<NvidiaCollateralInput> {
  const ocsp = await answersAt(files, content)
  return {
    ...(await files.readEach(COLLATERAL)),
    ...(ocsp.length === 0 ? {} : { ocsp }),
  }
}

const COLLATERAL = {
  certificateChain: 'cert-chain.pem',
  driverRim: 'driver-rim.xml',
  vbiosRim: 'vbios-rim.xml',
} as const

/** The answers of a case. Where it lists them with times of their own, those of the case's own time: each lives for a day. */
async function answersAt(files: CaseFiles, content: JsonValue): Promise<readonly Uint8Array[]> {
  const listed = expected(content, 'ocsp')
  const at = iso(timeOf(content).getTime())
  const names = Array.isArray(listed)
    ? listOf(listed)
        .filter((one) => (textMember(one, 'thisUpdate') ?? '') <= at && at <= (textMember(one, 'nextUpdate') ?? ''))
        .map((one) => textMember(one, 'file') ?? '')
    : (await files.list('ocsp')).map((name) => `ocsp/${name}`)
  return Promise.all(names.map((name) => files.need(name)))
}

/** Evidence in JSON beside the report must hold the same report and lead to the same verdict. */
async function compareJson({ files, evidence, at, input }: ReportRun, ruled: Ruling): Promise<readonly Comparison[]> {
  const json = await files.read('evidence.json')
  if (json === undefined || (await files.read('report.bin')) === undefined) return []
  const { certificateChain: _chain, ...rest } = input
  const found = await ruling(() => verifyNvidia(json, { at, collateral: rest, waive: ABSENT }), WORDS)
  const report = readable(() => splitNvidiaEvidence(json)[0]?.report)
  return [
    same('evidence.json: verdict', ruled.verdict, found.verdict),
    same('evidence.json: report', sha256Hex(evidence), report && sha256Hex(report)),
  ]
}

/** What was found, by the members of a case's `expect`. */
function foundIn(run: ReportRun): Found {
  const { report, chain, input } = run
  return {
    fields: () => report && reportValues(report, chain),
    expectedNonceHex: report && hex(report.request.nonce),
    rims: async (expected) => {
      const names = isRecord(expected) ? Object.keys(expected) : []
      const found = await Promise.all(names.map(async (file) => [file, await rimSummary(run, file)] as const))
      return Object.fromEntries(found.flatMap(([file, one]) => (one === undefined ? [] : [[file, one]])))
    },
    measurementComparison: () => {
      const rim = (xml: Uint8Array | undefined): NvidiaRim | undefined => xml && readable(() => parseNvidiaRim(xml))
      return report && comparisonValues(report, rim(input.driverRim), rim(input.vbiosRim))
    },
    ocsp: (expected) => ocspValues(run, expected),
    group: (expected) => groupOf(run, expected),
    uuid: (expected) => uuidOf(run, expected),
  }
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
  const version = full.found && checksOf(full.found).find(({ id }) => id === `nvidia.rim.${kind}.version`)
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
async function groupOf({ files, report }: ReportRun, expected: JsonValue): Promise<JsonValue> {
  const nonces = new Set(report === undefined ? [] : [hex(report.request.nonce)])
  for (const name of await files.parent.list()) {
    const other = new CaseFiles(join(files.parent.folder, name))
    const content = await other.readJson('case.json').catch(() => null)
    if (member(member(content, 'expect'), 'group') !== expected) continue
    for (const device of splitNvidiaEvidence(await evidenceIn(other)))
      nonces.add(hex(parseNvidiaReport(device.report).request.nonce))
  }
  return nonces.size === 1 ? expected : [...nonces].sort()
}

/** The driver's name for the device, which no report holds: its kind must fit, and in a complete node its report. */
async function uuidOf({ evidence, report, files }: ReportRun, listed: JsonValue): Promise<JsonValue> {
  const kind = report !== undefined && switchIdentity(report.response.opaque) !== undefined ? 'SWX-' : 'GPU-'
  if (typeof listed !== 'string' || !listed.startsWith(kind)) return kind
  const own = await files.needJson('case.json')
  const node = new CaseFiles(join(files.parent.folder, textMember(member(own, 'expect'), 'group') ?? '.'))
  const device = (await devicesOf(node)).find((one) => textMember(one, 'uuid') === listed)
  if (device === undefined) return listed
  const bytes = await node.need(`${textMember(device, 'file')}.bin`)
  return sha256Hex(bytes) === sha256Hex(evidence) ? listed : 'the report of another device'
}

/** The devices that `node.json` of a node describes; none without one that can be read. */
async function devicesOf(node: CaseFiles): Promise<readonly JsonValue[]> {
  const content = await node.readJson('node.json').catch(() => null)
  return ['gpus', 'switches'].flatMap((name) => listOf(member(content ?? null, name)))
}

async function readRim(files: CaseFiles, content: JsonValue): Promise<CaseRun> {
  const [named = 'rim.xml'] = (await files.list()).filter((file) => file.endsWith('.xml'))
  const xml = await files.need(named)
  const options = { at: timeOf(content), waive: ABSENT.filter((id) => id.startsWith('nvidia.rim.driver')) }
  const judgement = await verifyNvidiaRim('driver', { driverRim: xml }, options)
  const first = checksOf(judgement).find(({ outcome }) => outcome === 'fail')
  const ruled: Ruling = {
    verdict:
      judgement.authenticity === 'proven' ? 'valid' : judgement.authenticity === 'refuted' ? 'invalid' : 'unverifiable',
    reasons: first === undefined ? [] : wordsOfRim(first.id),
    vocabulary: vocabularyOfRim(),
    ...(first === undefined ? {} : { decidedBy: first.id, message: first.reason }),
  }
  const rim = readable(() => parseNvidiaRim(xml))
  return { ruling: ruled, found: { fields: rim && rimValues(rim) } }
}

interface NamedReport {
  readonly file: string
  readonly report: NvidiaReport
}

async function readNode(files: CaseFiles, content: JsonValue): Promise<CaseRun> {
  const names = (await files.list()).filter((file) => file.endsWith('.bin')).map((file) => basename(file, '.bin'))
  const devices = await Promise.all(
    names.map(async (name) => ({
      evidence: await files.need(`${name}.bin`),
      collateral: { certificateChain: await files.need(`${name}.pem`) },
    })),
  )
  const ruled = await ruling(() => verifyNvidiaNode(devices, { at: timeOf(content), waive: ABSENT }), WORDS)
  const reports = names.flatMap((file, i) => {
    const report = readable(() => parseNvidiaReport(devices[i]?.evidence ?? new Uint8Array()))
    return report === undefined ? [] : [{ file, report }]
  })
  return { ruling: ruled, found: { fields: () => nodeValues(reports) }, first: await compareNode(files, reports) }
}

function nodeValues(reports: readonly NamedReport[]): JsonValue {
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
async function compareNode(files: CaseFiles, reports: readonly NamedReport[]): Promise<readonly Comparison[]> {
  return (await devicesOf(files)).flatMap((device) => {
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
