import { CLAIMS } from '@sekisho/appraisal/claims'

/** One member that policies can name below `context`. */
export interface Claim {
  /** `tcb.status` */
  readonly path: string
  /** In Cedar's words; `Record` for what has members of its own. */
  readonly type: string
  readonly optional: boolean
  readonly meaning: string
  /** What it is compared with, where that is known. */
  readonly values: readonly string[]
}

/** Intel's words (Intel SGX and TDX TCB info, `tcbStatus`). */
const TCB_STATUSES: readonly string[] = [
  'UpToDate',
  'SWHardeningNeeded',
  'ConfigurationNeeded',
  'ConfigurationAndSWHardeningNeeded',
  'OutOfDate',
  'OutOfDateConfigurationNeeded',
  'Revoked',
]

/** The claims of the schema that the checkpoint checks policies against, with what is known of each. */
export function claimsOf(schema: string): readonly Claim[] {
  const claims: Claim[] = []
  const inside: string[] = []
  let isContext = false
  for (const line of schema.split('\n')) {
    if (!isContext) isContext = /\bcontext:\s*\{/.test(line)
    else if (/^\s*\}/.test(line)) {
      if (inside.pop() === undefined) return claims
    } else {
      const [, name = '', mark, type = ''] = /^\s*(\w+)(\?)?:\s*(\{|[\w<>]+)/.exec(line) ?? []
      if (name === '') continue
      const path = [...inside, name].join('.')
      claims.push({ path, type: type === '{' ? 'Record' : type, optional: mark === '?', ...knownOf(path) })
      if (type === '{') inside.push(name)
    }
  }
  return claims
}

function knownOf(path: string): Pick<Claim, 'meaning' | 'values'> {
  const row = CLAIMS.find((one) => one.path === path)
  if (row === undefined) return { meaning: '', values: [] }
  if (path === 'tcb.status') return { meaning: row.meaning, values: TCB_STATUSES }
  return { meaning: row.meaning, values: row.values ?? examplesIn(path, row.meaning) }
}

/** The documentation gives some values as examples: they are offered, and are not all that there are. */
function examplesIn(path: string, meaning: string): readonly string[] {
  if (path !== 'vendor' && path !== 'product') return []
  return [...meaning.matchAll(/`(\w+)`/g)].map(([, word = '']) => word)
}
