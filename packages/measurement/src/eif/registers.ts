import { digestOf } from '../digest.ts'

const ZERO: Uint8Array = new Uint8Array(48)

const ROLE_ARN = /^arn:aws[a-z-]*:iam::\d{12}:role\/[\x21-\x7e]{1,576}$/
const INSTANCE = /^i-[0-9a-f]{8,17}$/

/** A zero register extended once: SHA-384 of 48 zero bytes and `data`, which mostly is a digest. */
export function extended(data: Uint8Array): Promise<Uint8Array> {
  return digestOf('sha384', ZERO, data)
}

/**
 * PCR3 of every enclave on an instance with this IAM role: the text itself is measured, not its digest.
 * @throws TypeError for what is no ARN of a role
 * @see AWS Nitro Enclaves user guide, "Where to find an enclave's measurements", PCR3
 */
export async function nitroPcr3(roleArn: string): Promise<Uint8Array> {
  if (!ROLE_ARN.test(roleArn)) throw new TypeError('role: expected an ARN such as arn:aws:iam::123456789012:role/name')
  return extended(new TextEncoder().encode(roleArn))
}

/**
 * PCR4 of every enclave on this instance: the text itself is measured, not its digest.
 * @throws TypeError for what is no instance id
 */
export async function nitroPcr4(instanceId: string): Promise<Uint8Array> {
  if (!INSTANCE.test(instanceId)) throw new TypeError('instance: expected an id such as i-0123456789abcdef0')
  return extended(new TextEncoder().encode(instanceId))
}
