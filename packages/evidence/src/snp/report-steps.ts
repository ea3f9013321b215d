import { allZero, equalBytes, toHex } from '../core/bytes.ts'
import { fail, notApplicable, pass, REPLACE_EVIDENCE, type Step, type StepGroup } from '../core/engine.ts'
import type { Finding } from '../core/verdict.ts'
import { bitOf, hex64, unknownPolicyBits } from './bits.ts'
import { intermediateOf, LEVEL_NAMES } from './certificates.ts'
import { roleFinding } from './chain-steps.ts'
import { firstByteAbove, productOfName, tcbByteName } from './products.ts'
import { reportProduct } from './report.ts'
import type { SnpState } from './state.ts'

const REPORT = 'AMD 56860, ATTESTATION_REPORT'
const EXTENSIONS = 'AMD 57230, VCEK certificate extensions'

type Check = (state: SnpState) => Finding

function step(id: string, title: string, source: string, needs: readonly string[], check: Check): Step<SnpState> {
  return { id: `snp.${id}`, title, phase: 'authenticity', source, needs, check }
}

function policyBits({ report: { policy } }: SnpState): Finding {
  const unknown = unknownPolicyBits(policy)
  const remedy = {
    action:
      'launch the guest with a policy that has bit 17 set and bits 26 to 63 clear; newer bits need a newer verifier',
    by: 'workload-owner',
  } as const
  if (!bitOf(policy, 17))
    return fail('bit 17 of the guest policy is clear and must be one', remedy, { actual: hex64(policy) })
  if (unknown !== 0n)
    return fail('the guest policy has bits that are not known: they may permit what weakens the guest', remedy, {
      actual: hex64(unknown),
    })
  return pass('bit 17 is one and no unknown bit is set')
}

function productKnown({ report, product }: SnpState): Finding {
  const { cpuidFamily: family, cpuidModel: model } = report
  if (family === undefined || model === undefined)
    return notApplicable('reports of version 2 have no CPUID fields: the certificate names the product')
  const actual = `family 0x${family.toString(16)}, model 0x${model.toString(16)}`
  if (product !== undefined) return pass(`the processor is of the ${product} generation`, { actual })
  return fail(
    'the processor is of a generation that is not known: how its TCB is laid out would be a guess',
    {
      action: 'use a verifier that knows this processor',
      by: 'relying-party',
    },
    { expected: 'Milan, Genoa (with Bergamo and Siena) or Turin', actual },
  )
}

function isSigned({ keyInfo }: SnpState): Finding {
  if (keyInfo.signingKey !== 'none') return pass('the report says that it is signed')
  return fail(
    'the report says that no key signed it: whatever stands in its signature field, firmware did not vouch for it',
    {
      action: 'have the platform owner provision a VCEK or VLEK (SNP_CONFIG, SNP_VLEK_LOAD), then ask for a new report',
      by: 'platform-owner',
    },
  )
}

function signingKey({ keyInfo, report }: SnpState): Finding {
  const { signingKey } = keyInfo
  if (!signingKey.startsWith('reserved')) return pass(`the report says that its signing key is: ${signingKey}`)
  return fail('the report names a kind of signing key that does not exist', REPLACE_EVIDENCE, {
    expected: '0 (VCEK) or 1 (VLEK)',
    actual: String((report.keyInfo >>> 2) & 7),
  })
}

/** What the report says of itself, before any cryptography. */
export const REPORT_STEPS: StepGroup<SnpState> = {
  id: 'snp.report',
  title: 'Report',
  steps: [
    step(
      'report.policy-bits',
      'The guest policy has only bits that are known',
      'AMD 56860, guest policy',
      [],
      policyBits,
    ),
    step('report.product', 'The processor generation is known', REPORT, [], productKnown),
    step('report.signed', 'The report says that it is signed', REPORT, [], isSigned),
    step('report.signing-key', 'The kind of signing key exists', REPORT, [], signingKey),
  ],
}

function fails(reason: string, state: SnpState, details: Pick<Finding, 'expected' | 'actual'> = {}): Finding {
  const source = state.leafSource()
  const action =
    source === undefined ? 'pass the certificate from the table that the host gives the guest' : `fetch ${source}`
  return fail(reason, { action, by: 'relying-party' }, details)
}

