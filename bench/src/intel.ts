import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BoundCheck, KeyMaterial } from './bound.ts'
import { certificateKey, ecKey, signedBy } from './der.ts'

/** The members of a case's `collateral.json`. */
export interface IntelCollateral {
  readonly pck_crl_issuer_chain: string
  readonly root_ca_crl: string
  readonly pck_crl: string
  readonly tcb_info_issuer_chain: string
  readonly tcb_info: string
  readonly tcb_info_signature: string
  readonly qe_identity_issuer_chain: string
  readonly qe_identity: string
  readonly qe_identity_signature: string
}

/** One quote with all that belongs to it, and the checks that nobody can go without. */
export interface IntelSample {
  readonly name: string
  readonly tee: 'sgx' | 'tdx'
  readonly evidence: Uint8Array
  readonly collateral: IntelCollateral
  readonly at: Date
  /** Only root keys are known. */
  readonly cold: readonly BoundCheck[]
  /** Issuer chains and collateral are known, the platform is not. */
  readonly fresh: readonly BoundCheck[]
  /** The platform's chain is known too. */
  readonly steady: readonly BoundCheck[]
}

/** Reads a case folder of the shared vectors. */
export function readIntelSample(vectors: string, folder: string): IntelSample {
  const path = join(vectors, folder)
  const evidence = readFileSync(join(path, 'evidence.bin'))
  const collateral: IntelCollateral = JSON.parse(readFileSync(join(path, 'collateral.json'), 'utf8'))
  const content: { readonly tee: 'sgx' | 'tdx'; readonly evaluateAt: string } = JSON.parse(
    readFileSync(join(path, 'case.json'), 'utf8'),
  )
  return {
    name: folder,
    tee: content.tee,
    evidence,
    collateral,
    at: new Date(content.evaluateAt),
    ...checksOf(evidence, collateral),
  }
}

function checksOf(quote: Buffer, collateral: IntelCollateral): Pick<IntelSample, 'cold' | 'fresh' | 'steady'> {
  const { leaf, chain, attestationKey, qeReport, quoteCheck } = partsOf(quote)
  const [intermediate, root] = chain as [Buffer, Buffer]
  const keys = new Map<string, KeyMaterial>()
  const keyOf = (der: Buffer): KeyMaterial => {
    const id = der.toString('latin1')
    const known = keys.get(id) ?? certificateKey(der)
    keys.set(id, known)
    return known
  }
  const rootKey = keyOf(root)
  const [signer] = pemBlocks(collateral.tcb_info_issuer_chain) as [Buffer]
  const [qeSigner] = pemBlocks(collateral.qe_identity_issuer_chain) as [Buffer]
  const leafCheck = signedBy('PCK certificate', leaf, keyOf(intermediate))
  const qeCheck: BoundCheck = { name: 'QE report', key: keyOf(leaf), ...qeReport }
  const steady: BoundCheck[] = [{ name: 'quote', key: attestationKey, ...quoteCheck }]
  const fresh = [leafCheck, qeCheck, ...steady]
  const signers = signer.equals(qeSigner) ? [signer] : [signer, qeSigner]
  const cold = [
    signedBy('root', root, rootKey),
    signedBy('PCK CA', intermediate, rootKey),
    signedBy('root CRL', Buffer.from(collateral.root_ca_crl, 'hex'), rootKey),
    signedBy('PCK CRL', Buffer.from(collateral.pck_crl, 'hex'), keyOf(intermediate)),
    ...signers.map((der) => signedBy('TCB signing', der, rootKey)),
    json('TCB info', collateral.tcb_info, collateral.tcb_info_signature, keyOf(signer)),
    json('QE identity', collateral.qe_identity, collateral.qe_identity_signature, keyOf(qeSigner)),
    ...fresh,
  ]
  return { cold, fresh, steady }
}

function json(name: string, text: string, signature: string, key: KeyMaterial): BoundCheck {
  return { name, key, data: Buffer.from(text), signature: Buffer.from(signature, 'hex') }
}

interface QuoteParts {
  readonly leaf: Buffer
  readonly chain: readonly Buffer[]
  readonly attestationKey: KeyMaterial
  readonly qeReport: { readonly data: Buffer; readonly signature: Buffer }
  readonly quoteCheck: { readonly data: Buffer; readonly signature: Buffer }
}

// Quote layout: the specification of quote formats 3 to 5; the inputs are known to be well-formed.
function partsOf(quote: Buffer): QuoteParts {
  const version = quote.readUInt16LE(0)
  const tdx = quote.readUInt32LE(4) === 0x81
  const body = version === 5 ? 6 + quote.readUInt32LE(50) : tdx ? 584 : 384
  const end = 48 + body
  const signature = quote.subarray(end + 4)
  const qe = signature.subarray(version === 3 ? 128 : 134)
  const auth = qe.readUInt16LE(448)
  const pem = qe.subarray(450 + auth + 6, 450 + auth + 6 + qe.readUInt32LE(450 + auth + 2)).toString('latin1')
  const [leaf, ...chain] = pemBlocks(pem) as [Buffer, ...Buffer[]]
  return {
    leaf,
    chain,
    attestationKey: ecKey(signature.subarray(64, 128)),
    qeReport: { data: qe.subarray(0, 384), signature: qe.subarray(384, 448) },
    quoteCheck: { data: quote.subarray(0, end), signature: signature.subarray(0, 64) },
  }
}

function pemBlocks(text: string): readonly Buffer[] {
  return [...text.matchAll(/-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g)].map((match) =>
    Buffer.from(match[1] ?? '', 'base64'),
  )
}
