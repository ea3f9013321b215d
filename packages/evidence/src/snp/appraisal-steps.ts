import { allZero, toHex } from '../core/bytes.ts'
import {
  compareOneOf,
  debugFinding,
  FRESH_ELSEWHERE,
  freshnessFinding,
  hardwareFinding,
  userDataFinding,
} from '../core/compare.ts'
import { fail, mend, notApplicable, pass, type Step, type StepGroup, unchecked } from '../core/engine.ts'
import type { Finding, Party } from '../core/verdict.ts'
import { hex64 } from './bits.ts'
import { isProvisional } from './claims.ts'
import { firmwareOf, type SnpExpectations } from './expectations.ts'
import { type SnpProduct, type SnpTcb, TCB_PARTS, type TcbPart, tcbText } from './products.ts'
import { fetchLeaf } from './remedies.ts'
import { type FirmwareVersion, VMPL_HOST } from './report.ts'
import { ABI } from './sources.ts'
import type { SnpState } from './state.ts'

type Check = (state: SnpState) => Finding

function step(id: string, check: Check, needs: readonly string[] = []): Step<SnpState> {
  return { id: `snp.${id}`, phase: 'appraisal', source: ABI, needs, check }
}

function waivable(id: string, check: Check): Step<SnpState> {
  return { ...step(`expect.${id}`, check), waivable: true }
}

const NOT_ASKED: Finding = notApplicable('nothing was expected of it')

/** The check of something that is compared only when the caller asks. */
function optional(
  id: string,
  what: string,
  option: keyof SnpExpectations,
  wanted: (expect: SnpExpectations) => readonly string[] | undefined,
  actual: (state: SnpState) => string,
): Step<SnpState> {
  return step(`expect.${id}`, (state) => {
    const accepted = wanted(state.expect)
    return accepted === undefined ? NOT_ASKED : compareOneOf({ what, actual: actual(state), option }, accepted)
  })
}

function migration({ policy, hex, expect }: SnpState): Finding {
  if (!policy.migrateMaAllowed) return pass()
  if (expect.allowMigrationAgent === true)
    return pass('a migration agent may move the guest, and you allowed it with `allowMigrationAgent`')
  return fail(
    `a migration agent may move the guest and read its memory; its report id is ${hex.reportIdMa}`,
    mend('launch the guest with policy bit 18 clear, or trust the agent and pass `allowMigrationAgent`', OWNER),
  )
}

const OWNER = 'workload-owner'
const PLATFORM = 'platform-owner'
const MASKED = fail(
  'the chip id of the report is masked',
  mend('switch MASK_CHIP_ID off, and have a VCEK sign', PLATFORM),
  { actual: '0' },
)

function guestRequested({ report, expect }: SnpState): Finding {
  if (report.vmpl !== VMPL_HOST) return pass()
  if (expect.allowHostRequested === true)
    return pass('the host asked for the report, and you allowed it with `allowHostRequested`')
  return fail(
    'the host asked for the report and chose its report data (VMPL is all ones): it says nothing about what the guest wants',
    mend('ask the guest for a report of its own', OWNER),
  )
}

function vmpl({ report, expect }: SnpState): Finding {
  if (report.vmpl === VMPL_HOST) return notApplicable('the host asked for the report')
  if (expect.vmpl === undefined && report.vmpl === 0)
    return pass('the most privileged level of the guest asked for it', { actual: '0' })
  const what = report.vmpl > 0 ? 'VMPL (code below the most privileged level asked)' : 'VMPL'
  return compareOneOf({ what, actual: String(report.vmpl), option: 'vmpl' }, expect.vmpl?.map(String))
}

function measurement({ hex, expect }: SnpState): Finding {
  if (expect.measurement === undefined && expect.signer !== undefined && expect.minSvn !== undefined)
    return notApplicable('you named the signer and its lowest SVN instead')
  return compareOneOf(
    { what: 'the launch measurement', actual: hex.measurement, option: 'measurement' },
    expect.measurement,
  )
}

