import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { IntelSample } from './intel.ts'
import type { Contender } from './measure.ts'
import type { SnpSample } from './snp.ts'

const require = createRequire(import.meta.url)

interface DcapQvl {
  verify(quote: Uint8Array, collateral: object, now: number): { readonly status: string }
}

interface DcapQvlWeb {
  initSync(options: { readonly module: Uint8Array }): void
  js_verify(quote: Uint8Array, collateral: object, now: bigint): { readonly status: string }
}

interface TinfoilReport {
  readonly Report: new (bytes: Uint8Array) => object
}

interface TinfoilChain {
  readonly CertificateChain: { fromReport(report: object, vcek: Uint8Array): Promise<object> }
}

interface TinfoilVerify {
  verifyAttestation(chain: object, report: object): Promise<boolean>
}

/** `@phala/dcap-qvl` in JavaScript: the quote with its collateral, everything anew on each call. */
export function dcapQvl(sample: IntelSample): Contender {
  const peer: DcapQvl = require('@phala/dcap-qvl')
  const { collateral } = sample
  const hex = (text: string): Buffer => Buffer.from(text, 'hex')
  const input = {
    ...collateral,
    root_ca_crl: hex(collateral.root_ca_crl),
    pck_crl: hex(collateral.pck_crl),
    tcb_info_signature: hex(collateral.tcb_info_signature),
    qe_identity_signature: hex(collateral.qe_identity_signature),
  }
  const now = sample.at.getTime() / 1000
  return {
    name: '@phala/dcap-qvl (JS)',
    run: () => {
      if (typeof peer.verify(sample.evidence, input, now).status !== 'string') throw new Error('peer refused')
    },
  }
}

/** `@phala/dcap-qvl-web`: the same verifier in WebAssembly. */
export async function dcapQvlWasm(sample: IntelSample): Promise<Contender> {
  const folder = dirname(require.resolve('@phala/dcap-qvl-web/package.json'))
  const peer: DcapQvlWeb = await import(join(folder, 'dcap-qvl-web.js'))
  peer.initSync({ module: readFileSync(join(folder, 'dcap-qvl-web_bg.wasm')) })
  const now = BigInt(sample.at.getTime() / 1000)
  return {
    name: '@phala/dcap-qvl-web (WASM)',
    run: () => {
      if (typeof peer.js_verify(sample.evidence, sample.collateral, now).status !== 'string')
        throw new Error('peer refused')
    },
  }
}

/** `@tinfoilsh/verifier`: Genoa reports with a VCEK. Its root and intermediate certificates are its own. */
export async function tinfoil(sample: SnpSample): Promise<Contender> {
  const folder = join(dirname(require.resolve('@tinfoilsh/verifier')), 'sev')
  const { Report }: TinfoilReport = await import(join(folder, 'report.js'))
  const { CertificateChain }: TinfoilChain = await import(join(folder, 'cert-chain.js'))
  const { verifyAttestation }: TinfoilVerify = await import(join(folder, 'verify.js'))
  return {
    name: '@tinfoilsh/verifier',
    run: async () => {
      const report = new Report(sample.evidence)
      const chain = await CertificateChain.fromReport(report, sample.collateral.vcek)
      if (!(await verifyAttestation(chain, report))) throw new Error('peer refused')
    },
  }
}
