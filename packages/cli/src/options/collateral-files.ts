import { X509Certificate } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { EndorsementBundle } from '@sekisho/collateral'
import { exceedsJson } from '@sekisho/evidence'
import { dcapCollateralOf, dcapMembersUnread } from '@sekisho/evidence/recognise'
import type { SnpCollateralInput } from '@sekisho/evidence/snp'
import type { Around } from '../around.ts'
import { CliError, unreadable } from '../exit.ts'
import { inWords, readInput } from '../input.ts'
import { type ArmFiles, isArmFile, noArmFiles, takeArm } from './arm-files.ts'
import { textIn } from './document.ts'
import { type IasFiles, noIasFiles, takeIas } from './ias-files.ts'
import { type IbmFiles, isIbmFile, noIbmFiles, takeIbm } from './ibm-files.ts'
import { parseJson } from './json-text.ts'
import { isNvidiaFile, type NvidiaFiles, noNvidiaFiles, takeNvidia } from './nvidia-files.ts'
import { blocksOfFile, pemBlocks } from './pem-blocks.ts'
import { isSevFile, noSevFiles, type SevFiles, takeSev } from './sev-files.ts'
import { isTokenFile, noTokenFiles, type TokenFiles, takeToken, takeTokenList } from './token-files.ts'
import { noTpmFiles, type TpmFiles, takeTpm } from './tpm-files.ts'

/** AMD's parts that a file can hold, named as the SEV-SNP verifier names them. */
export type SnpPart = keyof SnpCollateralInput

/** What the files given with `--collateral` hold, unverified. Where two files hold the same part, the later one counts. */
export interface CollateralFiles {
  readonly snp: Readonly<Partial<Record<SnpPart, Uint8Array>>>
  /** AMD's revocation list as the evidence brought it along: its sender chose how old it is, so that it only fills a gap. */
  readonly snpCrlBeside?: Uint8Array
  /** Members of DCAP collateral, as text. */
  readonly intel: Readonly<Record<string, string>> | undefined
  /** The same as the evidence brought it along: its sender chose how old it is, so that it only fills gaps. */
  readonly intelBeside?: Readonly<Record<string, string>>
  readonly bundles: readonly EndorsementBundle[]
  readonly arm: ArmFiles
  readonly sev: SevFiles
  readonly ias: IasFiles
  readonly ibm: IbmFiles
  readonly nvidia: NvidiaFiles
  readonly token: TokenFiles
  readonly tpm: TpmFiles
}

interface Gathering {
  readonly snp: Partial<Record<SnpPart, Uint8Array>>
  intel: Record<string, string> | undefined
  readonly bundles: EndorsementBundle[]
  readonly arm: ArmFiles
  readonly sev: SevFiles
  readonly ias: IasFiles
  readonly ibm: IbmFiles
  readonly nvidia: NvidiaFiles
  readonly token: TokenFiles
  readonly tpm: TpmFiles
}

const MAX_FILES = 64

/**
 * Reads collateral from files and folders: endorsement bundles, DCAP `collateral.json`, certificates
 * and CRLs in DER or PEM, GHCB certificate tables, ID blocks, and what a cloud's metadata service
 * answers. In a folder every file with a known name or ending is read, and those in its `certs` and `ocsp`.
 *
 * @throws CliError (unreadable) that names the file
 */
export async function readCollateral(paths: readonly string[], around: Around): Promise<CollateralFiles> {
  const gathering = nothingGathered()
  for (const path of paths) {
    const files = (await isFolder(path)) ? await listFolder(path) : [path]
    for (const file of files) await gather(file, await readInput(file, around), gathering, files.length > 1)
  }
  return gathering
}

/** None. */
export function noCollateralFiles(): CollateralFiles {
  return nothingGathered()
}

function nothingGathered(): Gathering {
  return {
    snp: {},
    intel: undefined,
    bundles: [],
    arm: noArmFiles(),
    sev: noSevFiles(),
    ias: noIasFiles(),
    ibm: noIbmFiles(),
    nvidia: noNvidiaFiles(),
    token: noTokenFiles(),
    tpm: noTpmFiles(),
  }
}

