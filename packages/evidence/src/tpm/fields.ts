import { toHex } from '../core/bytes.ts'
import type { Field } from '../core/fields.ts'
import { idText } from '../tpm-structures/algorithms.ts'
import { ATTEST, type Attest, parseAttest, TPM_GENERATED } from '../tpm-structures/attest.ts'
import { attributeNames, parsePublic } from '../tpm-structures/public-area.ts'
import { parseSignature } from '../tpm-structures/signature.ts'
import type { TpmEvidence } from './evidence.ts'

const ATTEST_SOURCE = 'TCG TPM 2.0 Library, part 2, section 10.12.12'

/** Every field of a quote, its signature and key, with its meaning. Offsets count from the start of the part. */
export function tpmFields(evidence: TpmEvidence): readonly Field[] {
  const fields: Field[] = [...attestFields(parseAttest(evidence.message), evidence.message.length)]
  const signature = parseSignature(evidence.signature)
  fields.push({
    path: 'signature.scheme',
    offset: 0,
    length: 4,
    value: `${signature.scheme} with ${signature.hash}`,
    source: 'TCG TPM 2.0 Library, part 2, section 11.3.4',
  })
  for (const [i, number] of signature.numbers.entries())
    fields.push({
      path: `signature.${signature.scheme === 'ecdsa' ? 'rs'.charAt(i) : 'value'}`,
      length: number.length,
      value: toHex(number),
    })
  if (evidence.akPublic !== undefined && evidence.akPublic[0] !== 0x30) {
    const area = parsePublic(evidence.akPublic)
    fields.push({ path: 'ak.type', value: area.type })
    fields.push({ path: 'ak.nameAlg', value: area.nameAlg })
    fields.push({
      path: 'ak.attributes',
      value: area.attributes.toString(16).padStart(8, '0'),
      meaning: attributeNames(area).join(', '),
    })
    fields.push({
      path: 'ak.scheme',
      value: area.scheme === undefined ? 'none' : `${area.scheme.name} with ${area.scheme.hash}`,
    })
    fields.push({ path: 'ak.keyBits', value: area.keyBits })
  }
  for (const [bank, values] of Object.entries(evidence.pcrs ?? {})) {
    for (const [index, value] of Object.entries(values ?? {})) fields.push({ path: `pcrs.${bank}.${index}`, value })
  }
  return fields
}

/** Every field of a TPMS_ATTEST of `length` bytes. */
export function attestFields(attest: Attest, length: number): readonly Field[] {
  const fields: Field[] = []
  let at = 0
  const add = (path: string, size: number, value: Field['value'], meaning?: string): void => {
    fields.push({
      path: `quote.${path}`,
      offset: at,
      length: size,
      value,
      source: ATTEST_SOURCE,
      ...(meaning === undefined ? {} : { meaning }),
    })
    at += size
  }
  const { clockInfo } = attest
  add(
    'magic',
    4,
    attest.magic.toString(16),
    attest.magic === TPM_GENERATED ? 'made inside of a TPM' : 'not made by a TPM',
  )
  add('type', 2, idText(attest.type), Object.entries(ATTEST).find(([, id]) => id === attest.type)?.[0] ?? 'unknown')
  add('qualifiedSigner', 2 + attest.qualifiedSigner.length, toHex(attest.qualifiedSigner))
  add('extraData', 2 + attest.extraData.length, toHex(attest.extraData), 'the nonce')
  add('clockInfo.clock', 8, clockInfo.clock.toString(), 'milliseconds')
  add('clockInfo.resetCount', 4, clockInfo.resetCount)
  add('clockInfo.restartCount', 4, clockInfo.restartCount)
  add(
    'clockInfo.safe',
    1,
    clockInfo.safe,
    clockInfo.safe ? 'the clock has not gone back' : 'the clock may have gone back',
  )
  add('firmwareVersion', 8, attest.firmwareVersion.toString(16).padStart(16, '0'))
  if (attest.quote === undefined) {
    add('attested', length - at, toHex(attest.attested))
    return fields
  }
  const { selections, pcrDigest } = attest.quote
  add('pcrSelect.count', 4, selections.length)
  for (const { bank, pcrs, size } of selections) add(`pcrSelect.${bank}`, 3 + size, pcrs.join(','))
  add('pcrDigest', 2 + pcrDigest.length, toHex(pcrDigest))
  return fields
}
