import { canonicalJson } from '../core/canonical.ts'
import { EvidenceError, refuse } from '../core/errors.ts'
import { amdReference, isAmdClass } from './amd.ts'
import { type ReferenceTriple, readCorimDocument } from './document.ts'
import { type IntelKind, intelKind, intelValues, withSeam } from './intel.ts'
import { type CorimReading, type CorimReference, type CorimReferences, LeftOut } from './model.ts'
import { KNOWN_PROFILES, vendorOf } from './profile.ts'

/**
 * Reads reference values of SNP guests, SGX enclaves and TDs out of an unsigned CoRIM of AMD's or Intel's profile. Each
 * triple for one of these makes one set of expectations, in which everything is compared that the triple says; values
 * for other classes are named and count for nothing.
 *
 * @throws EvidenceError for what is no CoRIM of such a profile, and where `without` names a measurement that it has not
 * @see draft-ietf-rats-corim; draft-deeglaze-amd-sev-snp-corim-profile-02; draft-cds-rats-intel-corim-profile
 */
export function readCorimReferences(bytes: Uint8Array, { without = [], tdClass }: CorimReading = {}): CorimReferences {
  const { profiles, triples, unread, from, until } = readCorimDocument(new Uint8Array(bytes))
  const vendor = vendorOf(profiles)
  const [profile] = profiles
  if (profile === undefined || (vendor !== 'amd' && vendor !== 'intel'))
    throw refuse('corim.profile', profilesText(profiles), KNOWN_PROFILES, 0, 'unsupported-kind')
  const left = new LeftOut(without)
  const { references, ...found } =
    vendor === 'amd' ? amdReferences(triples, left) : intelReferences(triples, left, tdClass)
  const [stranger] = left.unmet()
  if (stranger !== undefined && found.unusable.length === 0)
    throw refuse(
      'corim',
      `no measurement ${stranger.slice(0, 64)} to leave out`,
      'names of measurements that are there',
    )
  return {
    profile,
    ...(from === undefined ? {} : { from }),
    ...(until === undefined ? {} : { until }),
    references,
    unusable: found.unusable,
    unread: [...unread, ...found.unread],
  }
}

function profilesText(profiles: readonly string[]): string {
  return profiles.length === 0 ? 'no profile' : `the profile ${profiles.join(', ').slice(0, 128)}`
}

type Found = Pick<CorimReferences, 'references' | 'unusable' | 'unread'>

function amdReferences(triples: readonly ReferenceTriple[], left: LeftOut): Found {
  const others = triples.filter(({ environment }) => !isAmdClass(environment.class?.id))
  const { read, unusable } = attempts(
    triples.filter((triple) => !others.includes(triple)),
    (triple) => amdReference(triple, left),
  )
  return { references: ofEitherKey(read), unusable, unread: others.map(pathOf) }
}

/** One set for guests of whom a CoRIM says the same under a chip's own key and under a provider's. */
function ofEitherKey(references: readonly CorimReference[]): readonly CorimReference[] {
  const kinds = new Map<string, { readonly reference: CorimReference; readonly keys: Set<unknown> }>()
  for (const reference of references) {
    const { signingKey, ...values } = reference.values
    const text = canonicalJson(values)
    const known = kinds.get(text) ?? { reference, keys: new Set() }
    kinds.set(text, known)
    known.keys.add(signingKey)
  }
  return [...kinds.values()].map(({ reference, keys }) => {
    const { signingKey: _, ...values } = reference.values
    return keys.size === 1 ? reference : { ...reference, values }
  })
}

function intelReferences(triples: readonly ReferenceTriple[], left: LeftOut, tdClass: string | undefined): Found {
  const kinds = triples.map(({ environment }) => intelKind(environment.class?.id, tdClass))
  const of = (kind: IntelKind): readonly ReferenceTriple[] => triples.filter((_, i) => kinds[i] === kind)
  const workloads = (['sgx', 'tdx'] as const).map((tee) =>
    attempts(of(tee), (triple): CorimReference => ({ tee, at: triple.at, values: intelValues(triple, tee, left) })),
  )
  const modules = attempts(of('seam'), (triple) => intelValues(triple, 'seam', left))
  return {
    references: withSeam(
      workloads.flatMap(({ read }) => read),
      modules.read,
    ),
    unusable: [...workloads, modules].flatMap(({ unusable }) => unusable),
    unread: triples.filter((_, i) => kinds[i] === undefined).map(pathOf),
  }
}

function pathOf({ at, environment }: ReferenceTriple): string {
  return `${at} (class ${environment.class?.id?.slice(0, 64) ?? 'without an id'})`
}

function attempts<T>(
  triples: readonly ReferenceTriple[],
  reader: (triple: ReferenceTriple) => T,
): { readonly read: readonly T[]; readonly unusable: readonly EvidenceError[] } {
  const read: T[] = []
  const unusable: EvidenceError[] = []
  for (const triple of triples) {
    try {
      read.push(reader(triple))
    } catch (error) {
      if (!(error instanceof EvidenceError)) throw error
      unusable.push(error)
    }
  }
  return { read, unusable }
}
