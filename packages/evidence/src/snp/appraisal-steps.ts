import { allZero, toHex } from '../core/bytes.ts'
import { compareOneOf, debugFinding, freshnessFinding, hardwareFinding, userDataFinding } from '../core/compare.ts'
import { fail, notApplicable, pass, type Step, type StepGroup, unchecked } from '../core/engine.ts'
import type { Finding } from '../core/verdict.ts'
import { bitOf, flagsOf, hex64, PLATFORM_BITS, POLICY_BITS } from './bits.ts'
import { firmwareOf } from './expectations.ts'
import { TCB_PARTS } from './products.ts'
import { type FirmwareVersion, VMPL_HOST } from './report.ts'
import type { SnpState } from './state.ts'

const REPORT = 'AMD 56860, ATTESTATION_REPORT'
const POLICY = 'AMD 56860, guest policy'

function step(id: string, title: string, check: (state: SnpState) => Finding, source: string = REPORT): Step<SnpState> {
  return { id: `snp.${id}`, title, phase: 'appraisal', source, check }
}

function waivable(one: Step<SnpState>): Step<SnpState> {
  return { ...one, waivable: true }
}

function migration({ report, expect }: SnpState): Finding {
  if (!bitOf(report.policy, POLICY_BITS.migrateMaAllowed)) return pass('no migration agent may move the guest')
  if (expect.allowMigrationAgent === true)
    return pass('a migration agent may move the guest, and you allowed it with `allowMigrationAgent`')
  const bound = report.reportIdMa.every((byte) => byte === 0xff)
    ? 'none is bound yet'
    : `bound is ${toHex(report.reportIdMa)}`
  return fail(`a migration agent may move the guest and read its memory (${bound})`, {
    action: 'launch the guest with policy bit 18 clear, or trust the agent and pass `allowMigrationAgent`',
    by: 'workload-owner',
  })
}

function guestRequested({ report, expect }: SnpState): Finding {
  if (report.vmpl !== VMPL_HOST) return pass('the guest asked for the report and chose its report data')
  if (expect.allowHostRequested === true)
    return pass('the host asked for the report, and you allowed it with `allowHostRequested`')
  return fail(
    'the host asked for the report and chose its report data (VMPL is all ones): it says nothing about what the guest wants',
    {
      action: 'ask the guest for a report of its own',
      by: 'workload-owner',
    },
  )
}

function vmpl({ report, expect }: SnpState): Finding {
  if (report.vmpl === VMPL_HOST) return notApplicable('the host asked for the report')
  const actual = String(report.vmpl)
  if (expect.vmpl === undefined && report.vmpl === 0)
    return pass('the most privileged level inside the guest asked for it', { expected: '0', actual })
  return compareOneOf(
    {
      what: `VMPL (${report.vmpl > 0 ? 'code below the most privileged level asked' : 'the most privileged level asked'})`,
      actual,
      option: 'vmpl',
    },
    expect.vmpl?.map(String),
  )
}

function measurement({ hex, expect }: SnpState): Finding {
  if (expect.measurement === undefined && expect.signer !== undefined && expect.minSvn !== undefined) {
    return notApplicable('you named the signer and its lowest SVN instead')
  }
  return compareOneOf(
    { what: 'the launch measurement', actual: hex.measurement, option: 'measurement' },
    expect.measurement,
  )
}

function signer({ report, hex, expect, keyInfo }: SnpState): Finding {
  if (expect.signer === undefined) return notApplicable('no signer was expected')
  const { idKeyDigest: id, authorKeyDigest: author } = hex
  const isAuthor = keyInfo.authorKeyEn && expect.signer.includes(author)
  // A guest launched without an ID block has zeros there, which no signer stands behind.
  if (allZero(report.idKeyDigest)) {
    return fail(
      'the guest was launched without an ID block: nobody signed it',
      {
        action: 'launch the guest with an ID block that your ID key signed',
        by: 'workload-owner',
      },
      { expected: expect.signer.join(', '), actual: id },
    )
  }
  return compareOneOf(
    { what: 'the signer of the guest (ID key, author key)', actual: isAuthor ? author : id, option: 'signer' },
    expect.signer,
  )
}

function svn({ report, expect }: SnpState): Finding {
  const { minSvn } = expect
  if (minSvn === undefined) {
    if (expect.signer === undefined) return notApplicable('no signer was expected')
    return unchecked('the signer was compared, and not the SVN: an old release of the same signer passes', {
      action: 'pass `minSvn`',
      by: 'relying-party',
    })
  }
  const details = { expected: `at least ${minSvn}`, actual: String(report.guestSvn) }
  if (report.guestSvn >= minSvn) return pass('GUEST_SVN is high enough', details)
  return fail(
    `GUEST_SVN is ${report.guestSvn}, and you accept ${minSvn} or higher`,
    { action: `launch a release with SVN ${minSvn} or higher`, by: 'workload-owner' },
    details,
  )
}

