import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AzureEvidence } from '../src/azure/index.ts'
import type { Check, TrustAnchor, Verdict } from '../src/core/verdict.ts'
import {
  type PcrValues,
  parsePublic,
  publicKeyOf,
  spkiOf,
  type TpmClaims,
  type TpmEvidence,
  type TpmVerifyOptions,
  verifyTpmSync,
} from '../src/tpm/index.ts'
import { VECTORS } from './vectors.ts'

/** A file of a case. */
export function file(path: string): Uint8Array {
  return new Uint8Array(readFileSync(join(VECTORS, path)))
}

/** JSON of a case. */
export function json<T>(path: string): T {
  return JSON.parse(readFileSync(join(VECTORS, path), 'utf8'))
}

/** A made quote of the vectors, with its key as the anchor. */
export function synthetic(name: string): { readonly evidence: TpmEvidence; readonly anchor: TrustAnchor } {
  const akPublic = file(`tpm/synthetic/${name}/ak-public.tpmt`)
  const evidence = {
    message: file(`tpm/synthetic/${name}/quote.msg`),
    signature: file(`tpm/synthetic/${name}/quote.sig`),
    akPublic,
    pcrs: json<PcrValues>(`tpm/synthetic/${name}/pcrs.json`),
  }
  return { evidence, anchor: anchorOf(akPublic) }
}

/** An enrolled key as an anchor. */
export function anchorOf(akPublic: Uint8Array): TrustAnchor {
  const spki = spkiOf(publicKeyOf(parsePublic(akPublic)))
  return {
    id: 'test-ak',
    name: 'a key of the vectors',
    vendor: 'test',
    spkiSha256: createHash('sha256').update(spki).digest('hex'),
    emulated: true,
  }
}

export const SYNTHETIC_NONCE = '6e6f6e63652d30313233343536373839'
export const AT: Date = new Date('2025-06-01T00:00:00Z')

/** One check of a verdict. */
export function check(verdict: Verdict, id: string): Check {
  const found = verdict.checks.flatMap((group) => group.checks).find((one) => one.id === id)
  if (found === undefined) throw new Error(`there is no check ${id}`)
  return found
}

/** A part's verdict. */
export function part(verdict: Verdict, name: string): Verdict {
  const found = verdict.parts?.find((one) => one.name === name)?.verdict
  if (found === undefined) throw new Error(`there is no part ${name}`)
  return found
}

/** Split evidence of an Azure case. */
export function azure(name: string): AzureEvidence {
  return {
    hclReport: file(`azure-vtpm/${name}/hcl-report.bin`),
    quote: {
      message: file(`azure-vtpm/${name}/tpm-quote.msg`),
      signature: file(`azure-vtpm/${name}/tpm-quote.sig`),
      pcrs: json<PcrValues>(`azure-vtpm/${name}/pcrs.json`),
    },
    vcek: file(`azure-vtpm/${name}/certs/vcek.der`),
  }
}

/** The verdict about a made quote under everything that it should meet. */
export function judged(name: string, extra: TpmVerifyOptions['expect'] = {}): Verdict<TpmClaims> {
  const { evidence, anchor } = synthetic(name)
  return verifyTpmSync(evidence, {
    at: AT,
    trustAnchors: [anchor],
    expect: {
      reportData: SYNTHETIC_NONCE,
      bank: 'sha256',
      requiredPcrs: [0, 1, 2, 3, 4, 5, 6, 7],
      allowEmulated: true,
      ...extra,
    },
  })
}
