import { toHex } from '@sekisho/evidence'
import { parseSeAddSecretRequest } from '@sekisho/evidence/ibm-se'
import type { Field } from '../tee/door.ts'

const MAGIC = 'asrcbM'

/** Whether bytes begin as an add-secret request of IBM Secure Execution does. */
export function isAddSecretRequest(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, MAGIC.length)).toString('latin1') === MAGIC
}

const USER_DATA_KINDS = ['none', 'unsigned', 'signed with EC P-521', 'signed with RSA-2048', 'signed with RSA-3072']

const SECRET_KINDS: Readonly<Record<number, string>> = {
  1: 'null secret',
  2: 'association',
  3: 'plaintext',
  4: 'AES-128',
  5: 'AES-192',
  6: 'AES-256',
  7: 'AES-XTS-128',
  8: 'AES-XTS-256',
  9: 'HMAC-SHA-256',
  10: 'HMAC-SHA-512',
  0x11: 'ECDSA P-256',
  0x12: 'ECDSA P-384',
  0x13: 'ECDSA P-521',
  0x14: 'Ed25519',
  0x15: 'Ed448',
  0x16: 'update of the customer communication key',
}

const SLOTS_AT = 1208
const SLOT_SIZE = 80

/**
 * What an add-secret request says in the clear: which guest and hosts it is for, and which secret it brings. The secret
 * itself is encrypted to the hosts.
 *
 * @throws EvidenceError for a malformed request
 */
export function addSecretFields(bytes: Uint8Array): readonly Field[] {
  const request = parseSeAddSecretRequest(bytes)
  const { flags, userDataKind, secretKind, secretId, slots } = request
  const isForAny = request.configUid.every((byte) => byte === 0)
  const secretHeaderAt = SLOTS_AT + slots.length * SLOT_SIZE
  return [
    at('userDataKind', 6, 2, userDataKind, USER_DATA_KINDS[userDataKind]),
    at('iv', 16, 12, toHex(request.iv)),
    at('flags', 48, 8, `0x${flags.toString(16)}`, request.disableDump ? 'no dumping from now on' : undefined),
    at('pld', 56, 64, toHex(request.pld), 'SHA-512 over the pages of the image'),
    at('ald', 120, 64, toHex(request.ald), 'SHA-512 over the addresses of the pages'),
    at('tld', 184, 64, toHex(request.tld), 'SHA-512 over the tweaks of the pages'),
    at('headerTag', 248, 16, toHex(request.headerTag), "tag of the image's header, which names the guest"),
    at('configUid', 264, 16, toHex(request.configUid), isForAny ? 'any configuration' : undefined),
    at('userData', 536, 512, toHex(request.userData)),
    at('customerKey', 1048, 160, toHex(request.customerKey), 'P-521: x, then y'),
    ...slots.map(({ hostKeyHash }, i) => at(`hostKeyHash.${i + 1}`, SLOTS_AT + i * SLOT_SIZE, 32, toHex(hostKeyHash))),
    at('secretKind', secretHeaderAt + 2, 2, secretKind, SECRET_KINDS[secretKind] ?? 'unknown'),
    at('secretLength', secretHeaderAt + 4, 4, request.secretLength, 'bytes'),
    ...(secretId === undefined
      ? []
      : [at('secretId', secretHeaderAt + 16, 32, toHex(secretId), 'SHA-256 of its name')]),
    at('tag', bytes.length - 16, 16, toHex(request.tag), 'what the hash of the secret store covers'),
  ]
}

function at(name: string, offset: number, length: number, value: Field['value'], meaning?: string): Field {
  return { path: `addSecret.${name}`, offset, length, value, ...(meaning === undefined ? {} : { meaning }) }
}
