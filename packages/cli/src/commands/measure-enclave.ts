import { canonicalJson, toHex } from '@sekisho/evidence'
import {
  type EifMeasurement,
  type EifSigner,
  type ImageBytes,
  measureEif,
  type NitroPlace,
  nitroExpectationsFrom,
  nitroPcr3,
  nitroPcr4,
} from '@sekisho/measurement'
import type { Around } from '../around.ts'
import { EXIT, usageError } from '../exit.ts'
import { renderEnclaveImage } from '../render/enclave-image.ts'
import { sourceOf } from './image-file.ts'
import { writeOutput } from './output.ts'

/** Options for an enclave image. */
export interface EnclaveOptions {
  readonly json?: true
  readonly at?: Date
  readonly expectOut?: string
  readonly roleArn?: string
  readonly instanceId?: string
}

/** Longest image, in bytes: 64 GiB. Files are read through, and never held in memory. */
const MAX_IMAGE = 64 * 1024 ** 3

/**
 * What an AWS Nitro enclave measures of an image.
 *
 * @returns 1 when the image's own signature does not hold
 */
export async function measureEnclave(
  file: string,
  image: ImageBytes,
  options: EnclaveOptions,
  around: Around,
): Promise<number> {
  const place = await placeOf(options)
  const measured = await measureEif(image, { at: options.at ?? around.now(), maxSize: MAX_IMAGE })
  const holds = measured.signature !== 'invalid'
  const expectations = holds
    ? { tee: 'nitro', source: sourceOf(file), ...nitroExpectationsFrom(measured, place) }
    : undefined
  if (options.expectOut !== undefined && expectations !== undefined)
    await writeOutput(options.expectOut, `${canonicalJson(expectations)}\n`, around)
  if (options.expectOut === '-' && holds) return EXIT.ok
  if (options.json === true)
    around.out(`${canonicalJson({ ...jsonOf(measured), ...place, expectations: expectations ?? null })}\n`)
  else around.out(renderEnclaveImage({ measured, place, expectations }, around))
  return holds ? EXIT.ok : EXIT.rejected
}

async function placeOf({ roleArn, instanceId }: EnclaveOptions): Promise<NitroPlace> {
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
