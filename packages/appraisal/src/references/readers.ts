import { readAzureExpectations } from '@sekisho/evidence/azure'
import { readCcaExpectations } from '@sekisho/evidence/cca'
import { readIbmSeExpectations } from '@sekisho/evidence/ibm-se'
import { readNitroExpectations } from '@sekisho/evidence/nitro'
import { readNvidiaExpectations } from '@sekisho/evidence/nvidia'
import { readPsaExpectations } from '@sekisho/evidence/psa'
import { readSevExpectations } from '@sekisho/evidence/sev'
import { readSgxExpectations } from '@sekisho/evidence/sgx'
import { readSnpExpectations } from '@sekisho/evidence/snp'
import { readTdxExpectations } from '@sekisho/evidence/tdx'
import { readTokenExpectations } from '@sekisho/evidence/token'
import { readTpmExpectations } from '@sekisho/evidence/tpm'
import { EXCHANGE_MEMBERS, type ReferenceTee } from './members.ts'

type Values = Readonly<Record<string, unknown>>
/** Checks expectations of one TEE and gives them back in one shape. @throws TypeError that names the field */
type ValuesReader = (input: Values) => object

/** Each TEE's own reader of expectations: what a set may hold is what its verifier compares. */
const READERS: Readonly<Record<ReferenceTee, ValuesReader>> = {
  sgx: readSgxExpectations,
  tdx: readTdxExpectations,
  snp: readSnpExpectations,
  sev: readSevExpectations,
  nitro: readNitroExpectations,
  cca: readCcaExpectations,
  psa: readPsaExpectations,
  tpm: readTpmExpectations,
  'azure-vtpm': readAzureValues,
  'nvidia-gpu': readNvidiaExpectations,
  'ibm-se': readIbmSeExpectations,
  token: readTokenExpectations,
}

/** Whether a word names a TEE that references are kept for. */
export function isTee(word: unknown): word is ReferenceTee {
  return typeof word === 'string' && Object.hasOwn(READERS, word)
}

/** Values of a set in one shape. @throws TypeError that names the field, below `values` */
export function readValues(tee: ReferenceTee, values: unknown): Values {
  if (typeof values !== 'object' || values === null || Array.isArray(values))
    throw new TypeError('values: expected an object of accepted values')
  const exchange = EXCHANGE_MEMBERS.find((name) => Object.hasOwn(values, name))
  if (exchange !== undefined)
    throw new TypeError(
      `values.${exchange}: belongs to one exchange, and is set by the verifier, not by a reference set`,
    )
  try {
    return { ...READERS[tee](values as Values) }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new TypeError(error.message.replace(/^expectations/, 'values'))
  }
}

// The reader of the whole leaves its parts to their verifiers: here they are checked at once.
function readAzureValues(input: Values): object {
  const read = readAzureExpectations(input)
  return {
    ...read,
    ...(read.hardware === undefined
      ? {}
      : { hardware: under('hardware', () => readHardware(partOf('hardware', read.hardware))) }),
    ...(read.vtpm === undefined ? {} : { vtpm: under('vtpm', () => readTpmExpectations(partOf('vtpm', read.vtpm))) }),
  }
}

/** Members that a checkpoint has to see: what it never allows in production must not hide in a part. */
const WHOLE_MEMBERS: readonly string[] = ['allowDebug', 'allowEmulated']

function partOf(name: string, part: object | undefined): Values {
  const values = { ...part }
  const exchange = EXCHANGE_MEMBERS.find((member) => Object.hasOwn(values, member))
  if (exchange !== undefined) throw new TypeError(`expectations.${exchange}: belongs to one exchange`)
  const whole = WHOLE_MEMBERS.find((member) => Object.hasOwn(values, member))
  if (whole !== undefined)
    throw new TypeError(`expectations.${whole}: is said of the whole evidence, outside of \`${name}\``)
  return values
}

// The guest runs under SNP or under TDX: the set is for whichever its fields fit.
function readHardware(hardware: Values): object {
  try {
    return readSnpExpectations(hardware)
  } catch (error) {
    try {
      return readTdxExpectations(hardware)
    } catch {
      throw error
    }
  }
}

function under<T>(name: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new TypeError(error.message.replace(/^expectations/, `expectations.${name}`))
  }
}