function signer({ report, hex, expect, keyInfo }: SnpState): Finding {
  const { signer } = expect
  if (signer === undefined) return NOT_ASKED
  // A guest launched without an ID block has zeros there, which no signer stands behind.
  if (allZero(report.idKeyDigest))
    return fail(
      'the guest was launched without an ID block: nobody signed it',
      mend('launch the guest with an ID block that your ID key signed', OWNER),
      { expected: signer.join(', '), actual: hex.idKeyDigest },
    )
  const isAuthor = keyInfo.authorKeyEn && signer.includes(hex.authorKeyDigest)
  const actual = isAuthor ? hex.authorKeyDigest : hex.idKeyDigest
  return compareOneOf({ what: 'the signer of the guest (ID key, author key)', actual, option: 'signer' }, signer)
}

function svn({ report, expect }: SnpState): Finding {
  const { minSvn } = expect
  if (minSvn === undefined)
    return expect.signer === undefined
      ? NOT_ASKED
      : unchecked(
          'the signer was compared, and not the SVN: an old release of the same signer passes',
          mend('pass `minSvn`'),
        )
  const actual = report.guestSvn
  const details = { expected: `${minSvn}`, actual: `${actual}` }
  if (actual >= minSvn) return pass(undefined, details)
  return fail(
    `GUEST_SVN is ${actual}, and you accept ${minSvn} or higher`,
    mend(`launch a release with GUEST_SVN ${minSvn} or higher`, OWNER),
    details,
  )
}

function minTcb(state: SnpState): Finding {
  const { report, expect, layout, product } = state
  if (product === undefined) return productUnknown(state)
  const { minTcb: least = {}, minReportedTcb } = expect
  const lowReported = levelsBelow(state, product, minReportedTcb, 'minReportedTcb', ['REPORTED_TCB'])
  if (lowReported !== undefined) return lowReported
  if (Object.keys(least).length === 0)
    return unchecked(
      'no lowest TCB was given: a platform with known flaws passes',
      mend(
        `pass \`minTcb\` after AMD's security bulletins; this platform has committed to ${tcbText(report.committedTcb, layout)}`,
      ),
    )
  const low = levelsBelow(state, product, least, 'minTcb', ['COMMITTED_TCB', 'LAUNCH_TCB'])
  if (low !== undefined) return low
  const free = TCB_PARTS.filter((part) => layout.parts[part] !== undefined && least[part] === undefined)
  const reason = free.length === 0 ? 'it is' : `it is, as far as you asked: ${free.join(', ')} may be anything`
  return pass(reason, { expected: levelsText(least), actual: tcbText(report.committedTcb, layout) })
}

const TCB_FIELDS = { COMMITTED_TCB: 'committedTcb', LAUNCH_TCB: 'launchTcb', REPORTED_TCB: 'reportedTcb' } as const

/** Undefined, or every part of every TCB that is too low. */
function levelsBelow(
  { report, layout }: SnpState,
  product: SnpProduct,
  least: SnpTcb | undefined,
  option: string,
  fields: readonly (keyof typeof TCB_FIELDS)[],
): Finding | undefined {
  const low: string[] = []
  const short: { [part in TcbPart]?: number } = {}
  for (const part of TCB_PARTS) {
    const level = least?.[part]
    if (level === undefined) continue
    const at = layout.parts[part]
    if (at === undefined)
      return fail(`${product} has no ${part} level`, mend(`leave ${part} out of \`${option}\` for this product`), {
        actual: part,
      })
    for (const field of fields) {
      const actual = report[TCB_FIELDS[field]][at] as number
      if (actual >= level) continue
      low.push(`${part} of ${field} is ${actual}, and you accept ${level} or higher`)
      short[part] = level
    }
  }
  if (low.length === 0) return undefined
  return fail(
    low.join('; '),
    mend(`update ${levelsText(short, ' to ')} or higher, commit it (SNP_COMMIT), and launch the guest again`, PLATFORM),
    {
      expected: levelsText(short),
      actual: fields.map((field) => `${field} ${tcbText(report[TCB_FIELDS[field]], layout)}`).join('; '),
    },
  )
}

function levelsText(levels: SnpTcb, between = ' '): string {
  return TCB_PARTS.flatMap((part) => (levels[part] === undefined ? [] : [part + between + levels[part]])).join(', ')
}

