/**
 * `npm run size`: what the packages cost whoever uses them, against budgets; fails over a budget.
 * `npm run size -- --why` also lists what each file adds to a bundle, minified and not yet compressed.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build, type Metafile } from 'esbuild'
import { TEE_FOLDERS } from './arrows/table.ts'
import { publishable, ROOT } from './files.ts'
import { npmPack } from './packed/npm-pack.ts'
import { staged } from './packed/stage.ts'

const KB = 1024

interface Budget {
  readonly what: string
  /** What the size is held to: a little above where it stands. A larger one fails. */
  readonly limit: number
  /** What it should come down to; shown where it is not reached yet. */
  readonly goal?: number
}

/** A bundle for browsers; `only` names the one TEE folder that may be in it. */
interface BundleBudget extends Budget {
  readonly code: string
  readonly only?: string
}

const BUNDLES: readonly BundleBudget[] = [
  // Of each 0.1 kB for waivers of parts, which the verdict of the whole names.
  // Of each 0.1 kB for steps that are found quickly and for RSA keys and signatures that are none.
  // Of it 0.2 kB for a lowest REPORTED_TCB and the kind of key that signed, which CoRIMs tell.
  // Of SNP, SGX and TDX 0.6 for values in every check that has any, and for every part of a TCB that is short.
  // Of SGX and TDX 0.2 for why an exception does not apply, and for revocation lists of another issuer.
  // 0.2 for issuers, keys and critical extensions of their chains, which have checks of their own.
  one('SNP', 'verifySnp', 'snp', 27.1),
  // Of SGX, TDX and IAS 0.1 kB for reading dates without a parser: 5 percent of all that is done beside signatures.
  // Of SGX and TDX 0.1 kB for telling which PCK certificate is wanted, and what a host updates without a new one.
  // Of them 0.1 kB for who updates what is short, by the category that Intel gives it.
  one('SGX', 'verifySgx', 'sgx', 27.3),
  one('TDX', 'verifyTdx', 'tdx', 28.9),
  // Of those below 0.1 to 0.4 for values in every check that has any: dates, names, roots, serial numbers, PCRs.
  one('Nitro', 'verifyNitro', 'nitro', 17.4),
  one('CCA', 'verifyCca', 'cca', 18.0),
  one('PSA', 'verifyPsa', 'psa', 15.1),
  one('SEV', 'verifySev', 'sev', 14.9),
  one('Secure Execution', 'verifyIbmSe', 'ibm-se', 21.1),
  // Of it 1.3 kB for keeping what is said of a quote until the next one of the same boot.
  // 0.5 for what Google's certificates say of an instance, and accepted ones: all of its virtual TPMs lead to one root.
  // 0.2 for the digests of what GRUB measured into PCR 9.
  // 0.2 for the critical policies that makers of TPMs put into their certificates.
  one('TPM', 'verifyTpm', 'tpm', 33.7),
  one('NVIDIA', 'verifyNvidia', 'nvidia', 29.4),
  // 21 before tokens could be CBOR: the decoder, COSE, COSE keys and the rules of EAR in both encodings are 4.5 kB.
  // 0.1 for the profile and the claims of version 04 of the EAR draft, which verifiers write now. 0.3 for results about
  // samples, Azure's status that is missing, and what relies on nothing being revoked.
  // 0.1 for a token that counts only because clocks may differ.
  // 4.4 for what a nonce does not say: each check of NVIDIA's service and each device's token, the versions of its devices,
  // what a verifier appraised by which policy, how a container in a Confidential Space was started, and what Azure's service
  // says of the system that booted, its TCB and the service's policy.
  // 3.9 for entity attestation tokens of any issuer: the rules of RFC 9711, submodules at any depth, what is judged of both,
  // and single claims that may be expected of every token.
  one('Token', 'verifyToken', 'token', 38.1),
  one('IAS', 'verifyIas', 'ias', 17.8),
  { what: 'measure EIF', code: `export { measureEif } from '@sekisho/measurement'`, limit: 16 * KB },
  { what: 'measure SNP firmware', code: `export { measureSnp } from '@sekisho/measurement'`, limit: 16 * KB },
  {
    what: 'verify SNP, SGX and TDX',
    code: `export { verifySnp } from '@sekisho/evidence/snp'
export { verifySgx } from '@sekisho/evidence/sgx'
export { verifyTdx } from '@sekisho/evidence/tdx'`,
    limit: 46.8 * KB,
    goal: 30 * KB,
  },
]

