import { toHex } from '@sekisho/evidence'
import { COSE_ALGORITHMS, sign1Input } from '@sekisho/evidence/cbor'
import { type KeyKind, type SignatureJob, settle } from '@sekisho/evidence/crypto'
import { Signed } from '@sekisho/evidence/x509'
import type { EifSignatureEntry } from './signature.ts'

/** One check of an image's signature. */
export interface EifCheck {
  readonly id: 'eif.signature.algorithm' | 'eif.signature.valid' | 'eif.signature.register' | 'eif.signature.dates'
  readonly outcome: 'pass' | 'fail'
  readonly title: string
  /** In one plain sentence. */
  readonly reason: string
  readonly expected?: string
  readonly actual?: string
  /** What would mend it. */
  readonly remedy?: string
  readonly source: string
}

/** COSE algorithm that goes with each kind of key. @see RFC 9053, section 2.1 */
const ALGORITHM_OF: Readonly<Partial<Record<KeyKind, number>>> = { 'P-256': -7, 'P-384': -35, 'P-521': -36 }

const FORMAT = 'AWS Nitro Enclaves image format, PcrSignature'
const REBUILD = 'build and sign the image again; if nobody changed it on purpose, somebody did'

/**
 * Checks one entry of a signature section. Who issued the certificate is not asked: PCR8 is what ties the signer down.
 *
 * @param pcr0 of the image, in lower-case hex
 */
export async function checkSignature(entry: EifSignatureEntry, pcr0: string, at: Date): Promise<readonly EifCheck[]> {
  const { algorithm, check } = algorithmOf(entry)
  const valid = algorithm && (await verifies(entry))
  return [check, validity(valid), register(entry, pcr0), dates(entry, at)]
}

function algorithmOf({ cose, certificate }: EifSignatureEntry): { algorithm: boolean; check: EifCheck } {
  const kind = certificate.key?.kind
  const wanted = kind === undefined ? undefined : ALGORITHM_OF[kind]
  const algorithm = wanted !== undefined && cose.algorithm === wanted
  const about = {
    id: 'eif.signature.algorithm',
    title: 'The signature is of the algorithm of the certificate’s key',
    source: 'RFC 9053, section 2.1',
    expected: wanted === undefined ? 'a key on P-256, P-384 or P-521' : nameOf(wanted),
    actual: wanted === undefined ? certificate.keyKind : nameOf(cose.algorithm),
  } as const
  if (algorithm) return { algorithm, check: { ...about, outcome: 'pass', reason: 'algorithm and key belong together' } }
  const reason = 'the algorithm that the signature names is not the one of the certificate’s key'
  return { algorithm, check: { ...about, outcome: 'fail', reason, remedy: REBUILD } }
}

function nameOf(algorithm: number | undefined): string {
  if (algorithm === undefined) return 'none'
  return COSE_ALGORITHMS.get(algorithm)?.name ?? `algorithm ${algorithm}`
}

async function verifies({ cose, certificate }: EifSignatureEntry): Promise<boolean> {
  const scheme = COSE_ALGORITHMS.get(cose.algorithm ?? 0)?.scheme
  const signed = new Signed(sign1Input(cose.protected, cose.payload), scheme, cose.signature)
  const job: SignatureJob | undefined = certificate.key && signed.by(certificate.key)
  if (job === undefined) return false
  await settle([job])
  return job.result === true
}

function validity(valid: boolean): EifCheck {
  const about = {
    id: 'eif.signature.valid',
    title: 'The signature verifies under the certificate’s key',
    source: 'RFC 9052, section 4.4',
  } as const
  return valid
    ? { ...about, outcome: 'pass', reason: 'it verifies' }
    : { ...about, outcome: 'fail', reason: 'it does not verify under the key of the certificate', remedy: REBUILD }
}

function register({ register: { index, value } }: EifSignatureEntry, pcr0: string): EifCheck {
  const actual = `PCR${index} ${toHex(value)}`
  const about = {
    id: 'eif.signature.register',
    title: 'What was signed is the PCR0 of this image',
    source: FORMAT,
    expected: `PCR0 ${pcr0}`,
    actual,
  } as const
  if (actual === about.expected) return { ...about, outcome: 'pass', reason: 'the signed value is the computed one' }
  return { ...about, outcome: 'fail', reason: 'another image was signed than this one', remedy: REBUILD }
}

function dates({ certificate: { notBefore, notAfter } }: EifSignatureEntry, at: Date): EifCheck {
  const about = {
    id: 'eif.signature.dates',
    title: 'The certificate is within its dates',
    source: 'RFC 5280, section 4.1.2.5',
    expected: `${new Date(notBefore).toISOString()} to ${new Date(notAfter).toISOString()}`,
    actual: at.toISOString(),
  } as const
  const time = at.getTime()
  if (time >= notBefore && time <= notAfter) return { ...about, outcome: 'pass', reason: 'it is valid at this time' }
  const reason = time < notBefore ? 'the certificate is not valid yet' : 'the certificate has expired'
  return {
    ...about,
    outcome: 'fail',
    reason,
    remedy: 'sign the image with a certificate that is in date: enclaves of it do not start',
  }
}
