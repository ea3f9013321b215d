import type { SentencePairs } from './sentences.ts'

/** What is found in policies, in Japanese. */
export const sentences: SentencePairs = [
  ['it can never apply', '適用されることがありません'],
  ['it can never apply: there can be no {name}', '適用されることがありません。{name} はありえません'],
  [
    'a secret is named `repository/type/tag`, and its folders are `repository` and `repository/type`',
    'シークレットの名前は `repository/type/tag`、そのフォルダーは `repository` と `repository/type` です',
  ],
  [
    'it has no `permit`: everything is refused, and whatever is held now is revoked',
    '`permit` がありません。すべてが拒否され、現在のリースも失効します',
  ],
  [
    'add a `permit`, such as those that `sekisho policy starter` prints',
    '`sekisho policy starter` が表示するような `permit` を加えてください',
  ],
  ['delete it, or mend its conditions', '削除するか、条件を直してください'],
  [
    'the forbid on line {line#} applies to all that it permits',
    '{line#} 行目の forbid が、この文の許可するものすべてに適用されます',
  ],
  ['narrow the forbid, or delete this permit', 'forbid を狭めるか、この permit を削除してください'],
  [
    'the {effect@} on line {line#} applies to all that it applies to',
    '{line#} 行目の {effect@} が、この文と同じものすべてに適用されます',
  ],
  ['delete one of the two', 'どちらかを削除してください'],
  [
    'whoever asks gets this: no condition looks at what evidence proves',
    '要求した誰もが取得できます。Evidence が証明するものを見る条件がありません',
  ],
  ['a part of its conditions holds whatever is asked', '条件の一部が、どんな要求に対しても成り立ちます'],
  ['a part of its conditions never holds', '条件の一部が、決して成り立ちません'],
  ['delete that part, or mend it', 'その部分を削除するか、直してください'],
  [
    'ask for `context.verdict.outcome == "verified"` and a reference set, such as `context.references.contains("…")`',
    '`context.verdict.outcome == "verified"` と、`context.references.contains("…")` のような参照値セットの条件を加えてください',
  ],
  [
    'it permits workloads in debug mode, whose memory the host can read',
    'ホストがメモリを読める、デバッグモードのワークロードを許可しています',
  ],
  ['add `!context.debug`', '`!context.debug` を加えてください'],
  [
    'it permits emulated platforms, which anybody can make',
    '誰でも作ることができる、エミュレーションのプラットフォームを許可しています',
  ],
  [
    'add `context.hardware`, or `!context.emulated` where the platform is a virtual TPM',
    '`context.hardware` を加えてください。仮想 TPM の場合は `!context.emulated` を加えてください',
  ],
  [
    'it permits any workload on such a platform: what it asks for is chosen by the host, or by firmware that it leaves open',
    '該当するプラットフォーム上の、あらゆるワークロードを許可しています。条件の値は、ホスト、または固定されていないファームウェアが選べるものです',
  ],
  ['it permits any workload on such a platform', '該当するプラットフォーム上の、あらゆるワークロードを許可しています'],
  [
    'ask for a reference set, such as `context.references.contains("…")`, or for a measurement or signer',
    '`context.references.contains("…")` のような参照値セット、または測定値か署名者の条件を加えてください',
  ],
  [
    'the guest writes {name@} itself, and {below} below it may be anything',
    '{name@} はゲスト自身が書き込むもので、その下の {below} が固定されていません',
  ],
  [
    'pin {claims} as well, or ask for a reference set that does',
    '{claims} も固定するか、それらを固定する参照値セットの条件を加えてください',
  ],
  ['it permits a TCB that is not up to date, for ever', '最新ではない TCB を、無期限に許可しています'],
  [
    'add an end, such as `context.now < datetime("2027-01-31")`',
    '`context.now < datetime("2027-01-31")` のような期限を加えてください',
  ],
  ['nothing known has `{claim@}` as {value"}', '`{claim@}` が {value"} になるものは、知られていません'],
  ['evidence may lack the claim `{claim@}`', 'Evidence に、クレーム `{claim@}` がないことがあります'],
  ['ask with `context has {claim}` first', '先に `context has {claim}` で確認してください'],
  ['docs/policies.md lists all claims', 'すべてのクレームは docs/policies.md にあります'],
  ['did you mean `{near}`?', '`{near}` のことですか'],
  ['did you mean `{near}`? {known~}', '`{near}` のことですか。{known~}'],
  ['did you mean "{near}"? {known~}', '"{near}" のことですか。{known~}'],
  ['there is no claim `{path@}`', 'クレーム `{path@}` はありません'],
  ['the `@id` is not 1 to 128 printable characters', '`@id` が、1～128 文字の印字可能な文字ではありません'],
  ['the id {id} is that of line {line#} already', 'ID {id} は、すでに {line#} 行目で使われています'],
  ['give each statement its own `@id`', '文ごとに異なる `@id` を付けてください'],
  [
    'the policy has {count#} characters: expected at most {most#}',
    'ポリシーが {count#} 文字あります（上限 {most#} 文字）',
  ],
  ['the text has no end', '文字列が閉じていません'],
  ['close it with `"` on the same line', '同じ行で `"` を付けて閉じてください'],
  ['the policy has more than {most#} statements', 'ポリシーの文が {most#} 個を超えています'],
  ['the statement has no end', '文が終わっていません'],
  ['close it with `;`', '`;` で閉じてください'],
  [
    'split it into several statements, or list values as `["a", "b"].contains(…)`',
    '複数の文に分けるか、値を `["a", "b"].contains(…)` のように列挙してください',
  ],
  ['brackets are nested deeper than {most#}', '括弧の入れ子が {most#} 段を超えています'],
  ['the statement has more than {most#} operators', '文の演算子が {most#} 個を超えています'],
  ['a path has more than {most#} steps', 'パスが {most#} 段を超えています'],
  ['the statement has more than {most#} characters', '文が {most#} 文字を超えています'],
  ['it is one of {values}', '次のいずれかです：{values}'],
  ['`context.{path@}` is never {value}', '`context.{path@}` が {value} になることはありません'],
  ['it is lower-case hex of whole bytes, without `0x`', '`0x` のない、バイト単位の小文字の 16 進数です'],
]
