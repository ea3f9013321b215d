import type { SentencePairs } from './sentences.ts'

/** Sentences of TPM verdicts, in Japanese. */
export const sentences: SentencePairs = [
  [
    'pass the certificate of the key and all that are above it, as the maker of the TPM or the cloud hands them out',
    '鍵の証明書とその上位の証明書をすべて、TPM の製造元またはクラウドが提供するとおりに指定してください',
  ],
  [
    'have the TPM make a new attestation key: restricted, for signing only, fixed to the TPM, with SHA-256 or better',
    'TPM に新しいアテステーション鍵（restricted、署名専用、TPM に固定、SHA-256 以上）を作らせてください',
  ],
  [
    'nothing mends a forged chain: ask for the genuine one',
    '偽造されたチェーンを直す方法はありません。本物を要求してください',
  ],
  ['a hardware report vouches for the key', 'ハードウェアレポートが鍵を保証しています'],
  ['you named the key itself', '鍵そのものが指定されています'],
  ['{count} certificates can be read', '{count} 枚の証明書を読み取れます'],
  ['a certificate cannot be read: {fault?}', '読み取れない証明書があります：{fault?}'],
  ['{name?} has a critical extension that is not known: {oid}', '{name?} に未知のクリティカル拡張があります：{oid}'],
  [
    '{name?} is a certificate authority, which no key of a TPM is',
    '{name?} が認証局です。TPM の鍵が認証局であることはありません',
  ],
  ['{name?} is no certificate authority', '{name?} が認証局ではありません'],
  ['{name?} has no key usage that lets it sign certificates', '{name?} の鍵用途に、証明書への署名が含まれていません'],
  [
    '{name?} allows {limit#} certificate authorities below it, and there are {count#}',
    '{name?} が許容する下位の認証局は {limit#} ですが、{count#} あります',
  ],
  ['the chain ends at {name}', 'チェーンが {name} に至ります'],
  [
    'the chain ends at no root key that is trusted, whatever its name says',
    'チェーンが、その名前にかかわらず、信頼するルート鍵に至りません',
  ],
  [
    'the chain ends below its root: the certificate of {name?} is not there',
    'チェーンがルートに届く前に途切れています。{name?} の証明書がありません',
  ],
  [
    'pass the certificates up to the root; to accept the root of a TPM maker, name its key as a trust anchor',
    'ルートまでの証明書を指定してください。TPM 製造元のルートを受け入れる場合は、その鍵をトラストアンカーに指定してください',
  ],
  ['no certificate', '証明書なし'],
  [
    '{name?} is not signed by the certificate above it: it is forged or damaged',
    '{name?} に、上位の証明書の署名がありません。偽造されたか、破損しています',
  ],
  ['each certificate is signed by the one above it', '各証明書に、上位の証明書の署名があります'],
  ['the certificate cannot be read', '証明書を読み取れません'],
  ['the certificate is for an attestation key', '証明書はアテステーション鍵のものです'],
  [
    'the certificate is for no attestation key: anything may have been signed with it',
    '証明書がアテステーション鍵のものではありません。何に署名したものか分かりません',
  ],
  ['digitalSignature and {usage}', 'digitalSignature と {usage}'],
  ['no extended key usage', '拡張鍵用途なし'],
  ['the certificate is for an endorsement key', '証明書はエンドースメント鍵のものです'],
  ['the certificate is for no endorsement key', '証明書がエンドースメント鍵のものではありません'],
  ['keyEncipherment or keyAgreement, and {usage}', 'keyEncipherment または keyAgreement と、{usage}'],
  ['there is no attestation key to check the signature with', '署名を検証するためのアテステーション鍵がありません'],
  ['pass the key (`akPublic`) or its certificate', '鍵（`akPublic`）またはその証明書を指定してください'],
  [
    'pass what the hardware report lacks to be proven',
    'ハードウェアレポートの証明に不足しているものを指定してください',
  ],
  [
    'ask for a quote and a hardware report of the same machine',
    '同じマシンのクォートとハードウェアレポートを要求してください',
  ],
  ['you named this key as trusted: {name?}', 'この鍵は、信頼する鍵として指定されています：{name?}'],
  [
    'nobody vouches for the attestation key: whoever sent the quote may have made it',
    'アテステーション鍵を誰も保証していません。クォートは送信者自身が作ったものかもしれません',
  ],
  [
    'pass the certificate of the AK, or the outcome of a credential activation with the certificate of the EK, or name the key as a trust anchor',
    'AK の証明書、またはクレデンシャルアクティベーションの結果と EK の証明書を指定するか、鍵をトラストアンカーに指定してください',
  ],
  ['a bare key, which has no name', '名前のない鍵のみ'],
  [
    'the TPM with this endorsement key activated a credential for this attestation key',
    'このエンドースメント鍵を持つ TPM が、このアテステーション鍵のクレデンシャルをアクティベートしています',
  ],
  [
    'the credential was activated for another attestation key',
    'クレデンシャルは、別のアテステーション鍵のためにアクティベートされています',
  ],
  ['activate a credential for the key that signs', '署名する鍵のクレデンシャルをアクティベートしてください'],
  ['the certificate is for the attestation key', '証明書はアテステーション鍵のものです'],
  [
    'the certificate is for another key than the one that came with the quote',
    '証明書が、クォートに添えられた鍵とは別の鍵のものです',
  ],
  ['pass the certificate of the key that signs', '署名した鍵の証明書を指定してください'],
  [
    'only the bare key is known: whoever vouches for it vouches for its attributes',
    '鍵だけが知られており、その属性も鍵を保証する人に依拠します',
  ],
  ['{attributes}, and not decrypt', '{attributes}（decrypt なし）'],
  [
    'the key is no attestation key, as it is not {missing}: it may sign what no TPM has stated',
    '{missing} ではないため、アテステーション鍵ではありません。TPM が述べていないことにも署名できます',
  ],
  ['the key also decrypts, which no attestation key does', '鍵で復号もできます。アテステーション鍵にはないことです'],
  [
    'the key signs only what its TPM states, and never leaves it',
    '鍵は TPM の述べることだけに署名し、TPM の外に出ません',
  ],
  ['the key may be used with any scheme', '鍵の方式が限定されていません'],
  ['the key is for a scheme that signs no quotes', '鍵の方式が、クォートに署名するものではありません'],
  ['the key has {bits} bits only', '鍵が {bits} ビットしかありません'],
  ['RSA of 2048 bits or more', '2048 ビット以上の RSA'],
  ['no weak algorithm is in use', '弱いアルゴリズムは使われていません'],
  [
    'the key signs with SHA-1, and you allowed it with `allowSha1`',
    '鍵は SHA-1 で署名しますが、`allowSha1` で許可されています',
  ],
  [
    'the key signs with SHA-1, for which two texts with one digest can be made',
    '鍵が SHA-1 で署名します。同じダイジェストになる 2 つのテキストを作ることができます',
  ],
  ['SHA-256 or better', 'SHA-256 以上'],
  [
    'nobody with access to the running system changed it after its boot was measured',
    '起動の測定後、動作中のシステムに触れられる人が変更を加えていない',
  ],
  ['a TPM measures a boot and isolates nothing', 'TPM は起動を測定するだけで、何も隔離しません'],
  ['the attestation key signs only what its TPM states', 'アテステーション鍵が、TPM の述べることだけに署名する'],
  ['the evidence has the bare key, without its attributes', 'Evidence には鍵だけがあり、その属性がありません'],
  [
    'Google, whose software the virtual TPM is, does not turn against its customer',
    '仮想 TPM のソフトウェアを提供する Google が、顧客を裏切らない',
  ],
  ['the chain ends at {anchor}', 'チェーンが {anchor} に至ります'],
  [
    'nobody tapped or reset the TPM and fed it measurements of another boot',
    'TPM の盗聴やリセットにより、別の起動の測定値を与えた人がいない',
  ],
  ['a discrete TPM believes what comes over its bus', 'ディスクリート TPM は、バスから届くものをそのまま信じます'],
  [
    'the entries of Windows in the log were written by its own boot manager',
    'ログにある Windows の項目は、Windows 自身のブートマネージャーが書いた',
  ],
  [
    'any system can extend PCR 11 to 14, and PCR 4, which tells what booted, is compared with nothing',
    'PCR 11 から 14 はどのシステムでも拡張でき、何が起動したかを示す PCR 4 は何とも照合されていません',
  ],
  ['none of the certificates was revoked', 'どの証明書も失効していない'],
  ['no revocation lists are looked at for TPMs', 'TPM では失効リストを確認していません'],
  [
    'your credential activation was made as it should be, with a fresh secret',
    'クレデンシャルアクティベーションが、新しい秘密を使って正しく行われた',
  ],
  ['you passed its outcome', 'アクティベーションの結果が指定されています'],
  ['the attestation key signed the quote', 'クォートにアテステーション鍵の署名があります'],
  [
    'the attestation key did not sign this quote: it is forged, was changed, or is of another TPM',
    'このクォートに、アテステーション鍵の署名がありません。偽造されたか、改変されたか、別の TPM のものです',
  ],
  ['the statement was made inside of a TPM', 'TPM の内部で作られた構造体です'],
  [
    'the statement was not made inside of a TPM: its key signs whatever it is given',
    'TPM の内部で作られた構造体ではありません。この鍵は、与えられたものに何でも署名します',
  ],
  ['the statement is a quote', '構造体はクォートです'],
  ['the statement is about something else than PCRs', '構造体が PCR についてのものではありません'],
  ['ask for a TPM2_Quote', 'TPM2_Quote を要求してください'],
  ['no PCR', 'PCR なし'],
  ['the quote covers {actual}', 'クォートの対象は {actual} です'],
  [
    'the quote covers no PCR, and so says nothing about the machine',
    'クォートの対象に PCR がなく、マシンについて何も示していません',
  ],
  ['ask for a quote of PCRs 0 to 15 of the SHA-256 bank', 'SHA-256 バンクの PCR 0～15 のクォートを要求してください'],
  ['you named no PCR', 'PCR の指定はありません'],
  ['the quote covers every PCR that you named', '指定された PCR はすべてクォートの対象です'],
  [
    'the quote does not cover PCR {missing} of the {bank} bank, whatever values came with it',
    '添えられた値にかかわらず、{bank} バンクの PCR {missing} がクォートの対象ではありません',
  ],
  ['ask for a quote of {expected}', '{expected} のクォートを要求してください'],
  [
    'no PCR values came with the quote: only their digest is known',
    'クォートに PCR の値が添えられておらず、ダイジェストだけが知られています',
  ],
  [
    'the quote covers PCRs whose values did not come with it: {missing}',
    'クォートの対象の PCR のうち、値が添えられていないものがあります：{missing}',
  ],
  [
    'the digest of the PCRs is by a hash that cannot be computed here',
    'PCR のダイジェストのハッシュアルゴリズムを、ここでは計算できません',
  ],
  ['send the values of all PCRs that the quote covers', 'クォートの対象のすべての PCR の値を送ってください'],
  [
    'the PCR values that came with the quote are those it was made of',
    '添えられた PCR の値は、クォートの元になった値です',
  ],
  [
    'the PCR values that came with the quote are not those it was made of',
    '添えられた PCR の値が、クォートの元になった値と異なります',
  ],
  ['send the values that the PCRs had when the quote was made', 'クォートを作成した時点の PCR の値を送ってください'],
  ["the quote's qualifying data", 'クォートの付加データ（qualifying data）'],
  [
    'nothing shows when this quote was made: it may be a replay',
    'このクォートがいつ作られたかを示すものがありません。再送（リプレイ）の可能性があります',
  ],
  [
    'choose a nonce, have the TPM quote with it as qualifying data, and pass it as `nonce`',
    'ノンスを決めて、TPM にそれを付加データ（qualifying data）としてクォートさせ、`nonce` に指定してください',
  ],
  ['the quote answers this exchange', 'クォートはこの通信に応えたものです'],
  [
    'the quote was made for another exchange, or is replayed',
    'クォートは別の通信のために作られたか、再送されたものです',
  ],
  [
    'have the TPM quote with {wanted} as qualifying data, whole and without padding',
    '{wanted} を付加データ（qualifying data）として、省略もパディングもせずに TPM にクォートさせてください',
  ],
  ['you named PCRs, which are compared one by one', 'PCR が指定されており、ひとつずつ照合しています'],
  ['the digest over all quoted PCRs', 'クォートの全 PCR のダイジェスト'],
  [
    'PCR {index} is not in the quote, or its value did not come with it',
    'PCR {index} がクォートにないか、その値が添えられていません',
  ],
  ['ask for a quote with PCR {index} and its value', 'PCR {index} とその値を含むクォートを要求してください'],
  ['PCR {index}', 'PCR {index}'],
  ['the PCRs you named are as you expect: {pcrs}', '指定された PCR は期待どおりです：{pcrs}'],
  [
    'the digest can be of no other PCRs than those it was accepted for',
    'このダイジェストは、許容された PCR 以外のものではありえません',
  ],
  [
    'the digest is one that you accept, and does not tell over which PCRs: this one is over {state}',
    'ダイジェストは許容値ですが、どの PCR のものかを示しません。このクォートの対象は {state} です',
  ],
  [
    'name all PCRs that the digest is over with `requiredPcrs`',
    'ダイジェストの対象の PCR をすべて `requiredPcrs` に指定してください',
  ],
  ['what you named begins with PCRs of the firmware', '指定された値は、ファームウェアの PCR から始まっています'],
  [
    'PCR {above}: whatever booted writes there, and neither PCR 4 nor PCR 7 below is pinned',
    'PCR {above} には起動されたものが自由に書き込めますが、その下の PCR 4 も PCR 7 も固定されていません',
  ],
  ['pin what booted as well, at least PCR 4 or 7', '起動されたものも固定してください（少なくとも PCR 4 または 7）'],
  ['you compared the digest over all quoted PCRs', 'クォートの全 PCR のダイジェストを照合しています'],
  ['no values of quoted PCRs are known', 'クォートの PCR の値が知られていません'],
  [
    'every PCR that boot extends and the quote covers is zero or was compared',
    '起動時に拡張され、クォートの対象である PCR は、すべて 0 であるか照合済みです',
  ],
  ['PCR {open}: quoted, and compared with nothing', 'PCR {open} はクォートにありますが、照合されていません'],
  [
    'say with `pcrs` which values you accept, or waive this check if what they measure does not matter to you, or the log proves what does',
    '許容する値を `pcrs` に指定してください。測定対象が重要でないか、ログが必要なことを証明している場合は、このチェックを免除できます',
  ],
  ['the firmware version of the TPM', 'TPM のファームウェアバージョン'],
  ['the count of resets', 'リセット回数'],
  ['the clock has not gone back', '時計は戻っていません'],
  ['the clock may have gone back, and you compare no clocks', '時計が戻った可能性がありますが、時計は照合していません'],
  [
    'wait until the TPM has stored its clock, and quote again',
    'TPM が時計を保存するのを待ち、クォートを取り直してください',
  ],
  ['{name?} expired at {moment}', '{name?} の有効期間が {moment} に終わっています'],
  ['{name?} is valid from {moment} only', '{name?} の有効期間は {moment} からで、まだ始まっていません'],
  ['a certificate without a name', '名前のない証明書'],
  [
    'the hardware report is for other runtime claims than those that name the key',
    'ハードウェアレポートが、鍵を示すランタイムクレームとは別のランタイムクレームのものです',
  ],
  [
    'a genuine hardware report holds the digest of the runtime claims, and these name the key',
    '本物のハードウェアレポートにランタイムクレームのダイジェストがあり、そのクレームが鍵を示しています',
  ],
  [
    'the hardware report that should vouch for the key is not genuine',
    '鍵を保証するはずのハードウェアレポートが本物ではありません',
  ],
  [
    'the hardware report that should vouch for the key is not proven to be genuine',
    '鍵を保証するはずのハードウェアレポートが、本物だと証明されていません',
  ],
  ['basic constraints, path lengths and key usages fit', '基本制約、パス長、鍵用途が正しいものです'],
  [
    '{name?} has a key or signature of a kind that is not accepted: {key}, {signature}',
    '{name?} の鍵または署名の種別が許容されていません：{key}、{signature}',
  ],
  ['{check@}: {reason~}', '{check@}：{reason~}'],
  ['there is no key', '鍵がありません'],
]