function extensionsWellFormed(state: SnpState): Finding {
  const error = state.leaf.value?.extensions.error
  if (error === undefined) return pass('they are strict DER of their types')
  return fails(`an extension of the leaf cannot be read: ${error.message}`, state, { expected: error.expected })
}

function extensionsPresent(state: SnpState): Finding {
  const extensions = state.leaf.value?.extensions.value
  const { layout, product, role } = state
  if (extensions === undefined) return notApplicable('there is no leaf')
  const missing: string[] = []
  if (extensions.structVersion === undefined) missing.push('structVersion')
  if (extensions.productName === undefined) missing.push('productName')
  for (const byte of Object.values(product === undefined ? {} : layout.parts)) {
    const arc = layout.extensions[byte] as string
    if (!extensions.levels.has(arc)) missing.push(LEVEL_NAMES[arc] as string)
  }
  if (role === 'vcek' && extensions.hwId === undefined) missing.push('hwID')
  if (role === 'vlek' && extensions.cspId === undefined) missing.push('cspID')
  if (missing.length === 0) return pass('product, security patch levels and the owner of the key are named')
  return fails(`the leaf lacks ${missing.join(', ')}: what it endorses cannot be compared with the report`, state)
}

function productAgrees(state: SnpState): Finding {
  const { leaf, parts, product, report } = state
  const certificate = leaf.value?.certificate
  const leafName = leaf.value?.extensions.value?.productName
  const cpuid = report.cpuidFamily === undefined ? product : reportProduct(report)
  const inLeaf = productOfName(leafName ?? '')
  const issuer = intermediateOf(certificate?.issuer.commonName)?.product
  const ark = parts.ark.value?.subject.commonName?.slice(4)
  if (product !== undefined && cpuid === product && inLeaf === product && issuer === product && ark === product)
    return pass(`all name ${product}`)
  const text = (name: string | undefined): string => (name === undefined ? 'none' : JSON.stringify(name.slice(0, 64)))
  return fails('report and certificates are of different products', state, {
    expected: 'the same product everywhere',
    actual: `CPUID of the report: ${text(cpuid)}; productName of the leaf: ${text(leafName)}; issuer of the leaf: ${text(issuer)}; ARK: ${text(ark)}`,
  })
}

function structVersion(state: SnpState): Finding {
  const found = state.leaf.value?.extensions.value?.structVersion
  const details = { expected: String(state.layout.structVersion), actual: String(found) }
  if (found === state.layout.structVersion) return pass('it fits the product', details)
  return fails(
    `the leaf has structVersion ${found}, and certificates for ${state.product} have ${state.layout.structVersion}`,
    state,
    details,
  )
}

/** The leaf's extensions, and whether report and chain are of one product. */
export const LEAF_STEPS: StepGroup<SnpState> = {
  id: 'snp.product',
  title: 'Role and product',
  steps: [
    step(
      'leaf.role',
      'The chain is one of the key that the report says signed it',
      REPORT,
      ['snp.report.signed', 'snp.report.signing-key', 'snp.chain.names'],
      roleFinding,
    ),
    step(
      'leaf.extensions-well-formed',
      'The AMD extensions of the leaf can be read',
      EXTENSIONS,
      ['snp.leaf.well-formed', 'snp.leaf.role'],
      extensionsWellFormed,
    ),
    step(
      'leaf.extensions',
      'The leaf has every extension that is compared',
      EXTENSIONS,
      ['snp.leaf.extensions-well-formed'],
      extensionsPresent,
    ),
    step(
      'leaf.product',
      'Report, leaf, issuer and root are of one product',
      EXTENSIONS,
      ['snp.report.product', 'snp.leaf.extensions', 'snp.chain.names'],
      productAgrees,
    ),
    step(
      'leaf.struct-version',
      'The structure version of the leaf fits the product',
      EXTENSIONS,
      ['snp.leaf.product'],
      structVersion,
    ),
  ],
}

