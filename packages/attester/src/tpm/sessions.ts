import { randomBytes } from 'node:crypto'
import { algorithmId, type TpmHash } from '@sekisho/evidence/tpm'
import { type Authorization, password } from './command.ts'
import type { TpmChannel } from './device.ts'
import { join, NOTHING, sized, uint } from './marshal.ts'

/** TPM_RH_NULL, _OWNER, _ENDORSEMENT. @see TCG TPM 2.0 Library, part 2, section 7.4 */
export const HIERARCHY = { owner: 0x40000001, null: 0x40000007, endorsement: 0x4000000b } as const

const POLICY_SESSION = 1
const NULL_ALGORITHM = 0x0010
/** Of the caller's nonce: a TPM takes 16 at the least. @see TCG TPM 2.0 Library, part 3, section 11.1 */
const NONCE_BYTES = 16

/** TPM2_StartAuthSession: an unsalted, unbound policy session with the hash of the key that it is for. */
export async function startPolicySession(channel: TpmChannel, hash: TpmHash): Promise<Authorization> {
  const { handle, parameters } = await channel.execute({
    name: 'TPM2_StartAuthSession',
    code: 0x176,
    handles: [HIERARCHY.null, HIERARCHY.null],
    parameters: join(
      sized(randomBytes(NONCE_BYTES)),
      NOTHING,
      uint(POLICY_SESSION, 1),
      uint(NULL_ALGORITHM, 2),
      uint(algorithmId(hash), 2),
    ),
    givesHandle: true,
  })
  parameters.sized(64, 'nonceTPM')
  parameters.end()
  if (handle === undefined || handle >>> 24 !== 0x03) throw parameters.error('sessionHandle', 'it is no policy session')
  return { session: handle, password: new Uint8Array(0) }
}

/** TPM2_PolicySecret: the session satisfies a policy that asks for the authorisation of `entity`. */
export async function policySecret(
  channel: TpmChannel,
  { session }: Authorization,
  entity: number,
  entityPassword: Uint8Array,
): Promise<void> {
  const { parameters } = await channel.execute({
    name: 'TPM2_PolicySecret',
    code: 0x151,
    handles: [entity, session],
    authorizations: [password(entityPassword)],
    // No nonce, no cpHash, no policyRef, no expiration.
    parameters: join(NOTHING, NOTHING, NOTHING, uint(0, 4)),
  })
  parameters.sized(64, 'timeout')
  parameters.uint(2, 'policyTicket.tag')
  parameters.uint(4, 'policyTicket.hierarchy')
  parameters.sized(64, 'policyTicket.digest')
  parameters.end()
}
