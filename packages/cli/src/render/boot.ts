import type { Claims, Verdict } from '@sekisho/evidence'
import type { BootClaims, BootFile, BootProgram } from '@sekisho/evidence/tpm'
import type { Paper } from './paper.ts'

const MAX_LINES = 16
const NAME_WIDTH = 21

const WINDOWS = [
  ['vbs', 'VBS'],
  ['hvci', 'HVCI'],
  ['elam', 'ELAM'],
  ['codeIntegrity', 'code integrity'],
  ['bootDebugging', 'boot debugging'],
  ['kernelDebugging', 'kernel debugging'],
  ['testSigning', 'test signing'],
  ['safeMode', 'safe mode'],
] as const

/** What event logs prove of a boot, in words: of the evidence, and of each part that has a log. */
export function writeBoots(paper: Paper, verdict: Verdict): void {
  const claims: Claims & { readonly boot?: BootClaims } = verdict.claims
  if (claims.boot !== undefined) writeBoot(paper, claims.boot, verdict.authenticity)
  for (const part of verdict.parts ?? []) writeBoots(paper, part.verdict)
}

function writeBoot(paper: Paper, boot: BootClaims, authenticity: Verdict['authenticity']): void {
  paper.heading('What the event log says')
  if (authenticity !== 'proven') paper.line(2, 2, `the quote that it rests on is ${authenticity}`)
  const proven = boot.provenPcrs.join(', ') || 'none'
  const counts = `what was measured into PCR ${proven}, which are quoted and replay (${boot.bank})`
  paper.entry(2, NAME_WIDTH, 'counts', counts)
  writeFacts(paper, boot)
}

/** What a log says, whether or not something vouches for it. */
export type LoggedBoot = Pick<
  BootClaims,
  'secureBoot' | 'secureBootKeys' | 'programs' | 'texts' | 'textsLeftOut' | 'leftFirmware' | 'windows'
> & {
  /** Verdicts that were stored before these were claimed have none. */
  readonly files?: BootClaims['files']
}

/** Facts of a log in words, one below the other. */
export function writeFacts(paper: Paper, boot: LoggedBoot): void {
  const { secureBoot, secureBootKeys, windows } = boot
  const entry = (name: string, value: string): void => void paper.entry(2, NAME_WIDTH, name, value)
  const entries = (name: string, values: readonly string[]): void => {
    values.slice(0, MAX_LINES).forEach((value, at) => {
      entry(at === 0 ? name : '', value)
    })
    if (values.length > MAX_LINES) entry('', `and ${values.length - MAX_LINES} more, which --json shows`)
  }
  entry('Secure Boot', secureBoot === undefined ? 'not proven' : secureBoot ? 'on' : 'off')
  for (const [name, { certificates, hashes }] of Object.entries(secureBootKeys))
    entry(`  ${name}`, [...certificates, ...(hashes > 0 ? [`${hashes} hashes`] : [])].join(', ') || 'empty')
  entries(
    'programs',
    boot.programs.map((one) => measuredText(one, one.claimedPath)),
  )
  entries(
    'files',
    (boot.files ?? []).map((one) => measuredText(one, one.claimedName)),
  )
  entries(
    'texts',
    boot.texts.map(({ pcr, kind, text }) => `PCR ${pcr} ${kind}: ${text}`),
  )
  if (boot.textsLeftOut !== undefined) entry('', `and ${boot.textsLeftOut} more texts, which are not kept`)
  if (windows !== undefined) {
    for (const [member, name] of WINDOWS) entry(name, `${windows[member].state}: ${windows[member].because}`)
    if (windows.bitlocker.length > 0) entry('BitLocker', windows.bitlocker.join(', '))
  }
  if (!boot.leftFirmware) entry('', 'the log ends before the firmware was left: it may be cut')
}

/** Something that was measured, and what nothing but the log says of it. */
function measuredText({ pcr, digest, claimedOther }: BootProgram | BootFile, claimed: string | undefined): string {
  const says = claimed === undefined ? '' : `, says it is ${claimed} (not measured)`
  return `PCR ${pcr} ${digest}${says}${claimedOther === true ? ', which the log calls something else' : ''}`
}
