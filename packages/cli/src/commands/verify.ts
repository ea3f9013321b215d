import { isCollateralError } from '@sekisho/collateral/requests'
import { canonicalJson, type Verdict } from '@sekisho/evidence'
import type { Around } from '../around.ts'
import { EXIT, usageError } from '../exit.ts'
import { readInput } from '../input.ts'
import { readAnchors } from '../options/anchors.ts'
import { readCollateral, withCompanions } from '../options/collateral-files.ts'
import { type ExpectationFlags, expectationsOfFlags, readExpectationFile } from '../options/expectations.ts'
import { remarksOf } from '../render/fields.ts'
import { renderVerdict } from '../render/verdict.ts'
import { toYaml } from '../render/yaml.ts'
import type { Expectations, TeeDoor, VerifyRequest } from '../tee/door.ts'
import { doorOf } from '../tee/doors.ts'
import { namingFile, readEvidence } from './evidence-file.ts'
import { type NetworkFlags, sourceOf } from './source.ts'

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
  const recognised = await readEvidence(file, around)
  const door = await doorOf(recognised.tee)
  const given = await readCollateral(options.collateral ?? [], around)
  const trustAnchors = await readAnchors(options.trustAnchor, around)
  const source =
    options.collateral === undefined && options.offline !== true
      ? await sourceOf(options, trustAnchors, around)
      : undefined
  const expect: Expectations = {
    ...(options.expect === undefined ? {} : (await readExpectationFile(options.expect, around)).for(recognised.tee)),
    ...expectationsOfFlags(options),
  }
  const request: VerifyRequest = {
    evidence: recognised.evidence,
    at: options.at ?? around.now(),
    files: await withCompanions(given, recognised.companions),
    source,
    expect,
    waive: options.waive ?? [],
    trustAnchors,
    eventLog:
      options.eventLog === undefined
        ? recognised.companions.find((one) => one.kind === 'event-log')?.bytes
        : await readInput(options.eventLog, around),
  }
  const verdict = await judge(file, door, request, around)
  if (options.json === true) around.out(`${canonicalJson(verdict)}\n`)
  else {
    const expectations = verdict.outcome === 'incomplete' ? toYaml(door.skeleton(recognised.evidence)) : undefined
    around.out(
      renderVerdict(
        { verdict, verbose: options.verbose === true, remarks: remarksOf(recognised), expectations },
        around,
      ),
    )
  }
  return EXIT_OF[verdict.outcome]
}

async function judge(file: string, door: TeeDoor, request: VerifyRequest, around: Around): Promise<Verdict> {
  try {
    return await door.verify(request)
  } catch (error) {
    if (isCollateralError(error)) return withoutSource(file, door, request, error, around)
    if (error instanceof TypeError && OPTION_FAULT.test(error.message)) throw usageError(error.message, error)
    throw namingFile(file, error)
  }
}

/** How the verifiers begin the messages of a TypeError about what the caller asked for. */
const OPTION_FAULT = /^(expectations|the check |there is no check |trust ?anchor|`?at`?\b|minTcb|acceptTcb)/

// What cannot be fetched is missing, no more: the verdict says what could not be checked for want of it.
function withoutSource(
  file: string,
  door: TeeDoor,
  request: VerifyRequest,
  error: Error,
  around: Around,
): Promise<Verdict> {
  around.err(`sekisho: endorsements could not be had: ${error.message}\n`)
  return judge(file, door, { ...request, source: undefined }, around)
}
