import type { SentencePairs } from './sentences.ts'

/** Sentences of CCA verdicts, in Japanese. */
export const sentences: SentencePairs = [
  ['the platform is in its secured state', 'プラットフォームは保護状態にあります'],
  [
    "parts outside of CCA's own platform are being debugged, and you allowed it with `allowDebug`",
    'CCA 自体のプラットフォーム以外の部分がデバッグ中ですが、`allowDebug` で許可されています',
  ],
  [
    'the platform is in the state {state}: it does not protect realms',
    'プラットフォームの状態が {state} で、レルムを保護していません',
  ],
  [
    "the platform is in the state {state}: it does not protect realms from parts outside of CCA's own platform",
    'プラットフォームの状態が {state} で、CCA 自体のプラットフォーム以外の部分からレルムを保護していません',
  ],
  [
    'use a platform that its owner has brought into the secured state',
    '所有者が保護状態にしたプラットフォームを使ってください',
  ],
  ['the initial measurement of the realm (RIM)', 'レルムの初期測定値（RIM）'],
  ['the personalization value', 'パーソナライゼーション値'],
  ['the nonce of the key attestation', '鍵アテステーションのノンス'],
  [
    'the challenge is the digest of the key attestation, and is checked against it',
    'チャレンジは鍵アテステーションのダイジェストで、鍵アテステーションと照合します',
  ],
  [
    'whoever gave you the key of the platform and its reference values speaks for the maker of the device, and the maker keeps its keys secret',
    'プラットフォームの鍵と参照値の提供元がデバイスの製造元を代表しており、製造元が鍵を守っている',
  ],
  [
    'a CCA token says nothing about memory encryption or integrity',
    'CCA トークンは、メモリの暗号化や完全性について何も示しません',
  ],
  ['what the realm has loaded after its start is honest', 'レルムが起動後に読み込んだものが誠実である'],
  ['{open} were extended by the realm itself', '{open} はレルム自身が拡張しています'],
  [
    'the realm names the hash {hashAlgorithm}, and its measurements have {count} bytes',
    'レルムはハッシュ {hashAlgorithm} を示していますが、測定値は {count} バイトです',
  ],
  [
    'the platform names the hash {hashAlgorithm} for a component, whose measurement has {count} bytes',
    'プラットフォームはコンポーネントのハッシュとして {hashAlgorithm} を示していますが、その測定値は {count} バイトです',
  ],
  [
    '{unsigned} headers are signed by nobody and were not read',
    '{unsigned} 個のヘッダーは誰も署名しておらず、読み取っていません',
  ],
  ['a signature with the {kind} key of the platform', 'プラットフォームの {kind} 鍵による署名'],
  ['a signature with the  key of the platform', 'プラットフォームの鍵による署名'],
  [
    "the platform token verifies with the platform's key",
    'プラットフォームトークンを、プラットフォームの鍵で検証できました',
  ],
  [
    "the platform token does not verify with the platform's key: it is forged, was changed, or is of another device",
    'プラットフォームトークンを、プラットフォームの鍵で検証できません。偽造されたか、改変されたか、別のデバイスのものです',
  ],
  [
    'the realm token names no hash algorithm that is known for its key',
    'レルムトークンが、その鍵に対応する既知のハッシュアルゴリズムを示していません',
  ],
  ['sha-256, sha-384 or sha-512', 'sha-256、sha-384、sha-512 のいずれか'],
  ["the platform token vouches for the realm's key", 'プラットフォームトークンが、レルムの鍵を保証しています'],
  [
    "the platform token vouches for another key than the realm's: the two halves do not belong together",
    'プラットフォームトークンが、レルムの鍵とは別の鍵を保証しています。2 つのトークンの組み合わせが正しくありません',
  ],
  ['a signature with the {kind} key of the realm', 'レルムの {kind} 鍵による署名'],
  ["the realm token verifies with the realm's key", 'レルムトークンを、レルムの鍵で検証できました'],
  [
    "the realm token does not verify with the realm's key: it is forged or was changed",
    'レルムトークンを、レルムの鍵で検証できません。偽造されたか、改変されています',
  ],
  ['no key attestation came with the token', 'トークンに鍵アテステーションは添えられていません'],
  ['the realm vouches for the key attestation beside it', '添えられた鍵アテステーションを、レルムが保証しています'],
  [
    'the realm vouches for another key attestation than the one beside it',
    'レルムが保証している鍵アテステーションが、添えられたものと異なります',
  ],
]
