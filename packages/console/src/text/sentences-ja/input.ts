import type { SentencePairs } from './sentences.ts'

/** What is said of a file that is no evidence, in Japanese. */
export const sentences: SentencePairs = [
  [
    '{field@} at byte {offset#}: {found?}; expected {expected?}; tried: {forms,}',
    '{field@}（バイト {offset#}）：{found?}（正しい内容：{expected?}）。試した形式：{forms,}',
  ],
  ['input', '入力'],
  ['evidence', 'Evidence'],
  ['raw report or quote', 'レポートやクォートのバイト列'],
  ['hexadecimal', '16 進数'],
  ['{count#} bytes that begin like nothing known', '既知のどの形式でも始まらない {count#} バイト'],
  ['an object without members', 'メンバーのないオブジェクト'],
  ['an object with {members}', '{members} のあるオブジェクト'],
  ['an object with one of the members {members}', '次のいずれかのメンバーがあるオブジェクト：{members}'],
  [
    "an SEV-SNP report (version in 4 bytes, algorithm 1 at byte 52), an SGX or TDX quote (version 3, 4 or 5, key type 2, Intel's vendor id at byte 12), or other evidence that `sekisho support` lists",
    'SEV-SNP レポート（4 バイトのバージョン、バイト 52 にアルゴリズム 1）、SGX または TDX のクォート（バージョン 3～5、鍵種別 2、バイト 12 に Intel のベンダー ID）、または `sekisho support` に載っているほかの Evidence',
  ],
  [
    'an enclave image, which is no evidence: `sekisho measure` says what it measures',
    'Evidence ではないエンクレーブイメージ（測定値は `sekisho measure` が示します）',
  ],
  [
    'an add-secret request of IBM Secure Execution, which is no evidence: `sekisho inspect` decodes it',
    'Evidence ではない IBM Secure Execution の add-secret 要求（`sekisho inspect` で内容を表示します）',
  ],
  ['{form} in {member@} beside {others}', '{others} のほかに {member@} にある {form}'],
  [
    'one piece of evidence in this form; several are carried by a collection (CMW), or by `primary_evidence` with `additional_evidence`',
    'この形式では Evidence 1 個（複数の Evidence は CMW のコレクション、または `primary_evidence` と `additional_evidence` に入れてください）',
  ],
  ['gzip: unpack it first', 'gzip（先に展開してください）'],
  ['data packed by {tool}: unpack it first', '{tool} で圧縮されたデータ（先に展開してください）'],
  ['a {kind@} archive: unpack it first', '{kind@} アーカイブ（先に展開してください）'],
  ['UTF-16 whose high bytes come first: save it as UTF-8', 'ビッグエンディアンの UTF-16（UTF-8 で保存してください）'],
  [
    'a TDREPORT, which only its own machine can check: have a quote made from it',
    'そのマシン自身にしか検証できない TDREPORT（クォートを作らせてください）',
  ],
  [
    'perhaps an SGX EREPORT, which only its own machine can check: have a quote made from it',
    'そのマシン自身にしか検証できない SGX EREPORT と思われるもの（クォートを作らせてください）',
  ],
  [
    "a TPM's quote without signature: it is read with what belongs to it, as JSON: `tpm` with `message`, `signature`, `akPublic` and `pcrs`",
    '署名のない TPM クォート（付随するものと合わせ、`message`、`signature`、`akPublic`、`pcrs` を持つ `tpm` の JSON として読み取ります）',
  ],
  [
    'DER, perhaps a certificate or CRL: that is collateral, not evidence',
    'DER（証明書または CRL と思われます。Evidence ではなくコラテラルです）',
  ],
  [
    'COSE whose payload begins like no Nitro document, no PSA token and no attestation result',
    'Nitro の文書、PSA トークン、Attestation Result のいずれでもない COSE',
  ],
  ['tagged CBOR with another tag than those of Arm CCA tokens and CWTs', 'Arm CCA トークンや CWT とは別のタグの CBOR'],
  ['the end after an odd number of hexadecimal digits', '奇数桁の 16 進数の終わり'],
  ['one digit more', 'もう 1 桁'],
  ['a hexadecimal digit', '16 進数の数字'],
  [
    'the end of base64 text whose length or padding does not fit',
    '長さまたはパディングの合わない base64 テキストの終わり',
  ],
  ['base64 to its end', '最後まで base64'],
  ['a base64 character', 'base64 の文字'],
  ['the character {character}', '文字 {character}'],
  ['a member name in quotes', '引用符で囲まれたメンバー名'],
  ['a name that the object does not have yet', 'オブジェクトにまだない名前'],
  ['a file of more than {most#} bytes', '{most#} バイトを超えるファイルです'],
]