// How the TCB is laid out would be a guess.
function productUnknown(state: SnpState): Finding {
  return unchecked('reports of version 2 have no CPUID fields: the certificate names the product', fetchLeaf(state))
}

function minFirmware({ report: { committed }, expect: { minFirmware: least } }: SnpState): Finding {
  if (least === undefined) return NOT_ASKED
  const details = { expected: least, actual: firmwareText(committed) }
  if (orderOf(committed) >= orderOf(firmwareOf(least))) return pass(undefined, details)
  return fail(
    `the committed SEV firmware is ${details.actual}, and you accept ${least} or higher`,
    mend(`update the SEV firmware to ${least} or higher and commit it`, PLATFORM),
    details,
  )
}

function firmwareText({ major, minor, build }: FirmwareVersion): string {
  return `${major}.${minor}.${build}`
}

// Major and minor of a report are single bytes; what an expectation may say, at most three digits each.
function orderOf({ major, minor, build }: FirmwareVersion): number {
  return major * 1e6 + minor * 1e3 + build
}

function committedFirmware(state: SnpState): Finding {
  if (state.expect.requireCommittedFirmware !== true) return NOT_ASKED
  const { layout, report } = state
  const { committed, committedTcb, current, currentTcb } = report
  const details = {
    expected: `${firmwareText(committed)}, ${tcbText(committedTcb, layout)}`,
    actual: `${firmwareText(current)}, ${tcbText(currentTcb, layout)}`,
  }
  if (!isProvisional(state)) return pass(undefined, details)
  return fail(
    'the platform runs provisional firmware: its host may still roll back to the committed one',
    mend('commit the firmware (SNP_COMMIT), or ask for no committed one', PLATFORM),
    details,
  )
}

function flags<K extends string>(
  wanted: Readonly<Partial<Record<K, boolean>>> | undefined,
  found: Readonly<Record<K, boolean>>,
  what: string,
  party: Party,
): Finding {
  if (wanted === undefined) return NOT_ASKED
  const asked: string[] = []
  const seen: string[] = []
  const reasons: string[] = []
  const remedies: string[] = []
  for (const name in wanted) {
    const value = wanted[name]
    const actual = found[name]
    if (value === undefined) continue
    asked.push(`${name}: ${value}`)
    seen.push(`${name}: ${actual}`)
    if (value === actual) continue
    reasons.push(`${name} of ${what} is ${actual}`)
    remedies.push(`${party === OWNER ? 'launch the guest' : 'configure the platform'} with ${name} ${value}`)
  }
  const details = { expected: asked.join(', '), actual: seen.join(', ') }
  return reasons.length === 0
    ? pass(undefined, details)
    : fail(reasons.join('; '), mend(remedies.join('; '), party), details)
}

function mitigations({ report, expect: { minMitigationVector } }: SnpState): Finding {
  if (minMitigationVector === undefined) return NOT_ASKED
  // Reports before version 5 have no mitigation vectors, and so no mitigation.
  const wanted = BigInt(`0x${minMitigationVector}`)
  const found = (report.launchMitVector ?? 0n) & (report.currentMitVector ?? 0n)
  const missing = wanted & ~found
  const details = { expected: hex64(wanted), actual: hex64(found) }
  if (missing === 0n) return pass(undefined, details)
  return fail(
    `mitigations ${hex64(missing)} are missing at launch or now, or not reported (version ${report.version})`,
    mend('update the platform firmware, then launch the guest again', PLATFORM),
    details,
  )
}

function provider({ expect: { cspIds, signingKey }, extensions, role }: SnpState): Finding {
  const details = { expected: signingKey ?? 'vlek', actual: role }
  if (cspIds === undefined && (signingKey ?? role) === role)
    return signingKey === undefined ? NOT_ASKED : pass(undefined, details)
  if (role === 'vcek')
    return fail(
      "a chip's own key signed the report, and you asked for a provider's",
      mend(`leave \`${cspIds === undefined ? 'signingKey' : 'cspIds'}\` out, or ask for a VLEK-signed report`),
      details,
    )
  if (signingKey === 'vcek')
    return fail(
      "a provider's key signed the report, and you asked for a chip's own",
      mend('leave `signingKey` out, or ask for a VCEK-signed report'),
      details,
    )
  return compareOneOf({ what: 'the cloud provider', actual: extensions.value?.cspId ?? '', option: 'cspIds' }, cspIds)
}

