import { allZero, equalBytes, toHex } from '../core/bytes.ts'
import { fail, mend, notApplicable, pass, REPLACE_EVIDENCE, type Step, type StepGroup } from '../core/engine.ts'
import type { Finding } from '../core/verdict.ts'
import { bitOf, hex64, unknownPolicyBits } from './bits.ts'
import { intermediateOf, LEVEL_NAMES } from './certificates.ts'
import { roleFinding } from './chain-steps.ts'
import { bytesAbove, productOfName, type TcbLayout, tcbByteName, tcbText } from './products.ts'
import { fetchLeaf, quoted } from './remedies.ts'
import { reportProduct } from './report.ts'
import { ABI, CERTIFICATES } from './sources.ts'
import type { SnpState } from './state.ts'

function step(
  id: string,
  source: string,
  needs: readonly string[],
  check: (state: SnpState) => Finding,
): Step<SnpState> {
  return { id: `snp.${id}`, phase: 'authenticity', source, needs, check }
}

function policyBits({ report: { policy } }: SnpState): Finding {
  const details = { expected: 'bit 17: 1, bits 26 to 63: 0', actual: hex64(policy) }
  if (bitOf(policy, 17) && unknownPolicyBits(policy) === 0n) return pass(undefined, details)
  return fail(
    'the guest policy has bit 17 clear, or bits above 25 set that may permit what weakens the guest',
    mend(
      'launch the guest with bit 17 set and bits 26 to 63 clear; newer bits need a newer verifier',
      'workload-owner',
    ),
    details,
  )
}

function productKnown({ report, product }: SnpState): Finding {
  const { cpuidFamily: family, cpuidModel: model } = report
  if (family === undefined || model === undefined)
    return notApplicable('reports of version 2 have no CPUID fields: the certificate names the product')
  const actual = `family 0x${family.toString(16)}, model 0x${model.toString(16)}`
  if (product !== undefined) return pass(`the processor is of the ${product} generation`, { actual })
  return fail(
    'the processor is of a generation that is not known: how its TCB is laid out would be a guess',
    mend('use a verifier that knows this processor'),
    { expected: 'Milan, Genoa (with Bergamo and Siena) or Turin', actual },
  )
}

function isSigned({ keyInfo }: SnpState): Finding {
  if (keyInfo.signingKey !== 'none') return pass()
  return fail(
    'the report says that no key signed it: whatever stands in its signature field, firmware did not vouch for it',
    mend('provision a VCEK or VLEK (SNP_CONFIG, SNP_VLEK_LOAD), then ask for a new report', 'platform-owner'),
  )
}

function signingKey({ keyInfo: { signingKey } }: SnpState): Finding {
  if (!signingKey.startsWith('reserved')) return pass(`the report names its signing key: ${signingKey}`)
  return fail('the report names a kind of signing key that does not exist', REPLACE_EVIDENCE, {
    expected: 'vcek or vlek',
    actual: signingKey,
  })
}

/** What the report says of itself, before any cryptography. */
export const REPORT_STEPS: StepGroup<SnpState> = {
  id: 'snp.report',
  steps: [
    step('report.policy-bits', ABI, [], policyBits),
    step('report.product', ABI, [], productKnown),
    step('report.signed', ABI, [], isSigned),
    step('report.signing-key', ABI, [], signingKey),
  ],
}

function extensionsWellFormed(state: SnpState): Finding {
  const { error } = state.extensions
  return error === undefined
    ? pass()
    : fail(`an extension of the leaf cannot be read: ${error.message}`, fetchLeaf(state))
}

function extensionsPresent(state: SnpState): Finding {
  const { value } = state.extensions
  const { layout, product, role } = state
  if (value === undefined) return notApplicable('there is no leaf')
  const missing: string[] = []
  if (value.structVersion === undefined) missing.push('structVersion')
  if (value.productName === undefined) missing.push('productName')
  for (const byte of Object.values(product === undefined ? {} : layout.parts)) {
    const arc = layout.extensions[byte] as string
    if (!value.levels.has(arc)) missing.push(LEVEL_NAMES[arc] as string)
  }
  if (role === 'vcek' && value.hwId === undefined) missing.push('hwID')
  if (role === 'vlek' && value.cspId === undefined) missing.push('cspID')
  if (missing.length === 0) return pass()
  const expected = missing.join(', ')
  return fail(`the leaf lacks ${expected}: what it endorses cannot be compared with the report`, fetchLeaf(state), {
    expected,
  })
}

function productAgrees(state: SnpState): Finding {
  const { links, product, report } = state
  const leafName = state.extensions.value?.productName
  const named = [
    report.cpuidFamily === undefined ? product : reportProduct(report),
    productOfName(leafName ?? ''),
    intermediateOf(links[0].certificate?.issuer.commonName)?.product,
    links[2].certificate?.subject.commonName?.slice(4),
  ]
  if (product !== undefined && named.every((name) => name === product))
    return pass(`all name ${product}`, { expected: product, actual: quoted(leafName) })
  const [cpuid, , issuer, ark] = named
  return fail('report and certificates are of different products', fetchLeaf(state), {
    actual: `CPUID of the report: ${quoted(cpuid)}; productName of the leaf: ${quoted(leafName)}; issuer of the leaf: ${quoted(issuer)}; ARK: ${quoted(ark)}`,
  })
}

function structVersion(state: SnpState): Finding {
  const { structVersion: expected } = state.layout
  const found = state.extensions.value?.structVersion
  const details = { expected: `${expected}`, actual: `${found}` }
  if (found === expected) return pass(undefined, details)
  return fail(
    `the leaf has structVersion ${found}, and certificates for ${state.product} have ${expected}`,
    fetchLeaf(state),
    details,
  )
}

