import { canonicalJson } from '@sekisho/evidence'
import { decodeCbor, readSign1 } from '@sekisho/evidence/cbor'
import { readCorim } from '@sekisho/evidence/cca'
import { type CorimReading, corimProfiles, readCorimReferences, vendorOf } from '@sekisho/evidence/corim'
import type { Around } from '../around.ts'
import { EXIT, usageError } from '../exit.ts'
import { isSignedCorim } from '../options/corim-file.ts'
import { toYaml } from '../render/yaml.ts'
import { inFile } from './evidence-file.ts'

/** Options of `sekisho inspect` as far as CoRIMs go. */
interface CorimOptions extends CorimReading {
  readonly json?: true
  readonly asExpectations?: true
}

/** What is shown of a CoRIM. */
type Shown = Readonly<Record<string, unknown>>

/**
 * Shows a CoRIM: its profile, when it counts, and each set of values with where it stands; of AMD's and Intel's profiles
 * also what no expectation holds, and what is for other environments. A signature is not asked about.
 */
export function inspectCorim(file: string, bytes: Uint8Array, options: CorimOptions, around: Around): number {
  if (options.asExpectations === true)
    throw usageError(
      `${file}: a CoRIM is no evidence: give it to \`verify --expect\`, or import it (\`reference import\`)`,
    )
  const shown = inFile(file, () => shownOf(bytes, options))
  around.out(
    options.json === true ? `${canonicalJson(shown)}\n` : `# a CoRIM: reference values, unverified\n${toYaml(shown)}`,
  )
  return EXIT.ok
}

function shownOf(bytes: Uint8Array, reading: CorimReading): Shown {
  const signed = isSignedCorim(bytes)
  const content = signed
    ? readSign1(bytes, decodeCbor(bytes, { field: 'corim', maxItems: 256 }), 'corim').payload
    : bytes
  const profiles = corimProfiles(content)
  const about = { signed, profiles }
  return vendorOf(profiles) === 'arm' ? { ...about, ...armOf(content) } : { ...about, ...guestsOf(content, reading) }
}

function guestsOf(content: Uint8Array, { without, tdClass }: CorimReading): Shown {
  const { references, unusable, unread, from, until } = readCorimReferences(content, {
    ...(without === undefined ? {} : { without }),
    ...(tdClass === undefined ? {} : { tdClass }),
  })
  return {
    ...windowOf(from, until),
    references: references.map(({ tee, at, values }) => ({ tee, at, values })),
    unusable: unusable.map(({ message }) => message),
    unread,
  }
}

function armOf(content: Uint8Array): Shown {
  const { error, from, until, keys = [], platforms = [], realms = [] } = readCorim(content)
  if (error !== undefined) throw error
  return {
    ...windowOf(from, until),
    keys: keys.map(({ implementationId, instanceId }) => present({ implementationId, instanceId })),
    platforms: platforms.map(({ components, configuration, ...one }) =>
      present({
        ...one,
        components: components.map(present),
        configuration: configuration === undefined ? undefined : present(configuration),
      }),
    ),
    realms: realms.map(({ extensibleMeasurements, ...one }) =>
      present({
        ...one,
        ...Object.fromEntries(extensibleMeasurements.map((value, i) => [`rem${i}`, value])),
      }),
    ),
  }
}

function windowOf(from: number | undefined, until: number | undefined): Shown {
  return present({
    validFrom: from === undefined ? undefined : new Date(from).toISOString(),
    validUntil: until === undefined ? undefined : new Date(until).toISOString(),
  })
}

function present(members: object): Shown {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}