function one(name: string, verify: string, folder: string, limit: number): BundleBudget {
  return {
    what: `verify ${name}`,
    code: `export { ${verify} } from '@sekisho/evidence/${folder}'`,
    only: folder,
    limit: limit * KB,
    goal: 16 * KB,
  }
}

/** Tarballs as `npm pack` makes them, compressed: compiled code and types, without maps. */
const PACKED: Readonly<Record<string, number>> = {
  // With bundles for Node.js beside the modules, 250 kB: half the time to start. Forms of other projects are 15 kB.
  // CoRIMs of AMD's and Intel's profiles are 15 kB, and 6 in their bundle.
  // 0.2 for naming what is passed over beside evidence.
  // 0.6 for NVIDIA's manifests that ask for nothing, responders' keys, and devices that are shown twice.
  // 1.8 for the same mends as above, in modules and bundles.
  // 0.5 for NitroTPMs that name no signer, switches that stand alone, and expectations of Azure's other hardware.
  // 2.9 for Google's instances, times in the header of a COSE_Sign1, windows of signed CoRIMs, and drivers of switches.
  // 2.9 for logs of SHA-1 that are recognised, events of a TPM's log in words, and files that GRUB measured.
  // 3.2 for remedies by component, wrappers without a kind, chains of TPMs in any order, PCRs that sets pin, emulated Arm platforms.
  // 4.3 for evidence that is left over, values without weight, what checks found also where they pass, and why an exception does
  // not apply.
  // 4.3 for these values of the other TEEs, and for checks of Intel's chains of their own.
  // 16 for what tokens say beside a nonce, with their skeleton, in each bundle for Node.js that judges them.
  // 11 for entity attestation tokens of any issuer, in modules and in the bundles that judge tokens.
  // 2.5 for pieces of evidence that were passed over, chains in either order, and critical policies in TPMs' certificates.
  '@sekisho/evidence': 987 * KB,
  '@sekisho/measurement': 40 * KB,
  '@sekisho/collateral': 80 * KB,
  '@sekisho/emulator': 100 * KB,
  '@sekisho/appraisal': 75 * KB,
  '@sekisho/attester': 75 * KB,
  // Verdicts stored as differences are 5 kB of it. Taking an advisory back and naming sets that are over, 0.2 kB. Keys of
  // results that are rotated and revoked, and files of endorsements that are replaced, 10 kB. Waits for a PostgreSQL that
  // is silent, held or follows another, and leave taken of it, 0.8 kB. Ids that begin with no dash, 0.1 kB.
  // 0.2 for exceptions of each device that are looked at again.
  // 1.5 for rotations and events that let others in between, reasons of unmet sets, holders that moved, advisories by name.
  // 2.9 for full disks, forecasts, the files that a result was judged by, and a next master key.
  // 0.5 for why endorsements could not be had, results with tokens that are each looked at, and file systems that are read-only.
  // 1.3 for what of a reference set was met, 0.5 for worlds that change and evidence that is bound to another key.
  // 1.5 for looks that somebody asks for, codes of all TEEs' checks, and remedies that name the source's own trouble.
  // 11 for decisions that are verified again: each step, its sentences, and leaves that name all that was decided.
  '@sekisho/broker': 213 * KB,
  '@sekisho/server': 80 * KB,
  // With the web page that `sekisho up` serves, 250 kB.
  // With two bundles, the command line's and the checkpoint's, which make the start twice as fast, and the web page.
  // CoRIMs are 12 kB of it, in the two bundles together.
  // 27 for `inspect` and `diff` of logs, exit codes by name, and what was added to evidence since, in two bundles and the page.
  // 22 for certificates, tables and add-secret requests that `inspect` decodes, faults of emulated machines, and all of that in two bundles and the page.
  // 1.4 for the same values and checks, and for evidence that no service knows.
  // 19 for what tokens say beside a nonce, in two bundles and the page.
  // 25 for errors as JSON, words for faults, manifests and OCSP answers that `inspect` decodes, a world that is watched, and all of today's
  // in two bundles and the page.
  // 12 for entity attestation tokens of any issuer, in two bundles and the page.
  // 19 for decisions that are verified again and given out, in a bundle and the page, and for collateral in more forms.
  sekisho: 1999 * KB,
}

