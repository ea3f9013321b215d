import { createCipheriv, createECDH, createHash, randomBytes, sign, verify } from 'node:crypto'
import { generateKey } from '@sekisho/emulator/kit'

/**
 * The cryptography that no handshake with release can go without, with node:crypto and nothing else: the report's
 * signature (P-384, key imported), the result's (ES256), and the secret's encryption to the workload's key (one-time
 * P-256 key, ECDH, AES key wrap, AES-GCM).
 */
export function handshakeBound(): () => void {
  const platform = generateKey('P-384')
  const report = randomBytes(0x2a0)
  const signature = sign('sha384', report, { key: platform.privateKey, dsaEncoding: 'ieee-p1363' })
  const own = generateKey('P-256').privateKey
  const result = randomBytes(1500)
  const workload = createECDH('prime256v1')
  const holder = workload.generateKeys()
  const secret = randomBytes(32)
  return () => {
    if (!verify('sha384', report, { key: platform.publicKey, dsaEncoding: 'ieee-p1363' }, signature))
      throw new Error('bound: the report does not verify')
    sign('sha256', result, { key: own, dsaEncoding: 'ieee-p1363' })
    encrypt(secret, holder)
  }
}

function encrypt(secret: Uint8Array, holder: Uint8Array): void {
  const oneTime = createECDH('prime256v1')
  oneTime.generateKeys()
  const wrapping = createHash('sha256').update(oneTime.computeSecret(holder)).digest()
  const fresh = randomBytes(32 + 12)
  const wrap = createCipheriv('id-aes256-wrap', wrapping, Buffer.alloc(8, 0xa6))
  wrap.update(fresh.subarray(0, 32))
  wrap.final()
  const cipher = createCipheriv('aes-256-gcm', fresh.subarray(0, 32), fresh.subarray(32))
  cipher.update(secret)
  cipher.final()
  cipher.getAuthTag()
}

/** How fast something is: calls a second, by the wall clock and by the time of the CPU. */
export function rateOf(
  work: () => void,
  millis: number,
): { readonly perSecond: number; readonly perCpuSecond: number } {
  const cpu = process.cpuUsage()
  const start = performance.now()
  let calls = 0
  let passed = 0
  while (passed < millis) {
    for (let i = 0; i < 20; i++) work()
    calls += 20
    passed = performance.now() - start
  }
  const { user, system } = process.cpuUsage(cpu)
  return { perSecond: (calls * 1000) / passed, perCpuSecond: (calls * 1e6) / (user + system) }
}
