import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BoundCheck } from './bound.ts'
import { certificateKey, signedBy } from './der.ts'

/** One SNP report with its chain, and the checks that nobody can go without. */
export interface SnpSample {
  readonly name: string
  readonly evidence: Uint8Array
  readonly collateral: { readonly vcek: Uint8Array; readonly ask: Uint8Array; readonly ark: Uint8Array }
  readonly at: Date
  readonly cold: readonly BoundCheck[]
  /** The chain is known; the key of the VCEK is imported. */
  readonly steady: readonly BoundCheck[]
}

/** Reads a case folder of the shared vectors. */
export function readSnpSample(vectors: string, folder: string): SnpSample {
  const path = join(vectors, folder)
  const read = (file: string): Buffer => readFileSync(join(path, file))
  const evidence = read('evidence.bin')
  const [vcek, ask, ark] = [read('certs/vcek.der'), read('certs/ask.der'), read('certs/ark.der')] as const
  const content: { readonly evaluateAt: string } = JSON.parse(read('case.json').toString('utf8'))
  const arkKey = certificateKey(ark)
  const report: BoundCheck = {
    name: 'report',
    key: certificateKey(vcek),
    data: evidence.subarray(0, 0x2a0),
    signature: Buffer.concat([reversed(evidence.subarray(0x2a0, 0x2d0)), reversed(evidence.subarray(0x2e8, 0x318))]),
  }
  return {
    name: folder,
    evidence,
    collateral: { vcek, ask, ark },
    at: new Date(content.evaluateAt),
    cold: [
      signedBy('ARK', ark, arkKey),
      signedBy('ASK', ask, arkKey),
      signedBy('VCEK', vcek, certificateKey(ask)),
      report,
    ],
    steady: [report],
  }
}

function reversed(bytes: Buffer): Buffer {
  return Buffer.from(bytes).reverse()
}