/** What a browser fetches before the page can read evidence: markup, style, script and worker, compressed. */
const FIRST_LOAD = 250 * KB

const rows = [...(await Promise.all(BUNDLES.map(bundleRow))), ...(await packedRows()), pageRow()]
for (const { what, size, limit, goal } of rows) {
  const mark = size > limit ? 'OVER' : 'ok'
  const rest = goal !== undefined && size > goal ? `, should be ${kilobytes(goal).trim()}` : ''
  console.log(`${mark.padEnd(5)}${what.padEnd(34)}${kilobytes(size)} of ${kilobytes(limit)}${rest}`)
}
if (rows.some(({ size, limit }) => size > limit)) process.exitCode = 1

interface Row extends Budget {
  readonly size: number
}

async function bundleRow({ what, code, only, limit, goal }: BundleBudget): Promise<Row> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: join(ROOT, 'tools'), sourcefile: 'entry.js' },
    absWorkingDir: ROOT,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2023',
    platform: 'browser',
    write: false,
    metafile: true,
    logLevel: 'silent',
  })
  const foreign = Object.keys(metafile.inputs).filter((path) => only !== undefined && isOtherTee(path, only))
  if (foreign.length > 0) throw new Error(`the bundle "${what}" pulls in ${foreign.join(', ')}`)
  if (process.argv.includes('--why')) explain(what, metafile.outputs)
  const size = outputFiles.reduce((sum, file) => sum + gzipSync(file.contents, { level: 9 }).length, 0)
  return { what: `${what}, min+gzip`, size, limit, ...(goal === undefined ? {} : { goal }) }
}

function explain(what: string, outputs: Metafile['outputs']): void {
  const parts = Object.values(outputs).flatMap(({ inputs }) => Object.entries(inputs))
  const sorted = parts
    .map(([path, { bytesInOutput }]) => ({ path, bytesInOutput }))
    .sort((a, b) => b.bytesInOutput - a.bytesInOutput)
  console.log(what)
  for (const { path, bytesInOutput } of sorted) console.log(`${String(bytesInOutput).padStart(8)}  ${path}`)
}

function isOtherTee(path: string, only: string): boolean {
  return TEE_FOLDERS.some((tee) => tee !== only && path.startsWith(`packages/evidence/dist/src/${tee}/`))
}

async function packedRows(): Promise<readonly Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-size-'))
  try {
    const ours = publishable(ROOT)
    const homes: string[] = []
    for (const { path } of ours) homes.push(await staged(join(ROOT, path), folder))
    const tarballs = npmPack(homes)
    return ours.map(({ name }) => packedRow(name, tarballs.get(name)?.size))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function packedRow(name: string, size: number | undefined): Row {
  const limit = PACKED[name]
  if (limit === undefined) throw new Error(`${name} has no size budget`)
  if (size === undefined) throw new Error(`npm pack gave no size of ${name}`)
  return { what: `${name}, packed`, size, limit }
}

function pageRow(): Row {
  const page = join(ROOT, 'packages', 'console', 'dist', 'page')
  if (!existsSync(join(page, 'index.html'))) throw new Error('the web page is not built: npm run build')
  // What the page names, and the worker that it starts; pages of a checkpoint are fetched when they are opened.
  const named = readFileSync(join(page, 'index.html'), 'utf8').matchAll(/"\.\/assets\/([^"]+)"/g)
  const workers = readdirSync(join(page, 'assets')).filter((name) => name.startsWith('worker-'))
  const first = [...[...named].map(([, name = '']) => name), ...workers]
  if (first.length < 3) throw new Error(`the web page has lost a part: ${first.join(', ')}`)
  // What they import is fetched with them; what they import when it is needed is not.
  const files = new Set(first)
  for (const name of files) {
    const code = readFileSync(join(page, 'assets', name), 'utf8')
    for (const [, imported = ''] of code.matchAll(/\bfrom\s*"\.\/([^"]+)"/g)) files.add(imported)
  }
  const size = ['index.html', ...[...files].map((name) => `assets/${name}`)].reduce(
    (sum, file) => sum + gzipSync(readFileSync(join(page, file)), { level: 9 }).length,
    0,
  )
  return { what: 'web page, first load, gzip', size, limit: FIRST_LOAD }
}

function kilobytes(bytes: number): string {
  return `${(bytes / KB).toFixed(2).padStart(7)} kB`
}
