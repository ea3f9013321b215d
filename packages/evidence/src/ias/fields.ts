import { toHex } from '../core/bytes.ts'
import type { Field } from '../core/fields.ts'
import type { IasEvidence } from './archive.ts'

const API = 'API version 4, section 4.2'

/** Every field of a report, for people. */
export function iasFields({ report, signature, chain }: IasEvidence): readonly Field[] {
  const { quote } = report
  const texts: readonly (readonly [string, string | undefined])[] = [
    ['id', report.id],
    ['timestamp', report.timestamp],
    ['isvEnclaveQuoteStatus', report.status],
    ['advisoryIDs', report.advisories?.join(', ')],
    ['nonce', report.nonce],
    ['platformInfoBlob', report.platformInfoBlob],
    ['epidPseudonym', report.epidPseudonym],
    ['signature', signature === undefined ? undefined : toHex(signature)],
    ['signingCertificate', chain[0]?.subject.commonName],
  ]
  const body = Object.entries(quote.report).filter(([name]) => !name.startsWith('reserved'))
  return [
    { path: 'report.version', value: report.version, source: API },
    ...texts.flatMap(([name, value]) =>
      value === undefined ? [] : [{ path: `report.${name}`, value: value.slice(0, 512), source: API }],
    ),
    { path: 'quote.version', value: quote.version },
    { path: 'quote.signType', value: quote.signType, meaning: quote.signType === 1 ? 'linkable' : 'unlinkable' },
    { path: 'quote.epidGroupId', value: toHex(quote.groupId) },
    { path: 'quote.qeSvn', value: quote.qeSvn },
    { path: 'quote.pceSvn', value: quote.pceSvn },
    { path: 'quote.basename', value: toHex(quote.basename) },
    ...body.map(([name, value]) => ({
      path: `quote.report.${name}`,
      value: typeof value === 'number' ? value : toHex(value),
    })),
  ]
}
