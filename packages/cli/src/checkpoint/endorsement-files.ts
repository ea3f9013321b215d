import type { VerifierOptions } from '@sekisho/broker'
import type { Around } from '../around.ts'
import { usageError } from '../exit.ts'
import { type CollateralFiles, readCollateral } from '../options/collateral-files.ts'

/** What a checkpoint's verifier takes from files, for evidence whose endorsements no service gives. */
export type EndorsementFiles = Pick<VerifierOptions, 'arm' | 'bundles' | 'secureExecution'>

type SecureExecution = NonNullable<VerifierOptions['secureExecution']>

/**
 * Reads what `sekisho up --endorsements` names: bundles, keys and reference values of Arm platforms, and for IBM Secure
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
  return {
    ...(bundles.length === 0 ? {} : { bundles }),
    ...(Object.keys(arm).length === 0 ? {} : { arm }),
    ...(secureExecution === undefined ? {} : { secureExecution }),
  }
}

/** What is fetched for every platform, or is said elsewhere, would be read and then not counted. */
function refuseOthers(path: string, { snp, intel, arm, sev, nvidia, token, tpm, bundles, ibm }: CollateralFiles): void {
  if (arm.corims.length > 0) throw usageError(`${path}: a checkpoint takes keys of Arm platforms as JWK, not as CoRIM`)
  const taken = [bundles, arm.keys, ibm.x509].some((list) => list.length > 0)
  const single = [arm.referenceValues, ibm.header, ibm.request].some((one) => one !== undefined)
  const others = [snp, intel ?? {}, nvidia, token, tpm].some((one) => Object.values(one).some(isThere))
  if (others || isThere(sev.certificates) || !(taken || single))
    throw usageError(
      `${path}: expected bundles of endorsements, keys of Arm platforms, or files for IBM Secure Execution, and nothing else`,
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
