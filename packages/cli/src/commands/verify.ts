import { isCollateralError } from '@sekisho/collateral/requests'
import { canonicalJson, type Verdict } from '@sekisho/evidence'
import type { PartDoor } from '@sekisho/evidence/composite'
import type { Recognised } from '@sekisho/evidence/recognise'
import type { Around } from '../around.ts'
import { EXIT, usageError } from '../exit.ts'
import { readInput } from '../input.ts'
import { readAnchorFiles } from '../options/anchors.ts'
import { readCollateral, withCompanions } from '../options/collateral-files.ts'
import type { ExpectationFile } from '../options/expectation-file.ts'
import { type ExpectationFlags, expectationsOfFlags, readExpectationFile } from '../options/expectations.ts'
import { remarksOf } from '../render/fields.ts'
import { plain } from '../render/plain.ts'
import { renderVerdict, type VerdictView } from '../render/verdict.ts'
import { toYaml } from '../render/yaml.ts'
import type { Expectations, TeeDoor, VerifyRequest } from '../tee/door.ts'
import { doorOf } from '../tee/doors.ts'
import { foreignRootOf } from '../tee/foreign-root.ts'
import { compositeExpectations, skeletonOf } from './composite.ts'
import { type EvidenceFile, inFile, namingFile, readEvidenceFile } from './evidence-file.ts'
import { fetchCommandFor, type NetworkFlags, sourceOf } from './source.ts'

/** Options of `sekisho verify`, as the argument parser gives them. */
export interface VerifyOptions extends ExpectationFlags, NetworkFlags {
  readonly expect?: string
  readonly collateral?: readonly string[]
  readonly at?: Date
  readonly waive?: readonly string[]
  readonly trustAnchor?: readonly string[]
  readonly eventLog?: string
  readonly json?: true
  readonly verbose?: true
}

const EXIT_OF: Readonly<Record<Verdict['outcome'], number>> = {
  verified: EXIT.ok,
  rejected: EXIT.rejected,
  incomplete: EXIT.incomplete,
}

/** Judges evidence; the exit code is the verdict's. */
export async function verifyCommand(file: string, options: VerifyOptions, around: Around): Promise<number> {
  const evidence = await readEvidenceFile(file, around)
  const { recognised } = evidence
  // Who signed a wrapper is a check of the whole, also where one part is all there is.
  if (recognised === undefined || isSigned(recognised)) return verifySeveral(file, evidence, options, around)
  mustHaveLog([recognised], options)
  const door = await doorOf(recognised.tee)
  const expect: Expectations = {
    ...(options.expect === undefined
      ? {}
      : (await expectationFile(options.expect, options, around)).for(recognised.tee)),
    ...expectationsOfFlags(options),
  }
  const setting = await settingOf(file, options, around)
  const request = await requestFor(recognised, { ...setting, expect, waive: options.waive ?? [] }, options, around)
  const verdict = await judge(file, door, request, around)
  const expectations =
    verdict.outcome === 'incomplete' ? stillToSay(door.skeleton(recognised.evidence), expect) : undefined
  show({ verdict, verbose: options.verbose === true, remarks: remarksOf(recognised), expectations }, options, around)
  return EXIT_OF[verdict.outcome]
}

function expectationFile(path: string, { at }: VerifyOptions, around: Around): Promise<ExpectationFile> {
  return readExpectationFile(path, around, at ?? around.now())
}

/** All members to start from; nothing once each of them was said: whoever copied them would read the same again. */
function stillToSay(skeleton: Expectations, said: Expectations): string | undefined {
  return Object.keys(skeleton).every((member) => member in said) ? undefined : toYaml(skeleton)
}

const WITH_LOG: readonly Recognised['tee'][] = ['tdx', 'tpm', 'azure-vtpm']

/** A log that nothing is compared with would be passed over in silence. */
function mustHaveLog(of: readonly Recognised[], { eventLog }: VerifyOptions): void {
  if (eventLog === undefined || of.some(({ tee }) => WITH_LOG.includes(tee))) return
  throw usageError('--event-log: this evidence quotes no registers of an event log; that of TDX, TPM and Azure does')
}

function isSigned({ companions }: Recognised): boolean {
  return companions.some(({ kind }) => kind === 'signed-wrapper')
}

