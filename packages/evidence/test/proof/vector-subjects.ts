import { createHash, X509Certificate } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TrustAnchor } from '../../src/core/verdict.ts'
import type { DcapCollateralInput } from '../../src/dcap/collateral.ts'
import type { SnpCollateralInput } from '../../src/snp/collateral.ts'
import type { IntelSubject, SnpSubject } from './subjects.ts'

/** Folder of the shared vectors. */
export const VECTORS: string =
  process.env.SEKISHO_VECTORS ?? fileURLToPath(new URL('../../../../../../shared/vectors', import.meta.url))

/** Which folders of vectors these proofs need and do not find; empty when all are there. */
export const MISSING: readonly string[] = ['intel-sgx', 'intel-tdx', 'intel-generated', 'amd-sev-snp'].filter(
  (folder) => !existsSync(join(VECTORS, folder)),
)

interface CaseJson {
  readonly tee?: string
  readonly version?: number
  readonly anchor?: string
  readonly trustAnchor?: string
  readonly evaluateAt?: string
  readonly expect: { readonly verdict?: string }
}

/** Every Intel case, accepted or not, that has collateral. */
export function intelCases(accepted: boolean): readonly IntelSubject[] {
  return ['intel-sgx', 'intel-tdx', 'intel-generated'].flatMap((folder) =>
    cases(join(VECTORS, folder)).flatMap((name) => {
      const path = join(VECTORS, folder, name)
      const one = readCase(path)
      const wanted = accepted ? one.expect.verdict === 'valid' : one.expect.verdict === 'invalid'
      if (!wanted || one.evaluateAt === undefined || !existsSync(join(path, 'collateral.json'))) return []
      return [intelSubject(`${folder}/${name}`, path, one, one.evaluateAt)]
    }),
  )
}

function intelSubject(name: string, path: string, one: CaseJson, evaluateAt: string): IntelSubject {
  // `anchor` names a file beside the case or one folder up; `intel`, or nothing, is the pinned root.
  const file = one.anchor?.split(' ')[0]
  const anchors =
    file === undefined || file === 'intel'
      ? undefined
      : [anchorOf(existsSync(join(path, file)) ? join(path, file) : join(path, '..', file))]
  return {
    name,
    tee: one.tee === 'tdx' ? 'tdx' : 'sgx',
    evidence: bytes(join(path, 'evidence.bin')),
    // The layout of the vectors is that of the input.
    collateral: JSON.parse(readFileSync(join(path, 'collateral.json'), 'utf8')) as DcapCollateralInput,
    anchors,
    at: Date.parse(evaluateAt),
  }
}

const PARTS = ['vcek', 'vlek', 'ask', 'asvk', 'ark'] as const

/** Every accepted SNP case with certificates. */
export function snpCases(): readonly SnpSubject[] {
  return ['amd-sev-snp', 'amd-sev-snp/synthetic'].flatMap((folder) =>
    cases(join(VECTORS, folder)).flatMap((name) => {
      const path = join(VECTORS, folder, name)
      const one = readCase(path)
      if (one.expect.verdict !== 'valid' || one.evaluateAt === undefined || !existsSync(join(path, 'evidence.bin')))
        return []
      return [snpSubject(`${folder}/${name}`, path, one, one.evaluateAt)]
    }),
  )
}

function snpSubject(name: string, path: string, one: CaseJson, evaluateAt: string): SnpSubject {
  const collateral: Record<string, Uint8Array> = {}
  const take = (part: string, file: string): void => {
    if (existsSync(join(path, file))) collateral[part] = bytes(join(path, file))
  }
  for (const part of PARTS) take(part, `certs/${part}.der`)
  take('crl', 'crl.der')
  take('idBlock', 'id-block.bin')
  take('idAuth', 'id-auth.bin')
  const input: SnpCollateralInput = collateral
  const anchors = one.trustAnchor === undefined ? undefined : [anchorOf(trustAnchorFile(path, one.trustAnchor))]
  return {
    name,
    tee: 'snp',
    evidence: bytes(join(path, 'evidence.bin')),
    collateral: input,
    anchors,
    at: Date.parse(evaluateAt),
  }
}

function trustAnchorFile(path: string, file: string): string {
  const found = [join(path, file), join(path, '..', file), join(path, '..', '..', file), join(VECTORS, file)].find(
    existsSync,
  )
  if (found === undefined) throw new Error(`${path}: there is no ${file}`)
  return found
}

function cases(folder: string): readonly string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .sort()
    .filter((name) => existsSync(join(folder, name, 'case.json')))
}

function readCase(path: string): CaseJson {
  return JSON.parse(readFileSync(join(path, 'case.json'), 'utf8')) as CaseJson
}

function bytes(path: string): Uint8Array {
  return new Uint8Array(readFileSync(path))
}

function anchorOf(file: string): TrustAnchor {
  const spki = new X509Certificate(readFileSync(file)).publicKey.export({ type: 'spki', format: 'der' })
  const spkiSha256 = createHash('sha256').update(spki).digest('hex')
  return { id: 'test-root', name: 'Test root', vendor: 'Sekisho test kit', spkiSha256, emulated: true }
}
