import { base64 } from '../base64.ts'
import type { Credential } from '../enrolment.ts'
import { TpmError } from '../tpm/errors.ts'
import type { TpmAttester } from '../tpm-attester.ts'
import { ClientError } from './errors.ts'
import { post, WORKLOAD_API } from './exchange.ts'
import { type Members, type Transport, textOf } from './http.ts'
import { checkNamespace, DEFAULT_NAMESPACE } from './names.ts'

/** A request to have a TPM's attestation key enrolled. */
export interface EnrolRequest extends Transport {
  readonly attester: Pick<TpmAttester, 'akName' | 'enrolmentRequest' | 'activate'>
  /** `default` unless said: keys are enrolled for one namespace. */
  readonly namespace?: string
}

const ENROLMENTS = `${WORKLOAD_API}/enrolments`
const MAX_PART = 2048

/**
 * Enrols a TPM's attestation key at a checkpoint: the TPM proves by activating a credential that the key lives beside
 * its certified endorsement key. Needed once for each key and namespace.
 *
 * @returns the name of the key, hex
 * @throws Refusal `root-untrusted` when the maker of the TPM is not trusted there, `tpm-key-revoked`, `enrolment-failed`
 * @throws ClientError when the checkpoint cannot be reached or answers nonsense
 * @throws TpmError when the TPM cannot do it, or has no certificate
 */
export async function enrol(request: EnrolRequest): Promise<{ readonly akName: string }> {
  const { attester, namespace = DEFAULT_NAMESPACE } = request
  checkNamespace(namespace)
  const { akPublic, ekPublic, ekCertificates } = await attester.enrolmentRequest()
  if (ekCertificates.length === 0)
    throw new TpmError(
      'unsupported',
      'the TPM holds no certificate of its endorsement key, so that nobody vouches for it',
    )
  const begun = await post(request, ENROLMENTS, {
    namespace,
    akPublic: base64(akPublic),
    ekPublic: base64(ekPublic),
    ekCertificates: ekCertificates.map(base64),
  })
  const secret = await attester.activate(credentialOf(begun))
  const path = `${ENROLMENTS}/${enrolmentId(begun['enrolment'])}/activate`
  const { akName } = await post(request, path, { secret: base64(secret) })
  if (akName !== attester.akName) throw new ClientError('protocol', 'the checkpoint enrolled another key')
  return { akName }
}

function credentialOf(answer: Members): Credential {
  return {
    credentialBlob: bytesOf(answer['credentialBlob'], 'credentialBlob'),
    encryptedSecret: bytesOf(answer['encryptedSecret'], 'encryptedSecret'),
  }
}

function bytesOf(value: unknown, field: string): Uint8Array {
  return new Uint8Array(Buffer.from(textOf(value, field, MAX_PART), 'base64'))
}

function enrolmentId(value: unknown): string {
  if (typeof value !== 'string' || !/^[0-9a-f]{32}$/.test(value))
    throw new ClientError('protocol', 'the enrolment has an id that is none')
  return value
}
