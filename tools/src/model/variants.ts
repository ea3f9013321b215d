/** One way of running the model, and the only outcome that counts as right. */
export interface Variant {
  readonly name: string
  /** What it shows, in words. */
  readonly shows: string
  /** Names defined for the model. */
  readonly defines: readonly string[]
  /** The assertion that must be violated, as the checker prints it; undefined when none may be. */
  readonly violates?: string
}

const SECRECY = '!(known[session[s].key])'
const TWICE = '(evidence[session[s].evidence].passed==1)'

/** The whole protocol, then the protocol without one of its checks at a time. */
export const VARIANTS: readonly Variant[] = [
  { name: 'complete', shows: 'no secret goes astray', defines: ['SESSIONS=3'] },
  {
    name: 'reach',
    shows: 'the approved guest does get its secret',
    defines: ['REACH'],
    violates: '(session[s].key!=2)',
  },
  attack('NO_NONCE', 'old evidence is replayed for a key that is out by now'),
  attack('NO_BINDING', "the network puts its own key beside the guest's evidence"),
  attack('NO_MEASUREMENT', 'a genuine TEE that runs something else is served'),
  attack('NO_EXPIRY', 'a session outlives the machine that it was opened for'),
  attack('GUESSABLE_NONCE', 'evidence is collected in advance'),
  {
    name: 'NO_SINGLE_USE',
    shows: 'the same evidence passes twice',
    defines: ['NO_SINGLE_USE', 'REPLAY_ONLY'],
    violates: TWICE,
  },
  {
    name: 'NO_MARK',
    shows: 'a clock that jumps ahead and back lets the same evidence pass twice',
    defines: ['NO_MARK', 'REPLAY_ONLY', 'SESSIONS=1'],
    violates: TWICE,
  },
]

function attack(removed: string, shows: string): Variant {
  return { name: removed, shows, defines: [removed, 'SECRECY_ONLY'], violates: SECRECY }
}

/** What the checker says when it did not look at every state; then an outcome means nothing. */
const INCOMPLETE: readonly RegExp[] = [
  /max search depth too small/,
  /out of memory/i,
  /search (?:was )?not completed/i,
  /memory limit|memory bound/i,
  /hash.?compact|bit ?statespace/i,
]

/** Why the checker's output is not the expected outcome of a variant; undefined when it is. */
export function unexpected({ violates }: Variant, output: string): string | undefined {
  const errors = /errors: (\d+)/.exec(output)?.[1]
  if (errors === undefined) return 'the checker did not come to an end'
  const violated = /assertion violated\s+(.*?)\s+\(at depth/.exec(output)?.[1]
  if (violates !== undefined) {
    if (errors === '0') return 'no attack was found'
    return violated === violates ? undefined : `another error was found: ${violated ?? 'not a violated assertion'}`
  }
  if (errors !== '0') return `an error was found: ${violated ?? 'not a violated assertion'}`
  // An option of the build, shown in the summary of every run, is not a complaint.
  if (INCOMPLETE.some((words) => words.test(output.replace(/^.*Full statespace search.*$/gm, '')))) {
    return 'not every state was looked at'
  }
  return /Full statespace search/.test(output) ? undefined : 'not every state was looked at'
}
