import { type Field, fieldPlacer } from '../core/fields.ts'
import type { AmdCertificate } from './amd-certificate.ts'
import { parseSevCertificates, type SevPlace } from './certificates.ts'
import { sevPolicy } from './policy.ts'
import { parseSevLaunchMeasure, parseSevReport, SEV_LAUNCH_MEASURE_SIZE, SEV_REPORT_SIZE } from './report.ts'
import { isEmptySlot, type SevCertificate, sevAlgorithmName, sevUsageName } from './sev-certificate.ts'

const SOURCE = 'AMD 55766 (SEV API)'
const placed = /* @__PURE__ */ fieldPlacer(SOURCE)

/** Every field of evidence of this generation, with its place in the bytes. @throws EvidenceError when it cannot be read */
export function sevFields(evidence: Uint8Array): readonly Field[] {
  if (evidence.length === SEV_REPORT_SIZE) return reportFields(evidence)
  if (evidence.length === SEV_LAUNCH_MEASURE_SIZE) return measureFields(evidence)
  const fields: Field[] = []
  for (const [place, certificate] of Object.entries(parseSevCertificates(evidence))) {
    fields.push(
      ...(certificate.form === 'amd'
        ? amdFields(place as SevPlace, certificate)
        : sevCertificateFields(place as SevPlace, certificate)),
    )
  }
  return fields.sort((a, b) => (a.offset ?? 0) - (b.offset ?? 0))
}

function reportFields(evidence: Uint8Array): readonly Field[] {
  const report = parseSevReport(evidence)
  return [
    placed('report.mnonce', 0, report.mnonce, 'chosen by whoever asked, who may be the host'),
    placed('report.launchDigest', 16, report.launchDigest),
    { path: 'report.policy', offset: 48, length: 4, value: report.policy, source: SOURCE },
    ...Object.entries(sevPolicy(report.policy)).map(
      ([name, value]): Field => ({ path: `report.policy.${name}`, value, source: SOURCE }),
    ),
    {
      path: 'report.signatureUsage',
      offset: 52,
      length: 4,
      value: report.signatureUsage,
      meaning: sevUsageName(report.signatureUsage),
      source: SOURCE,
    },
    {
      path: 'report.signatureAlgo',
      offset: 56,
      length: 4,
      value: report.signatureAlgorithm,
      meaning: sevAlgorithmName(report.signatureAlgorithm),
      source: SOURCE,
    },
    placed('report.reserved', 60, report.reserved),
    placed('report.signature', 64, report.signature, 'R, then S, little-endian'),
  ]
}

function measureFields(evidence: Uint8Array): readonly Field[] {
  const { measure, mnonce } = parseSevLaunchMeasure(evidence)
  return [
    placed('launchMeasure.measure', 0, measure, "HMAC-SHA-256 under the guest owner's TIK"),
    placed('launchMeasure.mnonce', 32, mnonce, 'chosen by the platform'),
  ]
}

function amdFields(place: SevPlace, one: AmdCertificate): readonly Field[] {
  const start = one.signedBytes.byteOffset
  const fields = [
    placed(`${place}.keyId`, start + 4, one.keyId),
    placed(`${place}.certifyingKeyId`, start + 20, one.certifyingKeyId),
    {
      path: `${place}.keyUsage`,
      offset: start + 36,
      length: 4,
      value: one.usage,
      meaning: sevUsageName(one.usage),
      source: SOURCE,
    },
    placed(`${place}.reserved`, start + 40, one.reserved),
    { path: `${place}.modulusSize`, offset: start + 60, length: 4, value: one.bits, meaning: 'bits', source: SOURCE },
    placed(`${place}.pubExp`, start + 64, one.exponent),
    placed(`${place}.modulus`, start + 64 + one.bits / 8, one.modulus),
  ]
  return one.signature === undefined
    ? fields
    : [...fields, placed(`${place}.signature`, one.signature.byteOffset, one.signature)]
}

function sevCertificateFields(place: SevPlace, one: SevCertificate): readonly Field[] {
  const start = one.signedBytes.byteOffset
  return [
    {
      path: `${place}.api`,
      offset: start + 4,
      length: 2,
      value: `${one.apiMajor}.${one.apiMinor}`,
      meaning: 'API version of the firmware that made it',
      source: SOURCE,
    },
    placed(`${place}.reserved`, start + 6, one.reserved),
    {
      path: `${place}.pubkeyUsage`,
      offset: start + 8,
      length: 4,
      value: one.usage,
      meaning: sevUsageName(one.usage),
      source: SOURCE,
    },
    {
      path: `${place}.pubkeyAlgo`,
      offset: start + 12,
      length: 4,
      value: one.algorithm,
      meaning: sevAlgorithmName(one.algorithm),
      source: SOURCE,
    },
    placed(`${place}.pubkey`, start + 16, one.keyBytes, one.key.kind),
    ...one.signatures.map((slot, i) =>
      placed(
        `${place}.sig${i + 1}`,
        start + 1044 + 520 * i + 8,
        slot.value,
        isEmptySlot(slot) ? 'empty' : `by the ${sevUsageName(slot.usage)}, ${sevAlgorithmName(slot.algorithm)}`,
      ),
    ),
  ]
}