/** Judges several pieces of evidence as one. What flags and common members expect is expected of the machine. */
async function verifySeveral(
  file: string,
  evidence: EvidenceFile,
  options: VerifyOptions,
  around: Around,
): Promise<number> {
  const { compositeParts, verifyComposite } = await import('@sekisho/evidence/composite')
  const parts = inFile(file, () => compositeParts(evidence.bytes))
  mustHaveLog(
    parts.filter(({ device }) => !device).map((part) => part.recognised),
    options,
  )
  const content =
    options.expect === undefined ? undefined : (await expectationFile(options.expect, options, around)).split()
  const expect = compositeExpectations({ ...content?.common, ...expectationsOfFlags(options) }, content?.tees, parts)
  const setting = await settingOf(file, options, around)
  const judgePart: PartDoor = async ({ part, expect: wishes, waive }) => {
    const door = await doorOf(part.recognised.tee)
    const own = { ...setting, expect: wishes, waive }
    return judgeOrWithout(door, await requestFor(part.recognised, own, options, around, part.device), around)
  }
  const { keySets, coseKeys } = setting.files.token
  const jwks = keySets.at(-1)?.jwks
  const keys = jwks === undefined ? (coseKeys === undefined ? undefined : { coseKeys }) : { jwks }
  // The same files may hold the keys of tokens among the parts: they say nothing of a wrapper where there is none.
  const isWrapped = parts.some(({ recognised }) => isSigned(recognised))
  const wrapperKeys = keys === undefined || !isWrapped ? {} : { wrapperKeys: keys }
  const asked = { at: setting.at, door: judgePart, expect, waive: options.waive ?? [], ...wrapperKeys }
  const verdict = await naming(file, () => verifyComposite(evidence.bytes, asked))
  const remarks = parts.flatMap(({ name, recognised }) => remarksOf(recognised).map((one) => `${name}: ${one}`))
  const expectations = verdict.outcome === 'incomplete' ? toYaml(await skeletonOf(parts)) : undefined
  show({ verdict, verbose: options.verbose === true, remarks, expectations }, options, around)
  return EXIT_OF[verdict.outcome]
}

function show(view: VerdictView, options: VerifyOptions, around: Around): void {
  around.out(options.json === true ? `${canonicalJson(view.verdict)}\n` : renderVerdict(view, around))
}

type Setting = Pick<VerifyRequest, 'at' | 'files' | 'source' | 'trustAnchors' | 'anchorCertificates'> &
  Required<Pick<VerifyRequest, 'onMissing'>>

async function settingOf(file: string, options: VerifyOptions, around: Around): Promise<Setting> {
  const files = await readCollateral(options.collateral ?? [], around)
  const { anchors: trustAnchors, certificates } = await readAnchorFiles(options.trustAnchor, around)
  const source = options.collateral === undefined ? await sourceOf(options, trustAnchors, around) : undefined
  const onMissing = missingTold(file, options, around)
  return { at: options.at ?? around.now(), files, source, trustAnchors, anchorCertificates: certificates, onMissing }
}

/** Tells what could not be had, and where nothing may be fetched, once, the command that fetches it. */
function missingTold(file: string, options: VerifyOptions, around: Around): (what: string) => void {
  let isToldHow = options.offline !== true
  return (what) => {
    around.err(`sekisho: endorsements could not be had: ${plain(what)}\n`)
    if (isToldHow) return
    isToldHow = true
    around.err(`sekisho: nothing is fetched with --offline; this fetches it: ${fetchCommandFor(file, options)}\n`)
  }
}

/** Whether somebody else than the vendors is to be asked: whoever names a mirror knows what it has. */
function isMirrored({ pccs, kds }: VerifyOptions): boolean {
  return (pccs ?? kds) !== undefined
}

/** A log that was named on the command line is the machine's. Where no service can know of the evidence, none is asked. */
async function requestFor(
  recognised: Recognised,
  setting: Setting & Pick<VerifyRequest, 'expect' | 'waive'>,
  options: VerifyOptions,
  around: Around,
  device = false,
): Promise<VerifyRequest> {
  const { eventLog } = options
  const { evidence, companions } = recognised
  const asks = setting.source !== undefined && options.offline !== true && !isMirrored(options)
  const foreign = asks ? await foreignRootOf(recognised) : undefined
  if (foreign !== undefined)
    around.err(
      `sekisho: nothing is asked for: the evidence's own chain ends at a root that is not ${foreign}'s, and ${foreign}'s service has nothing for such a platform\n`,
    )
  return {
    ...setting,
    ...(foreign === undefined ? {} : { source: undefined }),
    evidence,
    files: await withCompanions(setting.files, companions),
    eventLog:
      eventLog === undefined || device
        ? companions.find((one) => one.kind === 'event-log')?.bytes
        : await readInput(eventLog, around),
  }
}

async function judge(file: string, door: TeeDoor, request: VerifyRequest, around: Around): Promise<Verdict> {
  return naming(file, () => judgeOrWithout(door, request, around))
}

/** Runs a verification, and words what is wrong with options or evidence for whoever typed the command. */
async function naming(file: string, verify: () => Promise<Verdict>): Promise<Verdict> {
  try {
    return await verify()
  } catch (error) {
    if (error instanceof TypeError && OPTION_FAULT.test(error.message)) throw usageError(error.message, error)
    throw namingFile(file, error)
  }
}

/** How the verifiers begin the messages of a TypeError about what the caller asked for. */
const OPTION_FAULT = /^(expectations|the check |there is no check |trust ?anchor|`?at`?\b|minTcb|acceptTcb|crls)/

// What cannot be fetched is missing, no more: the verdict says what could not be checked for want of it.
async function judgeOrWithout(door: TeeDoor, request: VerifyRequest, around: Around): Promise<Verdict> {
  try {
    return await door.verify(request)
  } catch (error) {
    if (!isCollateralError(error)) throw error
    around.err(`sekisho: endorsements could not be had: ${error.message}\n`)
    return judgeOrWithout(door, { ...request, source: undefined }, around)
  }
}
