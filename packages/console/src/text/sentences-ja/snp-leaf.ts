import type { SentencePairs } from './sentences.ts'

/** Sentences of SEV-SNP verdicts about the certificate of the chip or of the provider, in Japanese. */
export const sentences: SentencePairs = [
  ['the leaf is for another TCB: {parts;}', 'リーフは別の TCB のものです。{parts;}'],
  [
    'its {arc} is {endorsed}, and {byte} of REPORTED_TCB is {reported}',
    'リーフの {arc} は {endorsed} ですが、REPORTED_TCB の {byte} は {reported} です',
  ],
  ['{parts;}, which firmware never lets happen', '{parts;}。ファームウェアではありえないことです'],
  [
    '{byte@} of {lowName@} is {byte2#}, above {byte3#} in {highName@}',
    '{lowName@} の {byte@} は {byte2#} で、{highName@} の {byte3#} を上回っています',
  ],
  [
    "a VLEK is of a provider's fleet, not of one chip",
    'VLEK は事業者のマシン群のもので、特定のチップのものではありません',
  ],
  ['there is no VCEK', 'VCEK がありません'],
  ['the chip id in the VCEK has {count} bytes', 'VCEK のチップ ID が {count} バイトです'],
  [
    'the report masks its chip id; the VCEK that signed it names the chip',
    'レポートはチップ ID をマスクしていますが、署名した VCEK がチップを示しています',
  ],
  ['the report is of another chip than the VCEK', 'レポートは、VCEK とは別のチップのものです'],
  ['{name?} must not sign certificates, says its key usage', '{name?} の鍵用途に、証明書への署名が含まれていません'],
  [
    '{name?} allows {limit#} authorities below it, and there are {count#}',
    '{name?} が許容する下位の認証局は {limit#} ですが、{count#} あります',
  ],
]
