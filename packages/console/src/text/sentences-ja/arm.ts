import type { SentencePairs } from './sentences.ts'

/** Sentences that CCA and PSA verdicts share, in Japanese. */
export const sentences: SentencePairs = [
  ['all endorsements can be read', 'すべてのエンドースメントを読み取れます'],
  ['{part?} cannot be read: {fault?}', '{part?} を読み取れません：{fault?}'],
  [
    'pass endorsements as their publisher delivers them',
    '発行元から提供されたままのエンドースメントを指定してください',
  ],
  ['implementation {implementationId}, instance {instanceId}', '実装 {implementationId}、インスタンス {instanceId}'],
  [
    'there are {keys} keys for this device, and no more than {maxCandidates} are tried',
    'このデバイスの鍵が {keys} 個ありますが、試すのは {maxCandidates} 個までです',
  ],
  [
    'say which device each key belongs to: `implementation-id` and `instance-id`',
    '各鍵がどのデバイスのものかを、`implementation-id` と `instance-id` で指定してください',
  ],
  ['there are {keys} verification keys for this device', 'このデバイスの検証鍵が {keys} 個あります'],
  ['there is a verification key for this device', 'このデバイスの検証鍵があります'],
  [
    'there is no verification key for this device: nothing connects the token with hardware',
    'このデバイスの検証鍵がありません。トークンとハードウェアを結び付けるものがありません',
  ],
  [
    'get the key of instance {instanceId} from the maker of the device and pass it in `endorsements`',
    'インスタンス {instanceId} の鍵をデバイスの製造元から取得し、`endorsements` に指定してください',
  ],
  [
    'run the workload on a device whose maker vouches for its key',
    '製造元が鍵を保証しているデバイスでワークロードを動かしてください',
  ],
  [
    "EMULATED: the implementation is an emulator's, by its id: no hardware vouches for this",
    'EMULATED：実装 ID によれば、エミュレーターの実装です。この Evidence を保証するハードウェアはありません',
  ],
  ['there is no key', '鍵がありません'],
  ['the key is a point on {kind}', '鍵は {kind} 上の点です'],
  [
    'the endorsed key is no point on {kind}: its coordinates do not belong together',
    'エンドースされた鍵が {kind} 上の点ではありません。座標の組み合わせが正しくありません',
  ],
  ['get the key again from the maker of the device', 'デバイスの製造元から鍵を取得し直してください'],
  ['the key is one that you trust', '鍵は、信頼する鍵です'],
  ['the endorsed key is none of the keys in `trustAnchors`', 'エンドースされた鍵が `trustAnchors` にありません'],
  [
    'add the key to `trustAnchors`, or leave them out to trust all endorsed keys',
    '鍵を `trustAnchors` に加えるか、エンドースされた鍵をすべて信頼する場合は `trustAnchors` を外してください',
  ],
  ['no key', '鍵なし'],
  [
    'you vouch for the key of the device, and it is no published test key',
    'デバイスの鍵は指定されたもので、公開されたテスト用の鍵ではありません',
  ],
  [
    'EMULATED: the private half of this key is public, or its platform or you call it emulated, so that anybody may have made this',
    'EMULATED：この鍵の秘密鍵が公開されているか、プラットフォーム自身または指定によりエミュレートされたものです。誰でも作ることができた Evidence です',
  ],
  [
    'use a device with a key of its own; for tests only, pass `allowEmulated`',
    '固有の鍵を持つデバイスを使ってください。テストに限り、`allowEmulated` を指定できます',
  ],
  ['the firmware of the platform was compared with nothing', 'プラットフォームのファームウェアが、照合されていません'],
  [
    'pass reference values for the implementation {implementationId}',
    '実装 {implementationId} の参照値を指定してください',
  ],
  [
    '{component?} is no firmware that the reference values know',
    '{component?} は、参照値にあるファームウェアではありません',
  ],
  [
    'update the firmware to a known one, or have its vendor publish reference values for this one',
    '既知のファームウェアに更新するか、ベンダーにこのファームウェアの参照値を公開してもらってください',
  ],
  [
    '{absent?} is in the reference values, and the token does not measure it',
    '{absent?} は参照値にありますが、トークンでは測定されていません',
  ],
  [
    '{component?} is known to the reference values, but not together with the rest of the firmware',
    '{component?} は参照値にありますが、ファームウェアのほかの部分との組み合わせでは参照値にありません',
  ],
  [
    'update the firmware as a whole to a known one, or have its vendor publish reference values for this one',
    'ファームウェア全体を既知のものに更新するか、ベンダーにこのファームウェアの参照値を公開してもらってください',
  ],
  ['boot firmware that measures this component', 'このコンポーネントを測定するファームウェアで起動してください'],
  ['all {count} components are known to the reference values', '{count} 個のコンポーネントはすべて参照値にあります'],
  ['no such component', '該当するコンポーネントなし'],
  ['{measurement@} signed by {signer@}', '{measurement@}（署名者 {signer@}）'],
  [
    '{measurement@} signed by {signer@}, version {version?}',
    '{measurement@}（署名者 {signer@}、バージョン {version?}）',
  ],
  ['{measurement@}, version {version?}', '{measurement@}（バージョン {version?}）'],
  ['no reference values for the configuration of the platform', 'プラットフォームの設定の参照値はありません'],
  ['the configuration of the platform is a known one', 'プラットフォームの設定は既知のものです'],
  [
    'the configuration of the platform is none that the reference values know',
    'プラットフォームの設定が、参照値にあるものではありません',
  ],
  ['configure the platform as its vendor means it to be', 'プラットフォームを、ベンダーの意図どおりに設定してください'],
  ['secured (3000 to 30ff)', '保護状態（3000～30ff）'],
  ['Arm has no root of its own', 'Arm は独自のルートを持ちません'],
  [
    'Arm has no root of its own: the key was endorsed by you',
    'Arm は独自のルートを持ちません。鍵は利用者がエンドースしたものです',
  ],
  ['there are claims without a known meaning: {slice}', '意味の分からないクレームがあります：{slice}'],
  ['implementation', '実装'],
  ['instance', 'インスタンス'],
  [
    'end debugging and restart; for tests only, pass `allowDebug`',
    'デバッグを終了して再起動してください。テストに限り、`allowDebug` を指定できます',
  ],
  ['endorsed platform key', 'エンドースされたプラットフォームの鍵'],
  ['the keys', '鍵'],
  ['the reference values', '参照値'],
]
