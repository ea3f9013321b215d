import { basename } from 'node:path'
import { canonicalJson, toHex } from '@sekisho/evidence'
import {
  type EifMeasurement,
  type EifSigner,
  measureEif,
  type NitroPlace,
  nitroExpectationsFrom,
  nitroPcr3,
  nitroPcr4,
  recogniseImage,
} from '@sekisho/measurement'
import type { Around } from '../around.ts'
import { EXIT, unreadable, usageError } from '../exit.ts'
import { inWords } from '../input.ts'
import { renderMeasurement } from '../render/measurement.ts'
import { namingFile } from './evidence-file.ts'
import { imageBytes, withHead } from './image-file.ts'
import { writeOutput } from './output.ts'

/** Options of `sekisho measure`. */
export interface MeasureOptions {
  readonly json?: true
  readonly at?: Date
  readonly expectOut?: string
  readonly roleArn?: string
  readonly instanceId?: string
}

/** Longest image, in bytes: 64 GiB. Files are read through, and never held in memory. */
const MAX_IMAGE = 64 * 1024 ** 3

/**
 * `sekisho measure`: what a TEE will measure of an image.
 *
 * @returns 1 when the image's own signature does not hold
 */
export async function measureCommand(file: string, options: MeasureOptions, around: Around): Promise<number> {
  const place = await placeOf(options)
  const measured = await measure(file, options.at ?? around.now(), around)
  const holds = measured.signature !== 'invalid'
  const expectations = holds
    ? { tee: 'nitro', source: sourceOf(file), ...nitroExpectationsFrom(measured, place) }
    : undefined
  if (options.expectOut !== undefined && expectations !== undefined)
    await writeOutput(options.expectOut, `${canonicalJson(expectations)}\n`, around)
  if (options.expectOut === '-' && holds) return EXIT.ok
  if (options.json === true)
    around.out(`${canonicalJson({ ...jsonOf(measured), ...place, expectations: expectations ?? null })}\n`)
  else around.out(renderMeasurement({ measured, place, expectations }, around))
  return holds ? EXIT.ok : EXIT.rejected
}

function sourceOf(file: string): string {
  return file === '-' ? 'standard input' : basename(file)
}

async function placeOf({ roleArn, instanceId }: MeasureOptions): Promise<NitroPlace> {
  try {
    return {
      ...(roleArn === undefined ? {} : { pcr3: toHex(await nitroPcr3(roleArn)) }),
      ...(instanceId === undefined ? {} : { pcr4: toHex(await nitroPcr4(instanceId)) }),
    }
  } catch (error) {
    if (error instanceof TypeError) throw usageError(error.message, error)
    throw error
  }
}

async function measure(file: string, at: Date, around: Around): Promise<EifMeasurement> {
  const pieces = imageBytes(file, around)
  try {
    const { head, image } = await withHead(pieces)
    if (recogniseImage(head) === undefined) throw notAnImage(file)
    return await measureEif(image, { at, maxSize: MAX_IMAGE })
  } catch (error) {
    throw namingFile(file, inWords(file, error))
  } finally {
    await pieces.return(undefined)
  }
}

function notAnImage(file: string): Error {
  return unreadable(
    `${file === '-' ? 'standard input' : file}: no image that this version measures; it measures AWS Nitro enclave image files, which begin with \`.eif\` (evidence is for \`sekisho inspect\`)`,
  )
}

function jsonOf({ sections, defaultMemory, defaultCpus, metadata, signers, ...rest }: EifMeasurement): object {
  return {
    ...rest,
    defaultMemory: String(defaultMemory),
    defaultCpus: String(defaultCpus),
    metadata: metadata?.all ?? null,
    sections: sections.map(({ sha384, ...section }) => ({ ...section, sha384: toHex(sha384) })),
    signers: signers.map(signerJson),
  }
}

function signerJson({ certificate, notBefore, notAfter, ...signer }: EifSigner): object {
  return {
    ...signer,
    notBefore: notBefore.toISOString(),
    notAfter: notAfter.toISOString(),
    certificate: Buffer.from(certificate).toString('base64'),
  }
}