/** Adds the companions that came inside an envelope with the evidence; files win over them, and over lists and Intel's documents what is fetched too. */
export async function withCompanions(
  files: CollateralFiles,
  companions: readonly {
    readonly kind: string
    readonly from: string
    readonly label?: string
    readonly bytes: Uint8Array
  }[],
): Promise<CollateralFiles> {
  const found = nothingGathered()
  for (const one of companions) {
    if (one.kind === 'certificate-table') found.snp.certificateTable = one.bytes
    // What the sender calls certificates and are none fill no gap.
    if (one.kind === 'certificates' && (one.bytes[0] === 0x30 || isPem(one.bytes)))
      takeCertificates(one.bytes, one.label?.toLowerCase() ?? '', one.from, found)
    if (one.kind !== 'endorsements') continue
    // What hosts of containers send beside a report is a chain in PEM, or the JSON of the cloud's own cache.
    if (isPem(one.bytes)) takeCertificates(one.bytes, '', one.from, found)
    else await takeJson(one.bytes, one.from, found, true)
  }
  const { crl, ...snp } = found.snp
  return {
    snp: { ...snp, ...files.snp },
    ...(crl === undefined ? {} : { snpCrlBeside: crl }),
    intel: files.intel,
    ...(found.intel === undefined ? {} : { intelBeside: found.intel }),
    bundles: files.bundles,
    arm: files.arm,
    sev: files.sev,
    ias: files.ias,
    ibm: files.ibm,
    nvidia: files.nvidia,
    token: files.token,
    tpm: files.tpm,
  }
}

function isPem(bytes: Uint8Array): boolean {
  return new TextDecoder('latin1').decode(bytes.subarray(0, 64)).trimStart().startsWith('-----BEGIN CERTIFICATE')
}

async function isFolder(path: string): Promise<boolean> {
  if (path === '-') return false
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    throw inWords(path, error)
  }
}

/** Folders inside a folder of collateral that are read with it. */
export const COLLATERAL_FOLDERS: readonly string[] = ['certs', 'ocsp']

const ENDINGS = /\.(json|der|pem|crt|cer|crl|bin)$/

async function listFolder(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).sort()
  const files = names.filter(
    (name) =>
      (ENDINGS.test(name) && Object.hasOwn(STEMS_OF_FILES, name)) ||
      /\.(der|pem|crt|cer|crl)$/.test(name) ||
      isArmFile(name) ||
      isSevFile(name) ||
      isIbmFile(name) ||
      isNvidiaFile(name) ||
      isTokenFile(name) ||
      name === 'collateral.json' ||
      name === 'bundle.json',
  )
  const nested: string[] = []
  for (const name of COLLATERAL_FOLDERS) {
    const inner = join(folder, name)
    if (names.includes(name) && (await isFolder(inner))) nested.push(...(await listFolder(inner)))
  }
  const all = [...files.map((name) => join(folder, name)), ...nested]
  if (all.length === 0)
    throw unreadable(
      `${folder}: no collateral in this folder (expected collateral.json, bundle.json, certificates, or certs-table.bin)`,
    )
  if (all.length > MAX_FILES) throw unreadable(`${folder}: ${all.length} files; at most ${MAX_FILES} are read`)
  return all
}

/** Files whose name says what they are. */
const STEMS_OF_FILES: Readonly<Record<string, SnpPart>> = {
  'vcek.der': 'vcek',
  'vlek.der': 'vlek',
  'ask.der': 'ask',
  'asvk.der': 'asvk',
  'ark.der': 'ark',
  'crl.der': 'crl',
  'vcek.pem': 'vcek',
  'vlek.pem': 'vlek',
  'ask.pem': 'ask',
  'asvk.pem': 'asvk',
  'ark.pem': 'ark',
  'cert_chain.pem': 'certChain',
  'certs-table.bin': 'certificateTable',
  'certificate-table.bin': 'certificateTable',
  'auxblob.bin': 'certificateTable',
  'id-block.bin': 'idBlock',
  'id-auth.bin': 'idAuth',
}