function optional(what: string, option: 'idKeyDigest' | 'authorKeyDigest' | 'familyId' | 'imageId') {
  return ({ report, expect }: SnpState): Finding => {
    const accepted = expect[option]
    if (accepted === undefined) return notApplicable(`nothing was expected of ${what}`)
    return compareOneOf({ what, actual: toHex(report[option]), option }, accepted)
  }
}

function minTcb({ report, expect, layout, product }: SnpState): Finding {
  const { minTcb: least } = expect
  if (least === undefined || TCB_PARTS.every((part) => least[part] === undefined)) {
    return unchecked('no lowest TCB was given: a platform with known flaws passes', {
      action: `pass \`minTcb\` after AMD's security bulletins; this platform has committed to ${tcbText(report.committedTcb, layout.parts)}`,
      by: 'relying-party',
    })
  }
  for (const part of TCB_PARTS) {
    const level = least[part]
    const at = layout.parts[part]
    if (level === undefined) continue
    if (at === undefined)
      return fail(`${product ?? 'the product'} has no ${part} level`, {
        action: `leave ${part} out of \`minTcb\` for this product`,
        by: 'relying-party',
      })
    for (const [name, tcb] of [
      ['COMMITTED_TCB', report.committedTcb],
      ['LAUNCH_TCB', report.launchTcb],
    ] as const) {
      const found = tcb[at] as number
      if (found >= level) continue
      const action =
        name === 'LAUNCH_TCB'
          ? 'launch the guest again after the update'
          : `update ${part} to ${level} or higher and commit it (SNP_COMMIT)`
      return fail(
        `${part} of ${name} is ${found}, and you accept ${level} or higher`,
        { action, by: 'platform-owner' },
        { expected: `${part} ${level}`, actual: `${part} ${found}` },
      )
    }
  }
  return pass('committed and launch TCB are at least what you ask for', {
    actual: tcbText(report.committedTcb, layout.parts),
  })
}

function tcbText(tcb: Uint8Array, parts: SnpState['layout']['parts']): string {
  return TCB_PARTS.flatMap((part) => (parts[part] === undefined ? [] : [`${part} ${tcb[parts[part]]}`])).join(', ')
}

function minFirmware({ report, expect }: SnpState): Finding {
  if (expect.minFirmware === undefined) return notApplicable('no lowest firmware version was given')
  const actual = versionText(report.committed)
  const details = { expected: `${expect.minFirmware} or later`, actual }
  if (!isBelow(report.committed, firmwareOf(expect.minFirmware)))
    return pass('the committed firmware is late enough', details)
  return fail(
    `the committed SEV firmware is ${actual}, and you accept ${expect.minFirmware} or later`,
    {
      action: `update the SEV firmware to ${expect.minFirmware} or later and commit it`,
      by: 'platform-owner',
    },
    details,
  )
}

function versionText({ major, minor, build }: FirmwareVersion): string {
  return `${major}.${minor}.${build}`
}

function isBelow(a: FirmwareVersion, b: FirmwareVersion): boolean {
  return a.major !== b.major ? a.major < b.major : a.minor !== b.minor ? a.minor < b.minor : a.build < b.build
}

function flags<K extends string>(
  wanted: Readonly<Partial<Record<K, boolean>>> | undefined,
  found: Readonly<Record<K, boolean>>,
  what: string,
  by: 'workload-owner' | 'platform-owner',
): Finding {
  if (wanted === undefined) return notApplicable(`nothing was expected of ${what}`)
  for (const name in found) {
    const value = wanted[name]
    if (value === undefined || value === found[name]) continue
    return fail(
      `${name} in ${what} is ${found[name]}`,
      {
        action: `${by === 'platform-owner' ? 'configure the platform' : 'launch the guest'} with ${name} ${value}`,
        by,
      },
      {
        expected: `${name} ${value}`,
        actual: `${name} ${found[name]}`,
      },
    )
  }
  return pass(`${what} is as you ask`)
}

function mitigations({ report, expect }: SnpState): Finding {
  if (expect.minMitigationVector === undefined) return notApplicable('no mitigations were asked for')
  const wanted = BigInt(`0x${expect.minMitigationVector}`)
  const { launchMitVector: launch, currentMitVector: current } = report
  const remedy = { action: 'update the platform firmware, then launch the guest again', by: 'platform-owner' } as const
  if (launch === undefined || current === undefined)
    return fail(`reports of version ${report.version} have no mitigation vectors`, remedy)
  const missing = wanted & ~(launch & current)
  const details = { expected: hex64(wanted), actual: `launch ${hex64(launch)}, current ${hex64(current)}` }
  return missing === 0n
    ? pass('every mitigation is in place', details)
    : fail(`mitigations ${hex64(missing)} are missing at launch or now`, remedy, details)
}

