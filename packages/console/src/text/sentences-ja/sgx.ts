import type { SentencePairs } from './sentences.ts'

/** Sentences of SGX verdicts, in Japanese. */
export const sentences: SentencePairs = [
  [
    'the enclave has access to provisioning keys, which identify the platform',
    'エンクレーブが、プラットフォームを特定できるプロビジョニング鍵を利用できます',
  ],
  ['run an enclave without the attribute PROVISION_KEY', '属性 PROVISION_KEY のないエンクレーブを動かしてください'],
  ['you name no signer to tell products of', '製品を区別する署名者の指定はありません'],
  ['the product id (ISVPRODID)', '製品 ID（ISVPRODID）'],
  [
    'say the lowest version that you accept with `minSvn`; this one is {isvSvn}',
    '許容する下限のバージョンを `minSvn` に指定してください。このエンクレーブは {isvSvn} です',
  ],
  [
    'the version is {actual}, you ask for {floor} or later',
    'バージョンは {actual} です。指定された下限は {floor} です',
  ],
  [
    'run version {floor} or later, or lower `{option}`',
    'バージョン {floor} 以降を動かすか、`{option}` を下げてください',
  ],
  ['the launch measurement (MRENCLAVE)', '起動時の測定値（MRENCLAVE）'],
  ['the measurement (MRENCLAVE)', '測定値（MRENCLAVE）'],
  ['the signer (MRSIGNER)', '署名者（MRSIGNER）'],
]