function reportSignature(state: SnpState): Finding {
  const { signature, keyInfo, leaf } = state
  const key = leaf.value?.certificate
  if (key?.key?.kind !== 'P-384')
    return fails('the key of the leaf cannot have signed the report', state, {
      expected: 'EC P-384',
      actual: key?.keyKind ?? 'none',
    })
  if (signature?.result === true) return pass('the signature over bytes 0 to 0x29F verifies with the key of the leaf')
  const why = keyInfo.maskChipKey ? ' (MASK_CHIP_KEY is set: the host switched the chip key off)' : ''
  return signature === undefined
    ? fail(`the signature is none: R and S must be 1 to n-1, and zero above 48 bytes${why}`, REPLACE_EVIDENCE)
    : fail(
        `the signature does not verify with the key of the leaf: the report was changed, or another key signed it${why}`,
        REPLACE_EVIDENCE,
      )
}

function tcbMatches(state: SnpState): Finding {
  const { layout, report } = state
  const levels = state.leaf.value?.extensions.value?.levels
  for (let byte = 0; byte < 8; byte++) {
    const arc = layout.extensions[byte] as string
    const endorsed = levels?.get(arc) ?? 0
    const reported = report.reportedTcb[byte] as number
    if (endorsed === reported) continue
    const name = tcbByteName(layout, byte)
    return fails(
      `the leaf is for another TCB: its ${LEVEL_NAMES[arc]} is ${endorsed}, and ${name} of REPORTED_TCB is ${reported}`,
      state,
      {
        expected: `${name} ${endorsed}`,
        actual: `${name} ${reported}`,
      },
    )
  }
  return pass('every part of REPORTED_TCB is the level that the leaf names', { actual: toHex(report.reportedTcb) })
}

function tcbOrder({ layout, report }: SnpState): Finding {
  const order = [
    ['REPORTED_TCB', report.reportedTcb, 'COMMITTED_TCB', report.committedTcb],
    ['COMMITTED_TCB', report.committedTcb, 'CURRENT_TCB', report.currentTcb],
  ] as const
  for (const [low, lowTcb, high, highTcb] of order) {
    const byte = firstByteAbove(lowTcb, highTcb)
    if (byte === undefined) continue
    const name = tcbByteName(layout, byte)
    return fail(
      `${name} of ${low} is ${lowTcb[byte]}, above ${highTcb[byte]} in ${high}, which firmware never lets happen`,
      REPLACE_EVIDENCE,
    )
  }
  return pass('reported is at most committed, and committed at most current, in every part')
}

function chipId(state: SnpState): Finding {
  const { layout, report, role } = state
  const hwId = state.leaf.value?.extensions.value?.hwId
  if (role === 'vlek') return notApplicable("a VLEK is of a provider's fleet, not of one chip")
  if (hwId === undefined) return notApplicable('there is no VCEK')
  if (!layout.hwIdLengths.includes(hwId.length)) {
    return fails(`the chip id in the VCEK has ${hwId.length} bytes`, state, {
      expected: `${layout.hwIdLengths.join(' or ')} bytes`,
    })
  }
  if (allZero(report.chipId))
    return pass('the report masks its chip id; the VCEK that signed it names the chip', { actual: toHex(hwId) })
  const head = report.chipId.subarray(0, hwId.length)
  const details = { expected: toHex(hwId), actual: state.hex.chipId }
  if (equalBytes(head, hwId) && allZero(report.chipId.subarray(hwId.length)))
    return pass('the report is of the chip that the VCEK names', details)
  return fails('the report is of another chip than the VCEK', state, details)
}

/** What binds the report to its endorsement. */
export const BINDING_STEPS: StepGroup<SnpState> = {
  id: 'snp.binding',
  title: 'Signature and bindings',
  steps: [
    step('report.signature', "The leaf's key signed the report", REPORT, ['snp.leaf.well-formed'], reportSignature),
    step('tcb.certificate', 'The leaf is for the reported TCB', EXTENSIONS, ['snp.leaf.product'], tcbMatches),
    step(
      'tcb.order',
      'Reported, committed and current TCB are in order',
      'AMD 56860, TCB_VERSION',
      ['snp.report.product'],
      tcbOrder,
    ),
    step('chip-id', 'The report is of the chip that the leaf names', EXTENSIONS, ['snp.leaf.product'], chipId),
  ],
}
