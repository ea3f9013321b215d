import { type EmulatedAnchor, emulatedAnchor } from '../anchor.ts'
import type { Ground } from '../ground.ts'
import type { KeyPair } from '../kit/keys.ts'
import { basicConstraints, distinguishedName, issueCertificate, keyUsage } from '../kit/x509.ts'
import { deriveKey } from '../secrets.ts'

/** A certificate of AWS's that can run out. */
export type AwsPart = 'root' | 'region' | 'zone' | 'instance' | 'enclave'

/** The authority in the place of AWS's Nitro attestation root. There is no service: certificates come with documents. */
export interface EmulatedAws {
  readonly anchor: EmulatedAnchor
  /** From now on documents carry a certificate of this part that ran out just before. */
  expire(part: AwsPart): void
  /** Documents carry valid ones again. */
  renew(part: AwsPart): void
}

/** A chain for one enclave: root first, and the leaf's own key. */
export interface NitroChain {
  readonly cabundle: readonly Uint8Array[]
  readonly certificate: Uint8Array
  readonly key: KeyPair
}

/** What enclaves need of the authority. */
export interface AwsOffice extends EmulatedAws {
  chain(moduleId: string, instanceId: string): NitroChain
}

const HOUR_MS = 3_600_000
const REGION = 'emulated-1'
/** Lifetime in hours, beside which each is issued anew after half of it. */
const HOURS: Readonly<Record<AwsPart, number>> = {
  root: 30 * 365 * 24,
  region: 20 * 24,
  zone: 6 * 24,
  instance: 24,
  enclave: 3,
}
const PARTS: readonly AwsPart[] = ['root', 'region', 'zone', 'instance', 'enclave']

/** Opens the authority of a world. */
export function awsOffice(ground: Ground): AwsOffice {
  const { state, seed } = ground
  const rootKey = deriveKey(seed, 'P-384', 'aws', 'root')
  return {
    anchor: emulatedAnchor('aws-nitro-root', 'aws.nitro-enclaves', rootKey),
    expire: (part) => {
      state.expired[`aws/${part}`] = new Date(ground.now().getTime() - 1000).toISOString()
      ground.changed()
    },
    renew: (part) => {
      delete state.expired[`aws/${part}`]
      ground.changed()
    },
    chain: (moduleId, instanceId) => {
      const names = [
        'aws.nitro-enclaves',
        `${REGION}.aws.nitro-enclaves`,
        `zonal.${REGION}.aws.nitro-enclaves`,
        `${instanceId}.${REGION}.aws.nitro-enclaves`,
        `${moduleId}.${REGION}.aws`,
      ]
      const keys = PARTS.map((part, i) => (i === 0 ? rootKey : keyOf(ground, part, names[i] ?? '')))
      const ders = PARTS.map((part, i) => certificate(ground, part, i, names, keys))
      return { cabundle: ders.slice(0, -1), certificate: ders.at(-1) ?? new Uint8Array(), key: keys.at(-1) ?? rootKey }
    },
  }
}

function keyOf({ seed, derivedKey }: Ground, part: AwsPart, name: string): KeyPair {
  return derivedKey(`aws/${part}/${name}`, () => deriveKey(seed, 'P-384', 'aws', part, name))
}

function certificate(
  ground: Ground,
  part: AwsPart,
  index: number,
  names: readonly string[],
  keys: readonly KeyPair[],
): Uint8Array {
  const { notBefore, notAfter } = validity(ground, part)
  const [name, above] = [names[index] ?? '', names[Math.max(0, index - 1)] ?? '']
  return ground.remember(`aws/${part}/${name}/${notBefore.getTime()}`, () => {
    const isLeaf = part === 'enclave'
    const [key, issuerKey] = [keys[index], keys[Math.max(0, index - 1)]]
    if (key === undefined || issuerKey === undefined) throw new TypeError('a chain has five certificates')
    return issueCertificate({
      subject: nameOf(name),
      issuer: nameOf(above),
      serial: BigInt(notBefore.getTime()) * 16n + BigInt(index),
      notBefore,
      notAfter,
      subjectKey: key,
      issuerKey,
      algorithm: 'ecdsa-p384-sha384',
      extensions: isLeaf
        ? [basicConstraints(false), keyUsage('digitalSignature')]
        : [basicConstraints(true, index === 0 ? undefined : 3 - index), keyUsage('keyCertSign', 'cRLSign')],
    })
  })
}

function validity({ state, now }: Ground, part: AwsPart): { readonly notBefore: Date; readonly notAfter: Date } {
  const span = HOURS[part] * HOUR_MS
  const end = state.expired[`aws/${part}`]
  if (end !== undefined) return { notBefore: new Date(Date.parse(end) - span), notAfter: new Date(end) }
  // An eighth of the span before: a verifier's clock may be behind, or its time be that of a request that waited.
  const begun =
    part === 'root'
      ? Date.parse(state.born) - span / 4
      : Math.floor(now().getTime() / (span / 2)) * (span / 2) - span / 8
  const notBefore = Math.floor(begun / 1000) * 1000
  return { notBefore: new Date(notBefore), notAfter: new Date(notBefore + span) }
}

function nameOf(commonName: string): Uint8Array {
  return distinguishedName(['CN', commonName], ['C', 'US'], ['O', 'EMULATED, not Amazon'], ['OU', 'AWS'])
}
