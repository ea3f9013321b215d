import type { AmdEndorsements, BundleItem } from '@sekisho/collateral'
import { parseCertificateTable, type TableEntryKind } from '@sekisho/evidence/snp'
import { unreadable } from '../exit.ts'
import type { CollateralFiles } from '../options/collateral-files.ts'

/** Bundle items of collateral files, and what did not become one, in words. */
export interface Items {
  readonly items: readonly BundleItem[]
  readonly leftOver: readonly string[]
}

/**
 * Turns collateral of any form into items of a bundle.
 *
 * @param name names the files in errors
 * @throws CliError (unreadable) when a part cannot be read, or nothing makes a whole item
 */
export async function itemsOf(files: CollateralFiles, name: string): Promise<Items> {
  const collateral = await import('@sekisho/collateral')
  const items: BundleItem[] = files.bundles.flatMap((bundle) => bundle.items)
  const leftOver = files.bundles.flatMap((bundle) =>
    bundle.unknown.map((one) => `item ${one.index} is of a kind that this version does not know: ${one.kind}`),
  )
  try {
    if (files.intel !== undefined)
      items.push({ kind: 'intel', collateral: collateral.describeIntel(collateral.readIntelInput(files.intel)) })
    const { manifests, ocsp } = files.nvidia
    for (const manifest of manifests)
      items.push({ kind: 'nvidia-rim', collateral: collateral.describeNvidiaRim(manifest) })
    for (const response of ocsp)
      items.push({ kind: 'nvidia-ocsp', collateral: collateral.describeNvidiaOcsp(response) })
    for (const amd of amdOf(files))
      if ('missing' in amd)
        leftOver.push(`certificates without ${amd.missing.join(', ')}: a bundle holds a chain with its CRL`)
      else items.push({ kind: 'amd', collateral: collateral.describeAmd(amd) })
    leftOver.push(...outsideOfBundles(files))
  } catch (error) {
    throw unreadable(`${name}: ${error instanceof Error ? error.message : 'cannot be read'}`, error)
  }
  if (items.length === 0) throw unreadable(`${name}: ${leftOver.length === 0 ? 'no collateral' : leftOver.join('; ')}`)
  return { items, leftOver }
}

/** What `verify --collateral` takes from files and version 1 of the bundle has no kind of item for. */
function outsideOfBundles({ arm, sev, ias, ibm, nvidia, snp, token, tpm }: CollateralFiles): readonly string[] {
  const held: Readonly<Record<string, boolean>> = {
    'the ID block of a guest': snp.idBlock !== undefined || snp.idAuth !== undefined,
    'the certificate chain of an NVIDIA device': nvidia.certificateChain !== undefined,
    'keys or reference values of Arm': arm.keys.length + arm.corims.length > 0 || arm.referenceValues !== undefined,
    'the key set of a token’s issuer': token.keySets.length > 0 || token.coseKeys !== undefined,
    'certificates of SEV or its launch values': sev.certificates.length > 0 || sev.launch !== undefined,
    'documents of IBM Secure Execution or DigiCert’s':
      ibm.x509.length > 0 || [ibm.header, ibm.protectionKey, ibm.request].some((one) => one !== undefined),
    'a revocation list of another authority than AMD’s and Intel’s for hardware':
      ias.crl !== undefined || token.crls.length > 0,
    'the outcome of a credential activation': tpm.activation !== undefined,
  }
  return Object.entries(held).flatMap(([what, is]) =>
    is ? [`${what}: a bundle holds none; \`verify --collateral\` takes the file itself`] : [],
  )
}

/** The chains of the chip's own key and of the cloud's, each with what leads to it. */
function amdOf({ snp }: CollateralFiles): readonly (AmdEndorsements | { readonly missing: readonly string[] })[] {
  if (Object.keys(snp).length === 0) return []
  const table = snp.certificateTable === undefined ? [] : parseCertificateTable(snp.certificateTable)
  const inTable = (kind: TableEntryKind): Uint8Array | undefined => table.find((entry) => entry.kind === kind)?.data
  const chain = snp.certChain === undefined ? [] : pemBlocks(snp.certChain)
  // These two may be either's; where there is but one leaf, they are that one's.
  const either = chain[0] ?? inTable('ask')
  const own = { leaf: snp.vcek ?? inTable('vcek'), intermediate: snp.ask }
  const cloud = { leaf: snp.vlek ?? inTable('vlek'), intermediate: snp.asvk }
  const given = [own, cloud].filter((one) => Object.values(one).some((part) => part !== undefined))
  const root = snp.ark ?? chain[1] ?? inTable('ark')
  const crl = snp.crl ?? inTable('crl')
  return (given.length === 0 ? [own] : given).map(({ leaf, intermediate = either }) => {
    const parts = { 'ASK or ASVK': intermediate, ARK: root, 'a CRL': crl }
    if (intermediate === undefined || root === undefined || crl === undefined)
      return { missing: Object.entries(parts).flatMap(([part, bytes]) => (bytes === undefined ? [part] : [])) }
    return {
      ...(leaf === undefined ? {} : { leaf: der(leaf) }),
      intermediate: der(intermediate),
      root: der(root),
      crl: der(crl),
    }
  })
}

function pemBlocks(bytes: Uint8Array): readonly Uint8Array[] {
  const blocks = new TextDecoder().decode(bytes).match(/-----BEGIN [^-]+-----[^-]*-----END [^-]+-----/g) ?? []
  return blocks.map((block) => new TextEncoder().encode(block))
}

function der(bytes: Uint8Array): Uint8Array {
  if (bytes[0] === 0x30) return bytes
  const body = new TextDecoder().decode(bytes).replace(/-----[^-]+-----/g, '')
  return new Uint8Array(Buffer.from(body, 'base64'))
}
