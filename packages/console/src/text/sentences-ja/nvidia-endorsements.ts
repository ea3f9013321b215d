import type { SentencePairs } from './sentences.ts'

/** Sentences about certificate chains, OCSP answers and manifests of NVIDIA devices, in Japanese. */
export const sentences: SentencePairs = [
  [
    'certificate {i#} of {chain?}, {name}, is the last one and not a root',
    '{chain?} の証明書 {i#}（{name}）が最後にありますが、ルートではありません',
  ],
  [
    'certificate {i#} of {chain?}, {name}, was issued by {issuer}, which is not the next one',
    '{chain?} の証明書 {i#}（{name}）の発行者は {issuer} で、次の証明書ではありません',
  ],
  [
    'certificate {i#} of {chain?}, {name}, has a critical extension that is not known: {oid}',
    '{chain?} の証明書 {i#}（{name}）に未知のクリティカル拡張があります：{oid}',
  ],
  ['certificate {i#} of {chain?}, {name}, is a certificate authority', '{chain?} の証明書 {i#}（{name}）が認証局です'],
  [
    'certificate {i#} of {chain?}, {name}, is no certificate authority',
    '{chain?} の証明書 {i#}（{name}）が認証局ではありません',
  ],
  [
    'certificate {i#} of {chain?}, {name}, is that of an OCSP responder',
    '{chain?} の証明書 {i#}（{name}）は、OCSP レスポンダーのものです',
  ],
  [
    'certificate {i#} of {chain?}, {name}, must not sign certificates, says its key usage',
    '{chain?} の証明書 {i#}（{name}）の鍵用途に、証明書への署名が含まれていません',
  ],
  [
    'certificate {i#} of {chain?}, {name}, allows {limit#} authorities below it, and there are {count#}',
    '{chain?} の証明書 {i#}（{name}）が許容する下位の認証局は {limit#} ですが、{count#} あります',
  ],
  [
    'certificate {i#} of {chain?}, {name}, has a key of another kind: {kind}',
    '{chain?} の証明書 {i#}（{name}）の鍵の種別が違います：{kind}',
  ],
  [
    'certificate {i#} of {chain?}, {name}, is signed with another algorithm: {algorithm}',
    '{chain?} の証明書 {i#}（{name}）の署名アルゴリズムが違います：{algorithm}',
  ],
  [
    'certificate {i#} of {chain?}, {name}, is not signed by the next one: it is forged or damaged',
    '{chain?} の証明書 {i#}（{name}）に、次の証明書の署名がありません。偽造されたか、破損しています',
  ],
  [
    'certificate {i#} of {chain?}, {name}, is valid from {from} only',
    '{chain?} の証明書 {i#}（{name}）の有効期間は {from} からで、まだ始まっていません',
  ],
  [
    'certificate {i#} of {chain?}, {name}, expired at {until}',
    '{chain?} の証明書 {i#}（{name}）の有効期間が {until} に終わっています',
  ],
  [
    'ask {service} again and pass its answers as `ocsp`',
    '{service} に要求し直し、その応答を `ocsp` に指定してください',
  ],
  ['there are none', 'OCSP 応答はありません'],
  ['all of them', 'すべて読み取れます'],
  ['an OCSP answer cannot be read: {fault?}', '読み取れない OCSP 応答があります：{fault?}'],
  ['there are no answers', '応答がありません'],
  [
    'the answer about certificate {position} is forged or damaged',
    '証明書 {position} についての応答が、偽造されたか、破損しています',
  ],
  ['there is an answer about each certificate below the root', 'ルートより下の各証明書について、応答があります'],
  [
    'whether certificates {missing} of the chain are revoked is not known',
    'チェーンの証明書 {missing} が失効しているかどうか分かりません',
  ],
  [
    'ask {service} about the serial numbers {names}, and pass the answers as `ocsp`, or run `sekisho collateral fetch`',
    '{service} にシリアル番号 {names} について問い合わせて応答を `ocsp` に指定するか、`sekisho collateral fetch` を実行してください',
  ],
  ['name and key digests are those of the issuers', '名前と鍵のダイジェストは、発行者のものです'],
  [
    'the answer about certificate {position} names another issuer, or names it with an unknown hash',
    '証明書 {position} についての応答が、別の発行者を示しているか、未知のハッシュで示しています',
  ],
  [
    'the responder for certificate {position#} adds a critical extension that is not known: {oid}',
    '証明書 {position#} についての応答に、未知のクリティカル拡張があります：{oid}',
  ],
  [
    'the responder for certificate {position#} was not appointed by the issuer',
    '証明書 {position#} のレスポンダーが、発行者に指名されたものではありません',
  ],
  [
    'the responder for certificate {position#} has a critical extension that is not known: {oid}',
    '証明書 {position#} のレスポンダーに、未知のクリティカル拡張があります：{oid}',
  ],
  [
    'the responder for certificate {position#} is not for signing OCSP answers',
    '証明書 {position#} のレスポンダーが、OCSP 応答の署名用ではありません',
  ],
  [
    'the responder for certificate {position#} is not valid at this time',
    '証明書 {position#} のレスポンダーが、この時刻には有効ではありません',
  ],
  [
    'the answer about certificate {position} is from {thisUpdate}, which is later',
    '証明書 {position} についての応答は {thisUpdate} のもので、検証時刻より後です',
  ],
  [
    'the answer about certificate {position} does not say how long it holds',
    '証明書 {position} についての応答に、いつまで有効かが記載されていません',
  ],
  [
    'the answer about certificate {position} held until {nextUpdate}',
    '証明書 {position} についての応答の有効期間が {nextUpdate} に終わっています',
  ],
  [
    'the answer about certificate {position#} carries no nonce',
    '証明書 {position#} についての応答に、ノンスがありません',
  ],
  [
    'the answer about certificate {position#} carries another nonce',
    '証明書 {position#} についての応答のノンスが異なります',
  ],
  ['the issuer does not know certificate {position}', '発行者は証明書 {position} を把握していません'],
  ['ask the hardware vendor about this device', 'このデバイスについて、ハードウェアベンダーに問い合わせてください'],
  ['certificate {position#} is revoked', '証明書 {position#} が失効しています'],
  ['certificate {position#} is revoked, on hold', '証明書 {position#} が失効（一時停止）しています'],
  ['replace the device or firmware', 'デバイスまたはファームウェアを交換してください'],
  [
    'replace the device or firmware; to accept holds, pass `allowCertificateHold`',
    'デバイスまたはファームウェアを交換してください。一時停止を受け入れる場合は、`allowCertificateHold` を指定できます',
  ],
  ['good', '有効（good）'],
  ['revoked, reason {reason?}', '失効（理由：{reason?}）'],
  ['not given', '記載なし'],
  ['the driver manifest', 'ドライバーのマニフェスト'],
  ['the VBIOS manifest', 'VBIOS のマニフェスト'],
  ['the chain of {name?}', '{name?} のチェーン'],
  [
    'fetch {name?} of this very version again from {nvidiaRimService}',
    'まさにこのバージョンの {name?} を、{nvidiaRimService} から取得し直してください',
  ],
  ['there is no manifest', 'マニフェストがありません'],
  ['{name?} cannot be read: {fault?}', '{name?} を読み取れません：{fault?}'],
  ['{name?} is a manifest that we read in full', '{name?} は、すべて読み取れるマニフェストです'],
  ['its canonical form has the digest that the signature names', '正規形のダイジェストが、署名の示すものと一致します'],
  ['{name?} was changed after it was signed', '{name?} が署名後に改変されています'],
  ['the signature verifies', '署名を検証できました'],
  [
    'the signature of {name?} does not verify with the key of its leaf: it is forged or damaged',
    '{name?} の署名を、そのリーフの鍵で検証できません。偽造されたか、破損しています',
  ],
  ['{name?} was given', '{name?} が指定されています'],
  [
    '{name?} was not given: whether genuine firmware runs is not known',
    '{name?} が指定されていません。本物のファームウェアが動いているか分かりません',
  ],
  [
    'fetch it and pass it as `{option}`, or run `sekisho collateral fetch`',
    '取得して `{option}` に指定するか、`sekisho collateral fetch` を実行してください',
  ],
  [
    'fetch {url} and pass it as `{option}`, or run `sekisho collateral fetch`',
    '{url} を取得して `{option}` に指定するか、`sekisho collateral fetch` を実行してください',
  ],
  ['there is no report to compare with', '照合するレポートがありません'],
  ['it is for the version that the report names', 'レポートの示すバージョンのものです'],
  [
    '{name?} is for version {colloquialVersion}, and {actual} runs',
    '{name?} はバージョン {colloquialVersion} のものですが、{actual} が動いています',
  ],
  ['it is for {actual}', '{actual} のものです'],
  [
    '{name?} is for {product}, and the device is {architecture?}',
    '{name?} は {product} のものですが、デバイスは {architecture?} です',
  ],
  ['of no known architecture', '未知のアーキテクチャ'],
  ['all signatures verify', 'すべての署名を検証できました'],
  ['each responder has a certificate for it from the issuer', '各レスポンダーに、発行者による専用の証明書があります'],
  ['the signatures verify', '署名を検証できました'],
  ['all answers are current', 'すべての応答が最新です'],
  ['each carries one of yours, or you asked for none', 'それぞれに指定されたノンスがあるか、ノンスの指定がありません'],
  ['the issuers call all certificates good', '発行者が、すべての証明書を有効（good）としています'],
  ['basic constraints, path lengths and key usages fit', '基本制約、パス長、鍵用途が正しいものです'],
  ['without a gap, and the last one is self-issued', '途切れがなく、最後の証明書は自己発行です'],
  [
    'certificate {i#} of {chain?}, {name}, is not signed by the key of the next one',
    '{chain?} の証明書 {i#}（{name}）に、次の証明書の鍵の署名がありません',
  ],
]