function chipIdShown({ expect, hex, report }: SnpState): Finding {
  if (expect.requireChipId !== true) return NOT_ASKED
  return allZero(report.chipId) ? MASKED : pass(undefined, { actual: hex.chipId })
}

// Zeros stand in the reports of every chip that is masked, or whose provider signs with a VLEK: no list has them.
function hardwareId({ expect, extensions, report }: SnpState): Finding {
  if (expect.hardwareIds === undefined) return NOT_ASKED
  const id = extensions.value?.hwId ?? report.chipId
  if (allZero(id)) return MASKED
  return compareOneOf(
    { what: 'the chip id', actual: padded(toHex(id)), option: 'hardwareIds' },
    expect.hardwareIds.map(padded),
  )
}

// Hardware ids of eight bytes are padded, as the report has them.
function padded(id: string): string {
  return id.padEnd(128, '0')
}

// A leaf that nobody gave leaves open what it would tell.
const LEAF_READ = ['snp.leaf.extensions-well-formed']

/** What the relying party wants of the guest and its platform. */
export const APPRAISAL_STEPS: StepGroup<SnpState> = {
  id: 'snp.appraisal',
  steps: [
    step('hardware', ({ anchor, expect }) => (anchor === undefined ? NOT_ASKED : hardwareFinding(anchor, expect)), [
      'snp.ark.pinned',
    ]),
    step('debug', ({ policy, expect }) => debugFinding(policy.debugAllowed, 'policy bit 19', expect)),
    step('migration', migration),
    step('guest-requested', guestRequested),
    waivable('vmpl', vmpl),
    waivable('measurement', measurement),
    waivable('signer', signer),
    waivable('svn', svn),
    waivable('report-data', ({ hex, expect }) => userDataFinding(hex.reportData, expect)),
    waivable('freshness', ({ hex, expect, ofBoot }) =>
      ofBoot ? FRESH_ELSEWHERE : freshnessFinding(hex.reportData, expect),
    ),
    waivable('host-data', ({ report, hex, expect }) =>
      compareOneOf(
        { what: 'HOST_DATA', actual: hex.hostData, option: 'hostData' },
        expect.hostData,
        allZero(report.hostData),
      ),
    ),
    { ...waivable('min-tcb', minTcb), needs: ['snp.report.product'] },
    step('expect.min-firmware', minFirmware),
    step('expect.committed-firmware', committedFirmware),
    step('expect.mitigations', mitigations),
    step('expect.policy', ({ policy, expect }) => flags(expect.policy, policy, 'the guest policy', OWNER)),
    step('expect.platform-info', ({ platformInfo, expect }) =>
      flags(expect.platformInfo, platformInfo, 'PLATFORM_INFO', PLATFORM),
    ),
    step('expect.product', productAccepted, ['snp.report.product']),
    step('expect.hardware-id', hardwareId, LEAF_READ),
    step('expect.chip-id', chipIdShown),
    step('expect.provider', provider, LEAF_READ),
    digest('id-key', 'ID_KEY_DIGEST', 'idKeyDigest'),
    digest('author-key', 'AUTHOR_KEY_DIGEST', 'authorKeyDigest'),
    digest('family-id', 'FAMILY_ID', 'familyId'),
    digest('image-id', 'IMAGE_ID', 'imageId'),
  ],
}

function productAccepted(state: SnpState): Finding {
  const { products } = state.expect
  const actual = state.product
  if (products === undefined) return NOT_ASKED
  return actual === undefined
    ? productUnknown(state)
    : compareOneOf({ what: 'the product', actual, option: 'products' }, products)
}

/** Fields that are bytes in the report and lists of hex in the expectations, under one name. */
function digest(
  id: string,
  what: string,
  option: 'idKeyDigest' | 'authorKeyDigest' | 'familyId' | 'imageId',
): Step<SnpState> {
  return optional(
    id,
    what,
    option,
    (expect) => expect[option],
    ({ hex }) => hex[option],
  )
}