/** The leaf's extensions, and whether report and chain are of one product. */
export const LEAF_STEPS: StepGroup<SnpState> = {
  id: 'snp.product',
  steps: [
    step('leaf.role', ABI, ['snp.report.signed', 'snp.report.signing-key', 'snp.chain.names'], roleFinding),
    step('leaf.extensions-well-formed', CERTIFICATES, ['snp.leaf.well-formed', 'snp.leaf.role'], extensionsWellFormed),
    step('leaf.extensions', CERTIFICATES, ['snp.leaf.extensions-well-formed'], extensionsPresent),
    step('leaf.product', CERTIFICATES, ['snp.report.product', 'snp.leaf.extensions', 'snp.chain.names'], productAgrees),
    step('leaf.struct-version', CERTIFICATES, ['snp.leaf.product'], structVersion),
  ],
}

function reportSignature(state: SnpState): Finding {
  const { signature, keyInfo, links } = state
  const leaf = links[0].certificate
  if (signature?.result === true) return pass('the signature over bytes 0 to 0x29F verifies with the key of the leaf')
  if (leaf?.key?.kind !== 'P-384')
    return fail('the key of the leaf cannot have signed the report', fetchLeaf(state), {
      expected: 'EC P-384',
      actual: leaf?.keyKind ?? 'none',
    })
  const why =
    signature === undefined
      ? 'is none: R and S must be 1 to n-1, and zero above 48 bytes'
      : 'does not verify with the key of the leaf: the report was changed, or another key signed it'
  const masked = keyInfo.maskChipKey ? ' (MASK_CHIP_KEY is set: the host switched the chip key off)' : ''
  // A leaf of another chip, or of this one at another TCB, verifies no report of this one: then the right one is what is missing.
  const isAnothers = [tcbMatches, chipId].some((check) => check(state).outcome === 'fail')
  return fail(`the signature ${why}${masked}`, isAnothers ? fetchLeaf(state) : REPLACE_EVIDENCE)
}

function tcbMatches(state: SnpState): Finding {
  const {
    layout,
    report: { reportedTcb },
  } = state
  const levels = state.extensions.value?.levels
  const endorsed = layout.extensions.map((arc) => levels?.get(arc) ?? 0)
  const different: string[] = []
  for (const [byte, level] of endorsed.entries())
    if (level !== reportedTcb[byte])
      different.push(
        `its ${LEVEL_NAMES[layout.extensions[byte] as string]} is ${level}, and ${tcbByteName(layout, byte)} of REPORTED_TCB is ${reportedTcb[byte]}`,
      )
  const details = { expected: tcbText(reportedTcb, layout), actual: tcbText(endorsed, layout) }
  if (different.length === 0) return pass(undefined, details)
  return fail(`the leaf is for another TCB: ${different.join('; ')}`, fetchLeaf(state), details)
}

function tcbOrder({ layout, report: { reportedTcb, committedTcb, currentTcb } }: SnpState): Finding {
  const wrong = [
    ...above(layout, 'REPORTED_TCB', reportedTcb, 'COMMITTED_TCB', committedTcb),
    ...above(layout, 'COMMITTED_TCB', committedTcb, 'CURRENT_TCB', currentTcb),
  ]
  const details = {
    expected: 'REPORTED_TCB <= COMMITTED_TCB <= CURRENT_TCB',
    actual: [reportedTcb, committedTcb, currentTcb].map((tcb) => tcbText(tcb, layout)).join('; '),
  }
  if (wrong.length === 0) return pass(undefined, details)
  return fail(`${wrong.join('; ')}, which firmware never lets happen`, REPLACE_EVIDENCE, details)
}

function above(
  layout: TcbLayout,
  lowName: string,
  low: Uint8Array,
  highName: string,
  high: Uint8Array,
): readonly string[] {
  return bytesAbove(low, high).map(
    (byte) => `${tcbByteName(layout, byte)} of ${lowName} is ${low[byte]}, above ${high[byte]} in ${highName}`,
  )
}

function chipId(state: SnpState): Finding {
  const { layout, report, role } = state
  const hwId = state.extensions.value?.hwId
  if (role === 'vlek') return notApplicable("a VLEK is of a provider's fleet, not of one chip")
  if (hwId === undefined) return notApplicable('there is no VCEK')
  if (!layout.hwIdLengths.includes(hwId.length))
    return fail(`the chip id in the VCEK has ${hwId.length} bytes`, fetchLeaf(state), {
      expected: layout.hwIdLengths.join(', '),
      actual: `${hwId.length}`,
    })
  if (allZero(report.chipId))
    return pass('the report masks its chip id; the VCEK that signed it names the chip', { actual: toHex(hwId) })
  const head = report.chipId.subarray(0, hwId.length)
  const actual = state.hex.chipId
  if (equalBytes(head, hwId) && allZero(report.chipId.subarray(hwId.length)))
    return pass(undefined, { expected: actual.slice(0, 2 * hwId.length), actual })
  return fail('the report is of another chip than the VCEK', fetchLeaf(state), { expected: toHex(hwId), actual })
}

/** What binds the report to its endorsement. */
export const BINDING_STEPS: StepGroup<SnpState> = {
  id: 'snp.binding',
  steps: [
    step('report.signature', ABI, ['snp.leaf.well-formed'], reportSignature),
    step('tcb.certificate', CERTIFICATES, ['snp.leaf.product'], tcbMatches),
    step('tcb.order', ABI, ['snp.report.product'], tcbOrder),
    step('chip-id', CERTIFICATES, ['snp.leaf.product'], chipId),
  ],
}
