import type { EndorsementFiles } from '@sekisho/broker'
import type { Around } from '../around.ts'
import { usageError } from '../exit.ts'
import { type CollateralFiles, readCollateral } from '../options/collateral-files.ts'
import { listsAmong, noTokenFiles, takeTokenList } from '../options/token-files.ts'

type SecureExecution = NonNullable<EndorsementFiles['secureExecution']>
type Tokens = NonNullable<EndorsementFiles['tokens']>

/**
 * Reads what `sekisho up --endorsements` names: bundles, keys and reference values of Arm platforms, key sets of
 * attestation services that name their issuer, revocation lists of the authorities above such keys, and for IBM Secure
 * Execution host key documents with the certificates and lists above them, the header of an image, and a request with
 * its protection key. Each path, a file or a folder, holds at most one image and one request.
 *
 * @throws CliError that names the path
 */
export async function readEndorsementFiles(paths: readonly string[], around: Around): Promise<EndorsementFiles> {
  const read: (readonly [string, CollateralFiles])[] = []
  for (const path of paths) read.push([path, await readCollateral([path], around)])
  for (const [path, files] of read) refuseOthers(path, files)
  const all = read.map(([, files]) => files)
  const bundles = all.flatMap((files) => files.bundles)
  const keys = all.flatMap(({ arm }) => arm.keys)
  const [referenceValues, second] = all.flatMap(({ arm }) => arm.referenceValues ?? [])
  if (second !== undefined) throw usageError('--endorsements: reference values of Arm platforms belong in one file')
  const arm = {
    ...(keys.length === 0 ? {} : { keys: JSON.stringify(keys) }),
    ...(referenceValues === undefined ? {} : { referenceValues }),
  }
  const secureExecution = secureExecutionOf(read)
  const tokens = tokensOf(read)
  return {
    ...(bundles.length === 0 ? {} : { bundles }),
    ...(Object.keys(arm).length === 0 ? {} : { arm }),
    ...(secureExecution === undefined ? {} : { secureExecution }),
    ...(tokens === undefined ? {} : { tokens }),
  }
}

function tokensOf(read: readonly (readonly [string, CollateralFiles])[]): Tokens | undefined {
  const keySets = read.flatMap(([path, { token }]) =>
    token.keySets.map(({ issuer, jwks, crls }) => {
      if (issuer === undefined)
        throw usageError(
          `${path}: a key set must say whose it is: add \`"issuer"\` beside \`"keys"\`, the \`iss\` of the tokens that the keys sign`,
        )
      return { issuer, jwks, crls }
    }),
  )
  const crls = read.flatMap(([, { token }]) => token.crls)
  if (keySets.length + crls.length === 0) return undefined
  return { keySets, crls: [...crls, ...read.flatMap(([, { ibm }]) => listsAmong(ibm.x509))] }
}

/** What is fetched for every platform, or is said elsewhere, would be read and then not counted. */
function refuseOthers(path: string, { snp, intel, arm, sev, nvidia, token, tpm, bundles, ibm }: CollateralFiles): void {
  if (arm.corims.length > 0) throw usageError(`${path}: a checkpoint takes keys of Arm platforms as JWK, not as CoRIM`)
  if (token.coseKeys !== undefined) throw usageError(`${path}: a checkpoint takes keys of attestation services as JWK`)
  const taken = [bundles, arm.keys, ibm.x509, token.keySets, token.crls].some((list) => list.length > 0)
  const single = [arm.referenceValues, ibm.header, ibm.request].some((one) => one !== undefined)
  // A list whose name does not say whose it is was taken for AMD's too.
  const { crl, ...amd } = snp
  const hardware = crl === undefined || takeTokenList(crl, noTokenFiles()) ? amd : snp
  const others = [hardware, intel ?? {}, nvidia, tpm].some((one) => Object.values(one).some(isThere))
  if (others || isThere(sev.certificates) || !(taken || single))
    throw usageError(
      `${path}: expected bundles of endorsements, keys of Arm platforms or attestation services, revocation lists of the latter, or files for IBM Secure Execution, and nothing else`,
    )
}

function isThere(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined
}

function secureExecutionOf(read: readonly (readonly [string, CollateralFiles])[]): SecureExecution | undefined {
  const files = read.flatMap(([, { ibm }]) => ibm.x509)
  const images = read.flatMap(([, { ibm }]) => ibm.header ?? [])
  const requests = read.flatMap(([path, { ibm }]) => {
    const { request, protectionKey } = ibm
    if (request === undefined && protectionKey === undefined) return []
    if (request === undefined || protectionKey === undefined)
      throw usageError(`${path}: a request of Secure Execution and its protection key belong together`)
    return [{ request, protectionKey }]
  })
  return files.length + images.length + requests.length === 0 ? undefined : { files, images, requests }
}
