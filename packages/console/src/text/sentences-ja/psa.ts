import type { SentencePairs } from './sentences.ts'

/** Sentences of PSA verdicts, in Japanese. */
export const sentences: SentencePairs = [
  [
    'whoever gave you the key of the device and its reference values speaks for its maker, and the maker keeps its keys secret',
    'デバイスの鍵と参照値の提供元が製造元を代表しており、製造元が鍵を守っている',
  ],
  [
    'the code outside of the secure world that asked for this token is honest',
    'このトークンを要求した、セキュアワールドの外のコードが誠実である',
  ],
  ['the client id is {clientId}', 'クライアント ID が {clientId} です'],
  [
    'the certification reference {reference} is not 13 digits, a hyphen and 5 digits',
    '認証番号 {reference} が、数字 13 桁、ハイフン、数字 5 桁の形式ではありません',
  ],
  ['a signature with the {kind} key of the device', 'デバイスの {kind} 鍵による署名'],
  ['a signature with the  key of the device', 'デバイスの鍵による署名'],
  ["the token verifies with the device's key", 'トークンを、デバイスの鍵で検証できました'],
  [
    "the token does not verify with the device's key: it is forged, was changed, or is of another device",
    'トークンを、デバイスの鍵で検証できません。偽造されたか、改変されたか、別のデバイスのものです',
  ],
  ["the instance id is the digest of the device's key", 'インスタンス ID は、デバイスの鍵のダイジェストです'],
  [
    'the endorsement says that the key is of this instance',
    'エンドースメントが、鍵をこのインスタンスのものと示しています',
  ],
  [
    "the instance id is not the digest of the device's key, and the endorsement names no instance",
    'インスタンス ID がデバイスの鍵のダイジェストではなく、エンドースメントもインスタンスを示していません',
  ],
  [
    'pass the key with the instance it is of (`instance-id`), if that is {instanceId}',
    '鍵がインスタンス {instanceId} のものであれば、それを `instance-id` に付けて指定してください',
  ],
  ['the device is in its secured state', 'デバイスは保護状態にあります'],
  [
    'parts outside of the root of trust are being debugged, and you allowed it with `allowDebug`',
    '信頼の基点以外の部分がデバッグ中ですが、`allowDebug` で許可されています',
  ],
  [
    'the device is in the state {state}: it does not protect what it runs',
    'デバイスの状態が {state} で、動作しているものを保護していません',
  ],
  ['use a device that its owner has brought into the secured state', '所有者が保護状態にしたデバイスを使ってください'],
  ['the device measures none of its software', 'デバイスがソフトウェアをひとつも測定していません'],
  ['use a device whose boot measures what it loads', '読み込むものを起動時に測定するデバイスを使ってください'],
  ['all {count} components have measurements that you accept', '{count} 個のコンポーネントの測定値はすべて許容値です'],
  [
    'a component has a measurement that you do not accept: {name}',
    '測定値が許容値ではないコンポーネントがあります：{name}',
  ],
  [
    'update the software, or accept the measurement with `measurement`',
    'ソフトウェアを更新するか、`measurement` でその測定値を許容してください',
  ],
  ['client id', 'クライアント ID'],
]
