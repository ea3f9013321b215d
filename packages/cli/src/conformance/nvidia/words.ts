import { type ReasonWords, vocabularyOf } from '../ruling.ts'

const CHAIN: ReasonWords = {
  'well-formed': ['malformed-certificate', 'malformed', 'broken-chain'],
  names: ['broken-chain'],
  constraints: ['broken-chain', 'bad-constraints'],
  algorithms: ['unsupported-algorithm', 'broken-chain'],
  root: ['untrusted-root'],
  'not-before': ['certificate-not-yet-valid'],
  'not-after': ['certificate-expired'],
  signatures: ['bad-certificate-signature', 'broken-chain'],
  'ocsp.binding': ['ocsp-mismatch', 'ocsp-invalid'],
  'ocsp.responder': ['ocsp-bad-responder', 'ocsp-invalid'],
  'ocsp.signature': ['ocsp-bad-signature', 'ocsp-invalid'],
  'ocsp.current': ['ocsp-expired', 'ocsp-not-current', 'ocsp-invalid'],
  'ocsp.nonce': ['ocsp-nonce-mismatch'],
  'ocsp.status': ['certificate-revoked', 'certificate-hold', 'revoked'],
}

const RIM: ReasonWords = {
  'well-formed': ['malformed-rim', 'malformed', 'bad-signature'],
  ...prefixed('chain.', CHAIN),
  digest: ['bad-signature'],
  signature: ['bad-signature'],
  version: ['version-mismatch'],
  product: ['product-mismatch'],
}

/** What the cases call a failing check or an EvidenceError. */
export const WORDS: ReasonWords = {
  ...prefixed('nvidia.chain.', CHAIN),
  ...ofRim('driver'),
  ...ofRim('vbios'),
  'nvidia.ocsp.well-formed': ['ocsp-malformed', 'malformed'],
  'nvidia.report.signature': ['bad-signature'],
  'nvidia.report.attestation-key': ['broken-chain', 'missing-leaf'],
  'nvidia.report.fwid': ['fwid-mismatch'],
  'nvidia.report.architecture': ['architecture-mismatch', 'unsupported-architecture'],
  'nvidia.measurements.conflicts': ['index-conflict', 'rim-index-conflict'],
  'nvidia.measurements.match': ['measurement-mismatch'],
  'nvidia.node.genuine': ['bad-part', 'bad-signature'],
  'nvidia.node.nonce': ['nonce-mismatch'],
  'nvidia.node.distinct': ['duplicate-device', 'topology-mismatch'],
  'nvidia.node.switches': ['topology-mismatch'],
  'nvidia.node.gpus': ['topology-mismatch'],
  'nvidia.node.present': ['topology-mismatch', 'missing-device'],
  'trailing-bytes': ['trailing-data', 'malformed'],
  truncated: ['truncated', 'malformed'],
  'too-large': ['too-large', 'malformed'],
  'unsupported-version': ['unsupported-version', 'malformed'],
}

/** What the cases call a failing check of a manifest that is judged alone. */
export function wordsOfRim(id: string): readonly string[] {
  return RIM[id.replace(/^nvidia\.rim\.(driver|vbios)\./, '')] ?? [id]
}

/** Every word for a refusal of a manifest that is judged alone. */
export function vocabularyOfRim(): ReadonlySet<string> {
  return vocabularyOf(RIM)
}

function ofRim(kind: 'driver' | 'vbios'): ReasonWords {
  const words = Object.entries(RIM).map(
    ([part, names]) => [part, names.flatMap((name) => [`rim-${name}`, name])] as const,
  )
  return prefixed(`nvidia.rim.${kind}.`, Object.fromEntries(words))
}

function prefixed(prefix: string, words: ReasonWords): ReasonWords {
  return Object.fromEntries(Object.entries(words).map(([part, names]) => [prefix + part, names]))
}