async function gather(file: string, content: Uint8Array, into: Gathering, oneOfMany: boolean): Promise<void> {
  const name = basename(file)
  const named = Object.hasOwn(STEMS_OF_FILES, name) ? STEMS_OF_FILES[name] : undefined
  const blocks = blocksOfFile(content)
  const bytes = blocks === undefined ? content : new TextEncoder().encode(blocks.join('\n'))
  // Clouds tell to write the whole chain into the leaf's file: then each certificate tells its own place.
  const isChain = blocks !== undefined && blocks.length > 1 && named !== undefined && Object.hasOwn(STEMS, named)
  if (named !== undefined && (named === 'crl' || !isChain)) {
    into.snp[named] = bytes
    // A list is of whoever its issuer is, whatever its file is called.
    if (named === 'crl') takeTokenList(bytes, into.token)
    return
  }
  if (isJson(bytes) && exceedsJson(bytes, JSON_OF_FILES))
    throw unreadable(`${file}: more JSON values than any collateral has`)
  if (takeIas(bytes, into.ias)) return
  if (takeIbm(name, bytes, into.ibm)) return
  if (takeToken(bytes, into.token)) return
  if (takeTpm(bytes, into.tpm)) return
  if (takeSev(bytes, into.sev) || takeArm(bytes, into.arm)) return
  if (takeNvidia(bytes, into.nvidia)) return
  if (startsTable(bytes)) {
    into.snp.certificateTable = bytes
    return
  }
  if (bytes[0] === 0x30 || startsWith(bytes, '-----BEGIN ')) {
    // By its name it may be meant for AMD's hardware all the same: then that says what is wrong with it.
    if (takeTokenList(bytes, into.token) && !isNamedCrl(file, bytes)) return
    return takeCertificates(bytes, '', file, into, oneOfMany)
  }
  if (isJson(bytes)) return takeJson(bytes, file, into, false)
  throw unreadable(
    `${file}: not collateral: expected JSON (a bundle, or DCAP collateral), certificates or a CRL in DER or PEM, or a certificate table`,
  )
}

/** What a bundle of ten thousand items has, and more. Each reader below parses: of small values that costs many times the file. */
const JSON_OF_FILES = { members: 500_000, values: 2_000_000 }

