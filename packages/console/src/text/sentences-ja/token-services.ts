import type { SentencePairs } from './sentences.ts'

/** Sentences about what only tokens of some services say. */
export const sentences: SentencePairs = [
  ['the service says nothing of the system that booted', '起動したシステムについて、サービスは何も示していません'],
  ['nothing by which the system can be debugged is on', 'システムをデバッグできる設定は、どれも有効ではありません'],
  [
    'the system can be debugged, and you allowed it with `allowDebug`',
    'システムをデバッグできますが、`allowDebug` で許容されています',
  ],
  [
    'the system that booted can be debugged, or runs drivers of anybody: {names}',
    '起動したシステムがデバッグ可能であるか、誰のドライバーでも動かします：{names}',
  ],
  [
    'start it without debugging and test signing; for tests only, pass `allowDebug`',
    'デバッグとテスト署名を無効にして起動してください。テスト専用であれば、`allowDebug` を指定してください',
  ],
  ['every part of the TCB is as new as you expect', 'TCB の各部は期待どおりに新しいものです'],
  [
    'parts of the TCB are older than you expect, or not named: {parts}',
    'TCB に、期待より古い部分、または示されていない部分があります：{parts}',
  ],
  [
    'update the platform, or accept what it has with `minTcb`',
    'プラットフォームを更新するか、現在の値を `minTcb` で許容してください',
  ],
  ['the state of secure boot', 'セキュアブートの状態'],
  ["the service's policy", 'サービスのポリシー'],
  ["the root that is pinned here is {name}'s", 'ここに固定されているルートは {name} のものです'],
  [
    'the platform is revoked: what it signs counts for nothing, and no expectation can accept it',
    'プラットフォームが失効しています。その署名は無効で、期待値で許容することはできません',
  ],
  ['attest on a platform that is not revoked', '失効していないプラットフォームで Attestation をしてください'],
  ['nothing was expected of it', '期待値は指定されていません'],
  [
    'nobody said what the verifier has to have appraised',
    '検証者が何をアプレイザルしているべきかが、指定されていません',
  ],
  [
    'if {actual} is all that you rely on, say so with `appraisals`',
    '依拠する対象が {actual} だけであれば、`appraisals` に指定してください',
  ],
  ['all appraisals that you expect are there', '期待されるアプレイザルがすべてあります'],
  ['there is no appraisal of {names}', '{names} のアプレイザルがありません'],
  [
    'have the verifier appraise it, or expect what it appraises with `appraisals`',
    '検証者にアプレイザルさせるか、検証者の対象を `appraisals` に指定してください',
  ],
  ['the token names no policy', 'トークンにポリシーの名前がありません'],
  [
    'the verifier affirms by a policy that was compared with nothing: one may allow everything',
    '検証者のポリシーが何とも比較されていません。すべてを許すポリシーかもしれません',
  ],
  [
    'if {actual} is what you expect, say so with `appraisalPolicies`',
    '{actual} が期待どおりであれば、`appraisalPolicies` に指定してください',
  ],
  ['all appraisals are by policies that you accept', 'すべてのアプレイザルが、許容されたポリシーによるものです'],
  ['an appraisal names no policy', 'アプレイザルに、ポリシーの名前がないものがあります'],
  ['the policy {name} is none that you accept', 'ポリシー {name} は許容値ではありません'],
  [
    'have the verifier appraise by a policy that you accept with `appraisalPolicies`',
    '`appraisalPolicies` で許容したポリシーで、検証者にアプレイザルさせてください',
  ],
  ['the {name} of each device is one that you accept', '各デバイスの {name} は許容値です'],
  ['the {name} of a device is none that you accept', 'デバイスの {name} に、許容値でないものがあります'],
  [
    'update the {name}, or accept it with `{accepted}` or `{least}`',
    '{name} を更新するか、`{accepted}` または `{least}` で許容してください',
  ],
  ['any model will do', 'モデルは問われていません'],
  ['the hardware model', 'ハードウェアのモデル'],
  ['the project', 'プロジェクト'],
  ['any project will do', 'プロジェクトは問われていません'],
  ['the command line of the container', 'コンテナーのコマンドライン'],
  ["what replaces the image's command", 'イメージのコマンドに代わるもの'],
  ['{what?} is not what you expect', '{what?}が期待どおりではありません'],
  ['start the container as `{option}` says', 'コンテナーを `{option}` のとおりに起動してください'],
  ['the container was started with the command that you expect', 'コンテナーは期待どおりのコマンドで起動されています'],
  ["the container runs its image's own command", 'コンテナーはイメージ自身のコマンドで動いています'],
  [
    "whoever started the machine replaced the image's command",
    'マシンを起動した人が、イメージのコマンドを置き換えています',
  ],
  [
    'if that is what you expect, say so with `commandOverride` or `containerArgs`',
    '期待どおりであれば、`commandOverride` または `containerArgs` に指定してください',
  ],
  ['nobody set variables of the container', 'コンテナーの環境変数は設定されていません'],
  [
    'whoever started the machine set variables of the container',
    'マシンを起動した人が、コンテナーの環境変数を設定しています',
  ],
  [
    'if their values are what you expect, say so with `environmentOverride`',
    '値が期待どおりであれば、`environmentOverride` に指定してください',
  ],
  ['the variables of the container are those that you expect', 'コンテナーの環境変数は期待どおりです'],
  [
    'the variables {names} of the container are not what you expect',
    'コンテナーの環境変数 {names} が期待どおりではありません',
  ],
  [
    'start the container with the variables that `environmentOverride` names, and no others',
    '`environmentOverride` にある環境変数だけで、コンテナーを起動してください',
  ],
  ['the image of the machine has the attributes that you expect', 'マシンのイメージに、期待される属性があります'],
  ['the image of the machine lacks an attribute that you expect', 'マシンのイメージに、期待される属性がありません'],
  ['start the machine with an image that Google supports', 'Google がサポートするイメージでマシンを起動してください'],
  [
    'no {name?} version was asked for: one with known flaws passes',
    '{name?} のバージョンが指定されていません。既知の欠陥があるものも合格します',
  ],
  [
    "pass `{accepted}` or `{least}` after NVIDIA's security bulletins; {actual} runs",
    'NVIDIA のセキュリティ情報に従って `{accepted}` または `{least}` を指定してください（現在は {actual}）',
  ],
  [
    'the key is that of a service that you trust, and no test key',
    '鍵は、信頼するサービスのもので、テスト用ではありません',
  ],
  // Entity attestation tokens of no known service.
  ['the issuer of an entity attestation token (EAT)', 'エンティティアテステーショントークン（EAT）の発行者'],
  [
    'whoever signed the token tells the truth about the device, and keeps its signing keys secret',
    'トークンの署名者が、デバイスについて真実を述べ、署名鍵を守っている',
  ],
  [
    "the issuer's word is all there is: such a token shows no TEE, no isolation and no encrypted memory",
    '根拠は発行者の言明だけです。この種のトークンは、TEE も、隔離も、メモリーの暗号化も示しません',
  ],
  [
    'the key is one that you trust, and no hardware vendor vouches for it',
    '鍵は指定されたものですが、ハードウェアベンダーの保証はありません',
  ],
  ['the token is about a device, and shows no TEE', 'トークンはデバイスについてのもので、TEE を示しません'],
  ['more than {mostSubmodules} submodules', 'サブモジュールが {mostSubmodules} 個を超えています'],
  ['the token says that debugging is off', 'トークンが、デバッグ無効としています'],
  [
    'debugging is on, or not said to be off, and you allowed it with `allowDebug`',
    'デバッグ有効であるか、無効と示されていませんが、`allowDebug` で許容されています',
  ],
  ['debugging is on, or the token does not say that it is off', 'デバッグ有効であるか、トークンが無効と示していません'],
  [
    'attest with debugging disabled, and say so with `dbgstat`; for tests only, pass `allowDebug`',
    'デバッグを無効にし、`dbgstat` でそう示してください。テスト専用であれば、`allowDebug` を指定してください',
  ],
  ['the token has no submodules of this kind', 'トークンに、この種のサブモジュールはありません'],
  ['each submodule says that debugging is off', 'どのサブモジュールも、デバッグ無効としています'],
  ['debugging is on in a submodule: {names}', 'サブモジュールのデバッグが有効です：{names}'],
  [
    'a submodule does not say that debugging is off, and what is said above it does not count for it',
    'サブモジュールがデバッグ無効と示していません。上位の言明は、サブモジュールには及びません',
  ],
  [
    'have each submodule say so with `dbgstat`; if it has nothing to debug, waive this check',
    '各サブモジュールに `dbgstat` で示させてください。デバッグの対象がなければ、この確認を免除してください',
  ],
  ['the token tells no results of measurements', 'トークンに測定の結果はありません'],
  ['a measurement is not the one that was expected: {names}', '期待どおりでない測定があります：{names}'],
  [
    'a measurement was not compared, or not found: {names}',
    '比較されていない、または見つからない測定があります：{names}',
  ],
  ['run the software that the measurements are expected of', '測定が期待されるソフトウェアを動かしてください'],
  ['all results of measurements are good', '測定の結果はすべて良好です'],
  [
    'no submodule is a token of its own, or elsewhere',
    '独立したトークンであるサブモジュールや、別の場所にあるサブモジュールはありません',
  ],
  [
    'a submodule is a token of its own, or a digest of claims that are elsewhere: {names}',
    'サブモジュールに、独立したトークン、または別の場所にあるクレームのダイジェストがあります：{names}',
  ],
  [
    'verify what it says by itself, or waive this check if you do not rely on it',
    'その内容を単独で検証するか、依拠しないのであれば、この確認を免除してください',
  ],
  ['the profile', 'プロファイル'],
  ['the device', 'デバイス'],
  ['any device will do', 'デバイスは問われていません'],
  ['nothing was expected of single claims', '個々のクレームの期待値は指定されていません'],
  [
    'nobody said what the token has to say of the device and its software',
    'トークンがデバイスとそのソフトウェアについて何を示すべきかが、指定されていません',
  ],
  [
    'say what you rely on with `claims`, or which devices you accept with `ueids`',
    '依拠するものを `claims` に、または受け入れるデバイスを `ueids` に指定してください',
  ],
  ['all claims that you named are as you expect', '指定されたクレームはすべて期待どおりです'],
  [
    'claims are not what you expect, or not there: {names}',
    '期待どおりでない、または存在しないクレームがあります：{names}',
  ],
  [
    'have the device attest what `claims` says, or look at the token with `sekisho inspect`',
    'デバイスに `claims` のとおりに示させるか、`sekisho inspect` でトークンを確かめてください',
  ],
  [
    'the token does not say whether only software of its maker can have booted',
    '製造者のソフトウェアだけが起動したかどうかを、トークンが示していません',
  ],
  [
    'secure boot is off: whatever was on the disk has booted',
    'セキュアブートが無効です。ディスクにあったものがそのまま起動しています',
  ],
  [
    'start the machine with secure boot; if it may be off, say so with `secureBoot`',
    'マシンをセキュアブートで起動してください。無効でもよければ、`secureBoot` に指定してください',
  ],
  ['the product id (ISVPRODID)', '製品 ID（ISVPRODID）'],
  ['have the device attest `oemboot`', 'デバイスに `oemboot` を示させてください'],
]
