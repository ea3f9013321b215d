import type { SentencePairs } from './sentences.ts'

/** Sentences of verdicts on composite evidence, in Japanese. */
export const sentences: SentencePairs = [
  ['refuted: {names}; {part}: {summary~}', '反証あり：{names}。{part}：{summary~}'],
  ['not proven: {names}; {part}: {summary~}', '未証明：{names}。{part}：{summary~}'],
  ['rejected: {names}; {part}: {summary~}', '拒否：{names}。{part}：{summary~}'],
  ['incomplete: {names}; {part}: {summary~}', '未完了：{names}。{part}：{summary~}'],
  ["see the checks of these parts' own verdicts", 'それぞれの検証結果のチェックを確認してください'],
  ['all {count#} are', '{count#} 個すべてが本物です'],
  ['all {count#} are verified', '{count#} 個すべてが検証済みです'],
  ['each is another piece of evidence', 'それぞれ別の Evidence です'],
  [
    '{name} is evidence that was shown already under another name',
    '{name} は、すでに別の名前で提示された Evidence です',
  ],
  [
    '{name} says word for word what another part says: nothing tells the two apart',
    '{name} の内容は、ほかの部分とまったく同じです。2 つを区別できるものがありません',
  ],
  ['send each piece of evidence once', '各 Evidence を 1 回だけ送ってください'],
  [
    'choose a nonce, have every part made with it, and pass it as `nonce`; where parts hold a digest, give what it is of as `runtimeData`',
    'ノンスを決めてすべての部分をそれで作らせ、`nonce` に指定してください。ダイジェストを持つ部分については、その元のデータを `runtimeData` に指定してください',
  ],
  ['there is one part only', '部分は 1 つだけです'],
  ['you said of each part what it must hold', '各部分が持つべき値が指定されています'],
  [
    '{name} holds something else: it was made for another exchange',
    '{name} の値が異なります。別の通信のために作られたものです',
  ],
  ['all parts hold {kind?}', 'すべての部分が{kind?}を持っています'],
  ['the digest of the same runtime data', '同じ実行時データのダイジェスト'],
  ['your nonce', '指定されたノンス'],
  ['the report data you expect', '期待されるレポートデータ'],
  ['the same', '同じ値'],
  ['all parts hold the same data', 'すべての部分が同じデータを持っています'],
  [
    'nothing shows that the parts were made for one exchange: they hold different data',
    'すべての部分がひとつの通信のために作られたことを示すものがありません。持っているデータが異なります',
  ],
  ['the runtime data are not those that you expect', '実行時データが期待どおりではありません'],
  ['no evidence of a machine', 'マシンの Evidence なし'],
  ['the parts were made for your exchange', 'すべての部分が、この通信のために作られています'],
  [
    'the nonce in the runtime data is not yours: the parts were made for another exchange, or replayed',
    '実行時データのノンスが、指定されたものと異なります。別の通信のために作られたか、再送されたものです',
  ],
  [
    'have the attester send new evidence for your nonce',
    '指定したノンスに対する新しい Evidence を、Attester に送らせてください',
  ],
  [
    'nothing shows when the parts were made: they may be a replay',
    '各部分がいつ作られたかを示すものがありません。再送（リプレイ）の可能性があります',
  ],
  [
    'choose a nonce, have it put into the runtime data or into every part, and pass it as `nonce`',
    'ノンスを決めて実行時データまたはすべての部分に入れさせ、`nonce` に指定してください',
  ],
  ['{count#} pieces of evidence: {formats}', 'Evidence {count#} 個：{formats}'],
  ['one piece of evidence: {formats}', 'Evidence 1 個：{formats}'],
  ['the claims are those of the part {name}', 'クレームは {name} のものです'],
  ['the parts are of one machine', 'すべての部分が 1 台のマシンのものである'],
  [
    'their binding shows that they were made for one exchange; none of them names the others as its hardware',
    'ひとつの通信のために作られたことは結び付きが示していますが、どの部分も、ほかの部分を自分のハードウェアとして示していません',
  ],
  [
    'pass the key of whoever wraps your evidence as `wrapperKeys`; or waive the check: each part has a signature of its own, which is judged in any case',
    'Evidence を包む側の鍵を `wrapperKeys` に指定するか、このチェックを免除してください（各部分の署名は、いずれの場合も個別に検証します）',
  ],
  [
    'have all parts put into one signed wrapper; or waive the check: each part has a signature of its own, which is judged in any case',
    'すべての部分を、署名された 1 つのラッパーに入れさせるか、このチェックを免除してください（各部分の署名は、いずれの場合も個別に検証します）',
  ],
  [
    'the {carrier} around the parts does not verify: somebody changed it, or another made it',
    '部分を包む {carrier} を検証できません。改変されたか、別の誰かが作ったものです',
  ],
  ['the {carrier} around the parts cannot be verified: {fault?}', '部分を包む {carrier} を検証できません。{fault?}'],
  ['the signature is none that this key makes', 'この鍵で作られる署名ではありません'],
  [
    'nobody has checked the signature of the {carrier} around the parts',
    '部分を包む {carrier} の署名を、誰も検証していません',
  ],
  ['no signed wrapper is around the parts', '署名されたラッパーはありません'],
  [
    'you gave keys of whoever wraps evidence, and no signed wrapper is around this',
    'Evidence を包む側の鍵が指定されていますが、署名されたラッパーがありません',
  ],
  ['the wrapper is signed with a key that you gave', 'ラッパーに、指定された鍵の署名があります'],
  [
    'no signed wrapper is around all of the parts: anybody may have put them together',
    'すべての部分を包む署名されたラッパーがありません。誰でもまとめることができたものです',
  ],
]
