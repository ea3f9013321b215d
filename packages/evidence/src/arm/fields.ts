import type { CoseSign1 } from '../cbor/sign1.ts'
import { toHex } from '../core/bytes.ts'
import type { Field } from '../core/fields.ts'
import type { SoftwareComponent } from './components.ts'

/** Makes fields of byte strings that are views on the input, with their offset from its start. */
export type Placer = (path: string, value: Uint8Array, meaning?: string) => Field

/** A placer for views on the same input as a token's payload. */
export function placer(cose: CoseSign1, source: string): Placer {
  const base = cose.payload.byteOffset - cose.payloadOffset
  return (path, value, meaning) => ({
    path,
    offset: value.byteOffset - base,
    length: value.length,
    value: toHex(value),
    ...(meaning === undefined ? {} : { meaning }),
    source,
  })
}

/** Fields of the components of a token's firmware. */
export function componentFields(
  components: readonly SoftwareComponent[],
  path: string,
  placed: Placer,
): readonly Field[] {
  return components.flatMap(({ type, version, measurement, signerId, hashAlgorithm }, i) => {
    const at = `${path}.software-components[${i}]`
    const text = (name: string, value: string | undefined): readonly Field[] =>
      value === undefined ? [] : [{ path: `${at}.${name}`, value }]
    return [
      ...text('type', type),
      ...text('version', version),
      placed(`${at}.measurement`, measurement),
      ...(signerId === undefined ? [] : [placed(`${at}.signer-id`, signerId)]),
      ...text('hash-algorithm', hashAlgorithm),
    ]
  })
}
