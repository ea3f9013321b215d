import type { SentencePairs } from './sentences.ts'

/** Reasons that a checkpoint gives beside those of a verdict, in Japanese. */
export const sentences: SentencePairs = [
  ['{check@}: {reason~}', '{check@}：{reason~}'],
  ['the namespace has no policy, so that nothing is permitted', '名前空間にポリシーがないため、何も許可されません'],
  ['EMULATED: no hardware vouches for this evidence', 'EMULATED：この Evidence には、ハードウェアの保証がありません'],
  ['the verdict is {outcome@}, and no policy can lift that', '検証結果が {outcome@} で、ポリシーでは許可できません'],
  ['line {line#} of the policy ({id}) forbids it', 'ポリシーの {line#} 行目（{id}）が禁止しています'],
  ['endorsements could not be had: {why}', 'エンドースメントを取得できませんでした：{why}'],
  [
    "have the checkpoint's source of endorsements give them ({answer}), or bring them with `--endorsements`",
    'チェックポイントのエンドースメント取得元から取得できるようにするか（応答：{answer}）、`--endorsements` で渡してください',
  ],
  ['no statement of the policy permits it', 'ポリシーに、これを許可する文がありません'],
  [
    'line {line#} ({id}) would permit it if this held: {condition}',
    '{line#} 行目（{id}）は、次の条件が成り立てば許可します：{condition}',
  ],
  ['the attestation is for another namespace', 'アテステーションが、別の名前空間のものです'],
  [
    'the reference values that it met have changed since, or are over',
    '一致していた参照値が、その後変更されたか、期限切れになっています',
  ],
  ['attestation was refused: {decision}', 'アテステーションが拒否されました：{decision}'],
  ['the appraisal is not stored any more', 'アプレイザルの記録は、もう保存されていません'],
  ['the evidence is not stored any more', 'Evidence は、もう保存されていません'],
  ['no reference values in force are met', '有効な参照値に一致するものがありません'],
  [
    'no reference set is for evidence of {tee@}: store one with what is known',
    '{tee@} の Evidence のための参照値セットがありません。分かっている値を登録してください',
  ],
  [
    'the reference set {name@} comes nearest, and differs in {members}',
    '最も近い参照値セットは {name@} ですが、{members} が異なります',
  ],
  [
    'the reference set {name@} would be met, and is over since {end@}: write it anew with a later end',
    '参照値セット {name@} に一致しますが、{end@} に期限が切れています。期限を延ばして登録し直してください',
  ],
  [
    'an operator revoked the TPM whose key signed the evidence',
    'Evidence に署名した鍵の TPM を、運用者が失効させています',
  ],
  ['revoked by an operator', '運用者が失効させました'],
  [
    'the evidence is of {tee@}, and {announced@} was announced',
    'Evidence は {tee@} のものですが、{announced@} と通知されていました',
  ],
  [
    'init-data: expected TOML of version 0.1.0 that names its hash algorithm',
    'init-data：ハッシュアルゴリズムを示す、バージョン 0.1.0 の TOML が必要です',
  ],
  ['init-data: expected TOML that names its hash algorithm', 'init-data：ハッシュアルゴリズムを示す TOML が必要です'],
  ['init-data: evidence of {tee@} has no place for it', 'init-data：{tee@} の Evidence には入れる場所がありません'],
  ['the session is of another namespace', 'セッションが、別の名前空間のものです'],
  [
    'runtime-data.nonce is not the nonce of this session',
    'runtime-data.nonce が、このセッションのノンスではありません',
  ],
  [
    'tee-pubkey is no public key that a secret can be encrypted to',
    'tee-pubkey が、シークレットを暗号化できる公開鍵ではありません',
  ],
  ['the evidence is too large', 'Evidence が大きすぎます'],
  ['the time of the session is over', 'セッションの期限が切れています'],
  ['the nonce of this session was used before', 'このセッションのノンスは使用済みです'],
  ['the key was revoked meanwhile', 'その間に鍵が失効しています'],
  [
    'the certificate of the endorsement key leads to no root of a TPM maker that is trusted here: name the maker’s root when the checkpoint is started',
    'エンドースメント鍵の証明書が、信頼する TPM 製造元のルートに至りません。チェックポイントの起動時に、製造元のルートを指定してください',
  ],
  [
    'a key of this TPM was revoked, and the TPM was not readmitted',
    'この TPM の鍵が失効しており、再び受け入れられていません',
  ],
  [
    'this TPM has enrolled {count#} keys already, or the namespace {limit@}',
    'この TPM の登録済みの鍵が {count#} 個、または名前空間の鍵が {limit@} 個に達しています',
  ],
  [
    'the machine did not activate the credential: it lacks the endorsement key or the attestation key',
    'マシンがクレデンシャルをアクティベートしていません。エンドースメント鍵またはアテステーション鍵を持っていません',
  ],
  [
    'the evidence was not verified ({outcome@} authenticity {authenticity@}): no policy can permit it',
    'Evidence が検証済みではありません（{outcome@} authenticity {authenticity@}）。ポリシーでは許可できません',
  ],
  ['the policies could not be evaluated', 'ポリシーを評価できませんでした'],
  ['the policies could not be evaluated: {fault}', 'ポリシーを評価できませんでした：{fault}'],
  ['the request cannot be decided: {fault}', '要求を判定できません：{fault}'],
  ['the evidence was not kept: retention', 'Evidence は保存期間を過ぎたため、残っていません'],
  ['no evidence was judged for this decision', 'この判定では、Evidence を判定していません'],
  [
    'what this decision rests on is not kept any more: retention',
    'この判定の根拠は保存期間を過ぎたため、残っていません',
  ],
  ['the {what?}: the stored bytes have another digest', '{what?}：保存されているバイト列のダイジェストが異なります'],
  [
    'the {what?}: the bytes are not kept, only their digest',
    '{what?}：バイト列は保存されておらず、ダイジェストだけがあります',
  ],
  [
    'the stored bytes have the recorded digests: {parts,}',
    '保存されているバイト列のダイジェストは、記録と一致します：{parts,}',
  ],
  ['evidence of {name@}', '{name@} の Evidence'],
  ['event log of {name@}', '{name@} のイベントログ'],
  ['endorsements of {name@}', '{name@} のエンドースメント'],
  ['evidence of {name@} {digest@}', '{name@} の Evidence {digest@}'],
  ['event log of {name@} {digest@}', '{name@} のイベントログ {digest@}'],
  ['endorsements of {name@} {digest@}', '{name@} のエンドースメント {digest@}'],
  ['the evidence cannot be judged again: {why}', 'Evidence をもう一度判定できません：{why}'],
  ['the pieces of evidence cannot be judged again: {why}', 'Evidence をもう一度判定できません：{why}'],
  [
    'the decision is {outcome@}, and the evidence is refused: {code@}',
    '判定は {outcome@} ですが、Evidence は拒否されます：{code@}',
  ],
  [
    'judged again as of then, the verdict is the recorded one: {digest@}',
    'その時点のものとして判定し直した検証結果は、記録と一致します：{digest@}',
  ],
  [
    'the verdict has another digest, and the recorded one is not kept',
    '検証結果のダイジェストが異なり、記録された検証結果は残っていません',
  ],
  [
    'the stored verdict has another digest than the recorded one',
    '保存されている検証結果のダイジェストが、記録と異なります',
  ],
  [
    'judged again as of then, every check and claim comes out as recorded, in the words of another version of this program',
    'その時点のものとして判定し直すと、すべてのチェックとクレームが記録どおりになります。文章は、このプログラムの別のバージョンのものです',
  ],
  [
    'judged again as of then, every check and claim comes out as recorded, in other words; the log does not prove what was expected',
    'その時点のものとして判定し直すと、すべてのチェックとクレームが記録どおりになりますが、文章が異なります。期待された値は、ログでは証明されません',
  ],
  [
    'the verdict rests on a root that this checkpoint does not trust now: {root@}',
    '検証結果は、このチェックポイントが現在は信頼しないルートに基づいています：{root@}',
  ],
  [
    'what is stored of the appraisal cannot be read: it was altered',
    '保存されている評価を読み取れません。改変されています',
  ],
  [
    'judged again as of then: {differences}. Images and requests that the operator names are those of now',
    'その時点のものとして判定し直した結果：{differences}。運用者が指定するイメージ・リクエストは、現在のものです',
  ],
  [
    'as recorded; the reference set {name@} is another now, or gone',
    '記録のとおりです。参照値セット {name@} は、その後変更されたか、削除されています',
  ],
  [
    'the reference set {name@} says otherwise, and was not changed',
    '参照値セット {name@} は変更されていませんが、内容が異なります',
  ],
  ['no reference set was met', '一致した参照値セットはありません'],
  ['the reference sets are in force unchanged: {names}', '参照値セットは、変更されずに有効です：{names}'],
  ['the decision has no leaf in the log', 'この判定は、ログに葉がありません'],
  ['leaf {index#} of the log proves nothing: {why}', 'ログの葉 {index#} は、何も証明しません：{why}'],
  [
    'leaf {index#} of the log has another {member@} than the database: one of both was altered',
    'ログの葉 {index#} の {member@} が、データベースと異なります。どちらかが改変されています',
  ],
  [
    'leaf {index#} of the log is of a former version: it names neither the details nor what was expected',
    'ログの葉 {index#} は以前のバージョンのものです。詳細も、期待された値も示していません',
  ],
  ['it is leaf {index#} of the log', 'ログの葉 {index#} です'],
  [
    'it is leaf {index#} of the log, with the digests of evidence, endorsements and verdict',
    'ログの葉 {index#} です。Evidence・エンドースメント・検証結果のダイジェストがあります',
  ],
  ['the log names a policy, and the database none', 'ログにはポリシーがありますが、データベースにはありません'],
  ['version {version#} of the policy is not stored', 'ポリシーのバージョン {version#} は、保存されていません'],
  [
    'version {version#} of the policy has another digest than the log',
    'ポリシーのバージョン {version#} のダイジェストが、ログと異なります',
  ],
  [
    'asked again, version {version#} of the policy permits it',
    '再び問い合わせると、ポリシーのバージョン {version#} は許可します',
  ],
  [
    'asked again, version {version#} of the policy refuses it',
    '再び問い合わせると、ポリシーのバージョン {version#} は拒否します',
  ],
  [
    'asked again, version {version#} of the policy permits it, and the decision is {outcome@}',
    '再び問い合わせると、ポリシーのバージョン {version#} は許可しますが、判定は {outcome@} です',
  ],
  [
    'asked again, version {version#} of the policy refuses it, and the decision is {outcome@}',
    '再び問い合わせると、ポリシーのバージョン {version#} は拒否しますが、判定は {outcome@} です',
  ],
]