function isJson(bytes: Uint8Array): boolean {
  return /^\s*[[{]/.test(new TextDecoder().decode(bytes.subarray(0, 64)))
}

const TABLE_GUIDS: readonly string[] = ['63da758d', 'a8074bc2', '4ab7b379', 'c0b406a4', '92f81bc3', 'ecae0c0f']

function startsTable(bytes: Uint8Array): boolean {
  return bytes.length >= 24 && TABLE_GUIDS.includes(Buffer.from(bytes.subarray(0, 4)).toString('hex'))
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return new TextDecoder().decode(bytes.subarray(0, text.length)) === text
}

function takeCertificates(bytes: Uint8Array, label: string, file: string, into: Gathering, oneOfMany = false): void {
  const labelled = Object.hasOwn(STEMS, label) ? STEMS[label] : undefined
  if (labelled !== undefined) {
    into.snp[labelled] = bytes
    return
  }
  const blocks = bytes[0] === 0x30 ? [bytes] : blocksIn(bytes)
  if (blocks.length === 0) throw unreadable(`${file}: no PEM block`)
  for (const block of blocks) {
    const name = commonName(block)
    if (name === undefined) {
      // A folder may hold other DER; a file that was named must be of use.
      if (isNamedCrl(file, block)) into.snp.crl = block
      else if (!oneOfMany) throw unreadable(`${file}: neither a certificate nor a CRL that is known here`)
    } else if (/^Intel SGX PCK Certificate$/.test(name)) {
      into.intel = { ...into.intel, pck_certificate_chain: new TextDecoder().decode(bytes) }
      return
    } else {
      const part = partOfName(name)
      if (part !== undefined) into.snp[part] ??= block
    }
  }
}

function isNamedCrl(file: string, bytes: Uint8Array): boolean {
  return /crl/i.test(file) || startsWith(bytes, '-----BEGIN X509 CRL')
}

const STEMS: Readonly<Record<string, SnpPart>> = {
  vcek: 'vcek',
  vlek: 'vlek',
  ask: 'ask',
  asvk: 'asvk',
  ark: 'ark',
  crl: 'crl',
}

function blocksIn(bytes: Uint8Array): readonly Uint8Array[] {
  const blocks = pemBlocks(new TextDecoder().decode(bytes))
  return blocks.slice(0, MAX_FILES).map((block) => new TextEncoder().encode(block))
}

/** Only for sorting files: what the certificate really is, the verifier finds out. */
function commonName(bytes: Uint8Array): string | undefined {
  try {
    return /^CN=(.+)$/m.exec(new X509Certificate(bytes).subject)?.[1] ?? ''
  } catch {
    // No certificate that OpenSSL reads: the caller says so, or takes it for a CRL.
    return undefined
  }
}

function partOfName(name: string): SnpPart | undefined {
  if (name.startsWith('ARK-')) return 'ark'
  if (name.startsWith('SEV-VLEK-')) return 'asvk'
  if (name === 'SEV-VCEK') return 'vcek'
  if (name === 'SEV-VLEK') return 'vlek'
  return name.startsWith('SEV-') ? 'ask' : undefined
}

async function takeJson(bytes: Uint8Array, file: string, into: Gathering, companion: boolean): Promise<void> {
  const content = companion ? parsedOrNothing(bytes, file) : parse(bytes, file)
  const intel = dcapCollateralOf(content)
  if (intel !== undefined) {
    // What the evidence brought along only fills gaps: where it cannot be read, the gap stays.
    if (!companion) refuseUnread(dcapMembersUnread(content), content, file)
    into.intel = { ...into.intel, ...intel }
    return
  }
  if (!companion && Object.hasOwn(content, 'vcekCert')) refuseUnread(noTexts(content, AZURE_TEXTS), content, file)
  if (typeof content['vcekCert'] === 'string') {
    into.snp.vcek = new TextEncoder().encode(content['vcekCert'])
    if (typeof content['certificateChain'] === 'string')
      into.snp.certChain = new TextEncoder().encode(content['certificateChain'])
    return
  }
  if (companion) return
  const { readBundle } = await import('@sekisho/collateral')
  try {
    into.bundles.push(readBundle(bytes))
  } catch (error) {
    throw unreadable(`${file}: ${error instanceof Error ? error.message : 'no bundle'}`, error)
  }
}

const AZURE_TEXTS: readonly string[] = ['vcekCert', 'certificateChain']

function noTexts(content: Readonly<Record<string, unknown>>, names: readonly string[]): readonly string[] {
  return names.filter((name) => (content[name] ?? '') !== '' && typeof content[name] !== 'string')
}

/** A member of another type would count as absent, and the verdict ask for what the file seems to have. */
function refuseUnread([name]: readonly string[], content: Readonly<Record<string, unknown>>, file: string): void {
  if (name === undefined) return
  const value = content[name]
  const found = Array.isArray(value)
    ? 'a list of something else'
    : value === undefined
      ? 'another value'
      : `a ${typeof value}`
  throw unreadable(`${file}: \`${name.slice(0, 64)}\`: expected text, or bytes as a list of numbers; found ${found}`)
}

function parse(bytes: Uint8Array, file: string): Readonly<Record<string, unknown>> {
  const content = parseJson(textIn(bytes, file), file)
  if (typeof content === 'object' && content !== null && !Array.isArray(content)) return { ...content }
  throw unreadable(`${file}: expected a JSON object`)
}

// What comes with evidence is its sender's: in a form that is not read it is missing, and no error of whoever verifies.
function parsedOrNothing(bytes: Uint8Array, file: string): Readonly<Record<string, unknown>> {
  try {
    return parse(bytes, file)
  } catch (error) {
    if (error instanceof CliError) return {}
    throw error
  }
}
