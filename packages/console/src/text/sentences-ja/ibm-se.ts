import type { SentencePairs } from './sentences.ts'

/** Sentences of IBM Secure Execution verdicts, in Japanese. */
export const sentences: SentencePairs = [
  [
    'IBM keeps the keys of its machines and of its key signing service secret',
    'IBM が、マシンの鍵と鍵署名サービスの鍵を守っている',
  ],
  [
    'a host key document is all that ties a host key to a machine',
    'ホスト鍵とマシンを結び付けるものは、ホスト鍵文書だけです',
  ],
  ["the machine's firmware has no known hole", 'マシンのファームウェアに、既知の脆弱性がない'],
  ['IBM publishes no levels that a verifier could compare', 'IBM は、検証器が照合できるレベルを公開していません'],
  [
    "{name} gives certificates with the name of IBM's key signing service to IBM only",
    '{name} が、IBM の鍵署名サービスの名前の証明書を IBM だけに発行する',
  ],
  [
    'the root is a public one, and the subject alone tells the signing certificate',
    'ルートは公開のもので、署名用の証明書を見分けるものは主体者名だけです',
  ],
  [
    'nobody but you and the Ultravisor knows the protection key of the request',
    '要求の保護鍵を、あなたと Ultravisor 以外の誰も知らない',
  ],
  [
    'the measurement is a MAC, not a signature: whoever can open the request can make one',
    '測定値は署名ではなく MAC です。要求を開ける人なら誰でも作ることができます',
  ],
  ['nothing in the image is secret', 'イメージに秘密が含まれていない'],
  [
    'plaintext control flag 35 is set: the components are measured but not encrypted',
    '平文制御フラグ 35 が設定されています。コンポーネントは測定されますが、暗号化されません',
  ],
  ['whoever has the customer communication key may read the memory', '顧客通信鍵を持つ人が、メモリを読むことがある'],
  ['plaintext control flag 34 allows encrypted dumps', '平文制御フラグ 34 が、暗号化されたダンプを許容しています'],
  ['it does not matter which secrets were added at run time', '実行時にどのシークレットが追加されたかは問わない'],
  [
    'the request did not ask for the hash of the secret store',
    '要求でシークレットストアのハッシュが求められていません',
  ],
  [
    'a host key document names its issuer otherwise than the signing certificate names itself, as IBM does; key and signature decide',
    'ホスト鍵文書の示す発行者名が、署名用の証明書の名前と異なります（IBM の通例）。判定は鍵と署名によります',
  ],
  ['reserved bytes of the request are not zero', '要求の予約バイトが 0 ではありません'],
  ['this is a host key document alone', 'ホスト鍵文書だけです'],
  ['make a new request and have the guest answer it', '新しい要求を作り、ゲストに応答させてください'],
  ['nobody gave the protection key of the request', '要求の保護鍵が指定されていません'],
  [
    'pass the key that was kept when the request was made as `protectionKey`',
    '要求の作成時に保存した鍵を `protectionKey` に指定してください',
  ],
  [
    'the tag of the request does not hold: it was changed, or is of another key',
    '要求のタグが正しくありません。改変されたか、別の鍵のものです',
  ],
  ['this is a request alone, which proves nothing of a guest', '要求だけです。ゲストについては何も証明しません'],
  ['have the guest answer the request, and give the response', 'ゲストに要求へ応答させ、その応答を指定してください'],
  ['the header given cannot be read: {fault?}', '指定されたヘッダーを読み取れません：{fault?}'],
  ['give the header of the image, or the image', 'イメージのヘッダー、またはイメージを指定してください'],
  ['nobody gave the header of the image', 'イメージのヘッダーが指定されていません'],
  [
    'pass the Secure Execution header of the image, or the image, as `header`',
    'イメージの Secure Execution ヘッダー、またはイメージを `header` に指定してください',
  ],
  [
    'the additional data are not what the request asked for: {fault?}',
    '追加データが、要求したものと異なります：{fault?}',
  ],
  ['there is no response', '応答がありません'],
  [
    'the measurement is another one: of another image than the header given, other user data, another configuration or nonce, or by nobody who could open the request',
    '測定値が異なります。指定されたヘッダーとは別のイメージ、別のユーザーデータ、構成、ノンスのものか、要求を開けない誰かが作ったものです',
  ],
  [
    'give the header of the image that runs; if it is the right one, ask for a new response',
    '動作中のイメージのヘッダーを指定してください。それが正しい場合は、新しい応答を要求してください',
  ],
  ['the request did not ask which host key was used', '要求で、使われたホスト鍵は求められていません'],
  ['it is one that the request was made for', '要求の対象となったホスト鍵です'],
  [
    'the host key that attested is none that the request was made for',
    'アテステーションを行ったホスト鍵が、要求の対象に含まれていません',
  ],
  [
    'the request did not ask which key the image was loaded with',
    '要求で、イメージのロードに使われた鍵は求められていません',
  ],
  ['the image was made for this host key', 'イメージは、このホスト鍵のために作られています'],
  [
    'the image allows backup host keys, and this is one of a verified host',
    'イメージは予備のホスト鍵を許容しており、検証済みのホストの鍵です',
  ],
  [
    'the image was loaded with a host key that its header has no slot for',
    'イメージのロードに使われたホスト鍵のスロットが、イメージのヘッダーにありません',
  ],
  ["the chain is that of IBM's key signing service", 'チェーンは IBM の鍵署名サービスのものです'],
  [
    "EMULATED: the chain ends at a root that is not the one of IBM's service, so that anybody may have made this",
    'EMULATED：チェーンが、IBM のサービスのものではないルートに至ります。誰でも作ることができた Evidence です',
  ],
  [
    'run the workload on real hardware; for tests only, pass `allowEmulated`',
    'ワークロードを実機で動かしてください。テストに限り、`allowEmulated` を指定できます',
  ],
  ['there is no header', 'ヘッダーがありません'],
  ['the image (SHA-256 of its header)', 'イメージ（ヘッダーの SHA-256）'],
  ['the user data', 'ユーザーデータ'],
  ['the nonce in the request is yours', '要求のノンスは、指定されたものです'],
  [
    'the nonce in the request is not yours: the response belongs to another exchange, or was replayed',
    '要求のノンスが、指定されたものではありません。応答が別の通信のものか、再送されたものです',
  ],
  [
    'nothing shows when the guest answered: it may be a replay',
    'ゲストがいつ応答したかを示すものがありません。再送（リプレイ）の可能性があります',
  ],
  [
    'give the nonce of your request as `nonce`, or say with `requestIsFresh` that the request was made for this exchange',
    '要求のノンスを `nonce` に指定するか、要求がこの通信のために作られたことを `requestIsFresh` で指定してください',
  ],
  [
    'any configuration will do: its UID names one start of the guest',
    '構成の指定はありません。構成 UID はゲストの 1 回の起動を示します',
  ],
  ['the configuration UID', '構成 UID'],
  ['the request did not ask for the secret store', '要求で、シークレットストアは求められていません'],
  ['ask for it in the request (flag 4)', '要求で求めてください（フラグ 4）'],
  ['the hash of the secret store', 'シークレットストアのハッシュ'],
  ['any host will do', 'ホストの指定はありません'],
  ['the host key', 'ホスト鍵'],
  [
    'a host key document vouches for a machine, not for a guest',
    'ホスト鍵文書が保証するのはマシンで、ゲストではありません',
  ],
  [
    'get a response to an attestation request; or waive this check if the machine is all you ask about',
    'アテステーション要求への応答を取得してください。マシンだけを確認する場合は、このチェックを免除できます',
  ],
  [
    'get the current host key document of this machine from IBM Resource Link',
    'このマシンの現在のホスト鍵文書を、IBM Resource Link から取得してください',
  ],
  [
    "get IBM's current host key signing certificate, with its CA certificates, from IBM Resource Link",
    'IBM の現在のホスト鍵署名用証明書と、その CA の証明書を、IBM Resource Link から取得してください',
  ],
  [
    "get the current revocation lists: IBM's for host keys, and the certificate authority's",
    '現在の失効リスト（ホスト鍵については IBM のもの、および認証局のもの）を取得してください',
  ],
  [
    'there is a document for each of the {count} host keys of the request',
    '要求の {count} 個のホスト鍵それぞれに文書があります',
  ],
  [
    'the request can be answered by hosts that no document is at hand for',
    '要求に応答しうるホストのうち、文書のないものがあります',
  ],
  ['a document for each host key of the request', '要求の各ホスト鍵の文書'],
  [
    'the issuer of {subject?} is not among the certificates given, or more than {limit#} stand below the root',
    '{subject?} の発行者が与えられた証明書にないか、ルートの下に {limit#} 枚を超える証明書があります',
  ],
  ['the signing certificate', '署名用の証明書'],
  ['the last key is that of {anchor}', '最後の鍵は {anchor} の鍵です'],
  ['the chain ends at a root that is not trusted', 'チェーンが、信頼していないルートに至ります'],
  [
    'use the chain that IBM publishes; trust another root only by naming it as an anchor',
    'IBM が公開しているチェーンを使ってください。ほかのルートは、アンカーとして指定した場合だけ信頼できます',
  ],
  ['the certificate of {one} is not signed by its issuer', '{one} の証明書に、発行者の署名がありません'],
  [
    'no usable revocation list says whether the certificate of {missing} is revoked',
    '{missing} の証明書が失効しているかを示す、有効な失効リストがありません',
  ],
  [
    'the list for the certificate of {stale} is not valid at {at}',
    '{stale} の証明書のリストが、{at} の時点で有効ではありません',
  ],
  ['no usable revocation list of the signing key is at hand', '署名鍵の有効な失効リストがありません'],
  [
    'no usable revocation list of the signing key is at hand: those given are expired or not valid yet',
    '署名鍵の有効な失効リストがありません。指定されたものは、期限切れか、まだ有効期間が始まっていません',
  ],
  ['a file cannot be read: {fault?}', '読み取れないファイルがあります：{fault?}'],
  [
    "no certificate has the subject of IBM's key signing service",
    'IBM の鍵署名サービスを主体者とする証明書がありません',
  ],
  [
    "{count} certificates have the subject of IBM's key signing service",
    'IBM の鍵署名サービスを主体者とする証明書が {count} 枚あります',
  ],
  ['give the one that signed this document', 'この文書に署名した証明書を指定してください'],
  ['there is no host key document', 'ホスト鍵文書がありません'],
  ['the certificate of {name"}', '{name"} の証明書'],
  ['the host key document of {name"}', '{name"} のホスト鍵文書'],
  ['{name?} has a critical extension that is not known ({oid})', '{name?} に未知のクリティカル拡張（{oid}）があります'],
  ['{name?} is not of version 3', '{name?} のバージョンが 3 ではありません'],
  ['{name?} is no certificate authority', '{name?} が認証局ではありません'],
  ['{name?} may not sign certificates and lists', '{name?} の鍵用途に、証明書とリストへの署名が含まれていません'],
  ['{name?} allows a shorter path only', '{name?} は、より短いチェーンしか許容していません'],
  ['{name?} has a weak key or signature ({kind})', '{name?} の鍵または署名の強度が不足しています（{kind}）'],
  ['{name?} is valid from {moment} only', '{name?} の有効期間は {moment} からで、まだ始まっていません'],
  ['{name?} ended at {moment}', '{name?} の有効期間が {moment} に終わっています'],
  ['at least {bits#} bits', '{bits#} ビット以上です'],
  ['at least {bits#} bits each', 'それぞれ {bits#} ビット以上です'],
  ['none names another one', '別の鍵を示すものはありません'],
  ['by the signing key', '署名鍵の署名があります'],
  ['none is listed', 'リストにあるものはありません'],
  ['basic constraints, path lengths and key usages fit', '基本制約、パス長、鍵用途が正しいものです'],
  ['{name?} names another signing key', '{name?} が、別の署名鍵を示しています'],
  ['{name?} is not signed by the signing key', '{name?} に、署名鍵の署名がありません'],
  ['{name?} is revoked', '{name?} が失効しています'],
  ['{name?} has a weak signature', '{name?} の署名の強度が不足しています'],
]
