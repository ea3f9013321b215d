import { EvidenceError, type Tee } from '@sekisho/evidence'
import { type CorimReferences, readCorimReferences } from '@sekisho/evidence/corim'
import { unreadable, usageError } from '../exit.ts'
import type { Expectations } from '../tee/door.ts'
import type { ExpectationFile } from './expectation-file.ts'

/**
 * Expectations of an unsigned CoRIM of AMD's or Intel's profile. It must be in date, all that it says of guests and
 * enclaves must be comparable, and it must have one set of values for the kind of evidence.
 *
 * @throws CliError (unreadable) for a CoRIM that says more than can be compared, or is not in date
 */
export function corimExpectations(path: string, bytes: Uint8Array, at: Date): ExpectationFile {
  const { references, unusable, from, until } = read(path, bytes)
  const [fault] = unusable
  if (fault !== undefined) throw unreadable(`${path}: values that cannot be compared: ${fault.message}`)
  if (from !== undefined && at.getTime() < from)
    throw unreadable(`${path}: the CoRIM is valid from ${new Date(from).toISOString()} on only`)
  if (until !== undefined && at.getTime() > until)
    throw unreadable(`${path}: the CoRIM was valid until ${new Date(until).toISOString()}`)
  const valuesFor = (tee: Tee): Expectations => {
    const [first, second] = references.filter((one) => one.tee === tee)
    if (first === undefined) throw usageError(`${path}: the CoRIM has no reference values for ${tee}`)
    if (second !== undefined)
      throw usageError(
        `${path}: the CoRIM has several sets of values for ${tee}: import it at a checkpoint, which chooses`,
      )
    return first.values
  }
  return {
    for: valuesFor,
    split: () => ({
      common: {},
      tees: Object.fromEntries([...new Set(references.map(({ tee }) => tee))].map((tee) => [tee, valuesFor(tee)])),
    }),
  }
}

function read(path: string, bytes: Uint8Array): CorimReferences {
  try {
    return readCorimReferences(bytes)
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    throw unreadable(`${path}: ${error.code}: ${error.message}`, error)
  }
}