function provider({ expect, leaf, role }: SnpState): Finding {
  if (role === 'vcek') {
    if (expect.cspIds === undefined) return notApplicable('a VCEK is of no provider')
    return fail("a chip's own key signed the report, and you asked for a provider's", {
      action: 'leave `cspIds` out, or ask for a VLEK-signed report',
      by: 'relying-party',
    })
  }
  if (expect.cspIds === undefined) return notApplicable('any provider will do')
  return compareOneOf(
    { what: 'the cloud provider', actual: leaf.value?.extensions.value?.cspId ?? '', option: 'cspIds' },
    expect.cspIds,
  )
}

function hardwareId({ expect, leaf, report }: SnpState): Finding {
  if (expect.hardwareIds === undefined) return notApplicable('any chip will do')
  const actual = toHex(leaf.value?.extensions.value?.hwId ?? report.chipId)
  const padded = expect.hardwareIds.map((id) => id.padEnd(128, '0'))
  return compareOneOf({ what: 'the chip id', actual: actual.padEnd(128, '0'), option: 'hardwareIds' }, padded)
}

function chipIdShown({ expect, report }: SnpState): Finding {
  if (expect.requireChipId !== true) return notApplicable('the chip id may be masked')
  if (!allZero(report.chipId)) return pass('the report names its chip')
  return fail('the chip id of the report is masked', {
    action: 'switch MASK_CHIP_ID off, and have a VCEK sign',
    by: 'platform-owner',
  })
}

/** What the relying party wants of the guest and its platform. */
export const APPRAISAL_STEPS: StepGroup<SnpState> = {
  id: 'snp.appraisal',
  title: 'Expectations',
  steps: [
    {
      ...step('hardware', 'A hardware vendor stands behind the chain', ({ anchor, expect }) =>
        anchor === undefined ? notApplicable('the chain ends at no trusted root') : hardwareFinding(anchor, expect),
      ),
      needs: ['snp.ark.pinned'],
    },
    step(
      'debug',
      'Debugging is off',
      ({ report, expect }) => debugFinding(bitOf(report.policy, POLICY_BITS.debugAllowed), 'policy bit 19', expect),
      POLICY,
    ),
    step('migration', 'No migration agent may read the guest', migration, POLICY),
    step('guest-requested', 'The guest asked for the report', guestRequested),
    waivable(step('expect.vmpl', 'The privilege level that asked is an accepted one', vmpl)),
    waivable(step('expect.measurement', 'The guest was launched from accepted code', measurement)),
    waivable(step('expect.signer', 'The guest was signed by an accepted key', signer)),
    waivable(step('expect.svn', 'The guest is recent enough', svn)),
    waivable(
      step('expect.report-data', 'The report data are as expected', ({ hex, expect }) =>
        userDataFinding(hex.reportData, expect),
      ),
    ),
    waivable(
      step('expect.freshness', 'The report was made for this exchange', ({ hex, expect }) =>
        freshnessFinding(hex.reportData, expect),
      ),
    ),
    waivable(
      step('expect.host-data', 'The data of whoever launched the guest are as expected', ({ report, hex, expect }) =>
        compareOneOf(
          { what: 'HOST_DATA', actual: hex.hostData, option: 'hostData' },
          expect.hostData,
          allZero(report.hostData),
        ),
      ),
    ),
    waivable(step('expect.min-tcb', 'The platform TCB is high enough', minTcb, 'AMD 56860, TCB_VERSION')),
    step('expect.min-firmware', 'The SEV firmware is late enough', minFirmware),
    step('expect.mitigations', 'The mitigations asked for are in place', mitigations),
    step(
      'expect.policy',
      'The guest policy is as expected',
      ({ report, expect }) =>
        flags(expect.policy, flagsOf(report.policy, POLICY_BITS), 'the guest policy', 'workload-owner'),
      POLICY,
    ),
    step('expect.platform-info', 'The platform is set up as expected', ({ report, expect }) =>
      flags(expect.platformInfo, flagsOf(report.platformInfo, PLATFORM_BITS), 'PLATFORM_INFO', 'platform-owner'),
    ),
    step('expect.product', 'The product is an accepted one', ({ product, expect }) =>
      expect.products === undefined
        ? notApplicable('any product will do')
        : compareOneOf({ what: 'the product', actual: product ?? 'unknown', option: 'products' }, expect.products),
    ),
    step('expect.hardware-id', 'The chip is an accepted one', hardwareId),
    step('expect.chip-id', 'The chip id is shown', chipIdShown),
    step('expect.provider', 'The cloud provider is an accepted one', provider),
    step('expect.id-key', 'The ID key is an accepted one', optional('ID_KEY_DIGEST', 'idKeyDigest')),
    step('expect.author-key', 'The author key is an accepted one', optional('AUTHOR_KEY_DIGEST', 'authorKeyDigest')),
    step('expect.family-id', 'The family id is an accepted one', optional('FAMILY_ID', 'familyId')),
    step('expect.image-id', 'The image id is an accepted one', optional('IMAGE_ID', 'imageId')),
  ],
}
