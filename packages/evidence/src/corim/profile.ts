import type { CborItem } from '../cbor/item.ts'
import { textOf, wrongItem } from '../cbor/typed.ts'
import { oidOf } from '../x509/der.ts'

const TAG = { uri: 32, oid: 111 } as const
const MAX_PROFILES = 8
const MAX_URI = 512

/** AMD's profile, as its second draft and Veraison's tools spell it. Of `http://amd.com/please-permalink-me` drafts gave several meanings. */
export const AMD_PROFILES: readonly string[] = [
  'tag:amd.com,2024:snp-corim-profile',
  'http://amd.com/2024/snp-corim-profile',
]
/** Intel's profile. */
export const INTEL_PROFILE = '2.16.840.1.113741.1.16.1'

/** What the profiles of Arm's endorsements begin with. */
const ARM = /^(?:tag:arm\.com,|https?:\/\/arm\.com\/|tag:psacertified\.org,)/

/** Whose profile a CoRIM follows: `arm` also where it names none, as old ones do; undefined for others, and for several. */
export function vendorOf(profiles: readonly string[]): 'amd' | 'arm' | 'intel' | undefined {
  if (profiles.every((one) => ARM.test(one))) return 'arm'
  const [only, second] = profiles
  if (only === undefined || second !== undefined) return undefined
  return AMD_PROFILES.includes(only) ? 'amd' : only === INTEL_PROFILE ? 'intel' : undefined
}

/** The profiles that are read, for errors. */
export const KNOWN_PROFILES: string = `one of ${[...AMD_PROFILES, INTEL_PROFILE].join(', ')}, or Arm's (tag:arm.com,…)`

/** One profile, or the list that earlier drafts had. @throws EvidenceError */
export function readProfiles(item: CborItem | undefined): readonly string[] {
  if (item === undefined) return []
  if (item.type !== 'array') return [readProfile(item, 'corim.profile')]
  if (item.items.length === 0 || item.items.length > MAX_PROFILES)
    throw wrongItem(item, 'corim.profile', `1 to ${MAX_PROFILES} profiles`)
  return item.items.map((one, i) => readProfile(one, `corim.profile[${i}]`))
}

function readProfile(item: CborItem, at: string): string {
  if (item.type === 'text') return textOf(item, at, 1, MAX_URI)
  if (item.type === 'tag' && item.tag === TAG.uri) return textOf(item.item, at, 1, MAX_URI)
  const oid =
    item.type === 'tag' && item.tag === TAG.oid && item.item.type === 'bytes' ? oidOf(item.item.value) : undefined
  if (oid === undefined) throw wrongItem(item, at, 'a URI (tag 32) or an OID (tag 111)')
  return oid
}
