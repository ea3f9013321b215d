import type { SentencePairs } from './sentences.ts'

/** Sentences about logs of a measured boot, in Japanese. */
export const sentences: SentencePairs = [
  [
    'the log does not replay to PCR {differing} of the {bank} bank, which is not the one judged by',
    'ログの再計算が、判定に使っていない {bank} バンクの PCR {differing} に一致しません',
  ],
  [
    'by something that is not in the log these were extended: PCR {unlogged}',
    'PCR {unlogged} は、ログにないものによって拡張されています',
  ],
  ['the clock may have gone back', '時計が戻った可能性があります'],
  [
    'the log has no event of leaving the firmware: it was cut, or is of an old form',
    'ログに、ファームウェアを離れるイベントがありません。途中で切られたか、古い形式のものです',
  ],
  [
    'send the whole event log of this boot (on Windows: of the last resume), or none',
    'この起動（Windows では直近の再開）のイベントログ全体を送るか、ログを外してください',
  ],
  ['there is no event log', 'イベントログがありません'],
  [
    'the log has no digests of the {bank} bank, or the quote none of its values',
    'ログに {bank} バンクのダイジェストがないか、クォートにその値がありません',
  ],
  ['the event log cannot be read: {fault?}', 'イベントログを読み取れません：{fault?}'],
  ['the log has {count} events', 'ログのイベントは {count} 件です'],
  [
    'the log does not replay to PCR {bad} of the {bank} bank: it was changed, or is of another boot',
    'ログの再計算が、{bank} バンクの PCR {bad} に一致しません。改変されたか、別の起動のものです',
  ],
  [
    'the log replays to the quoted PCR {proven?} of the {bank} bank',
    'ログの再計算が、クォートにある {bank} バンクの PCR {proven?} に一致します',
  ],
  [
    'the log replays to the quoted PCR {proven?} of the {bank} bank; PCR {open} went on after the log, which proves nothing of them',
    'ログの再計算が、クォートにある {bank} バンクの PCR {proven?} に一致します。PCR {open} はログの後も拡張されており、ログはこれらについて何も証明しません',
  ],
  ['none', 'なし'],
  ['the log has no events of Windows', 'ログに Windows のイベントがありません'],
  [
    'PCR {separatorTwice} has a second separator: somebody tried to begin the log anew',
    'PCR {separatorTwice} に 2 つ目のセパレーターがあります。ログを途中から始め直そうとした形跡です',
  ],
  ['each PCR of Windows has one separator at most', 'Windows の各 PCR のセパレーターは 1 つ以下です'],
  [
    'no event of Windows comes after the separator of its PCR',
    'PCR のセパレーターの後に、Windows のイベントはありません',
  ],
  [
    'events {afterSeparator} come after the separator of their PCR, where a running system can write what it likes',
    'イベント {afterSeparator} が PCR のセパレーターの後にあります。動作中のシステムが自由に書き込める部分です',
  ],
  [
    'the data of events {bad} are not what was measured: they were changed',
    'イベント {bad} のデータが、測定されたものと異なります。改変されています',
  ],
  ['the log says both that secure boot is on and that it is off', 'ログが、セキュアブートを有効とも無効ともしています'],
  [
    'the data of secure boot and Windows are what was measured',
    'セキュアブートと Windows のデータは、測定されたものと一致します',
  ],
  ['secure boot is on', 'セキュアブートが有効です'],
  ['secure boot is off', 'セキュアブートが無効です'],
  ['secure boot', 'セキュアブート'],
  [
    'PCR 7 is not quoted, does not replay, or the log does not tell',
    'PCR 7 がクォートにないか、ログの再計算と一致しないか、ログに記録がありません',
  ],
  ['switch secure boot on and boot again', 'セキュアブートを有効にして起動し直してください'],
  ['switch secure boot off and boot again', 'セキュアブートを無効にして起動し直してください'],
  ['{what?} is not proven: {because?}', '{what?} が証明されていません。{because?}'],
  [
    'send the event log of this boot, with a quote of PCR 0 to 14',
    'この起動のイベントログを、PCR 0～14 のクォートとともに送ってください',
  ],
  ['{what?} is on: {because?}', '{what?} が有効です。{because?}'],
  ['{what?} is off: {because?}', '{what?} が無効です。{because?}'],
  ['{what?} is unknown: {because?}', '{what?} の状態が不明です。{because?}'],
  [
    'there is no log of Windows whose PCR 12 replays and is quoted',
    'PCR 12 がクォートにあり再計算と一致する、Windows のログがありません',
  ],
  ['switch it on and boot again', '有効にして起動し直してください'],
  ['switch it off and boot again', '無効にして起動し直してください'],
  ['boot debugging, kernel debugging and test signing are 0', 'ブートデバッグ、カーネルデバッグ、テスト署名が 0 です'],
  ['debugging', 'デバッグ'],
  ['virtualization-based security', '仮想化ベースのセキュリティ'],
  ['code integrity by the hypervisor', 'ハイパーバイザーによるコード整合性'],
  ['early-launch anti-malware', '早期起動マルウェア対策'],
  ['nothing ends what firmware measured', 'ファームウェアが測定した部分の終わりを示すものがありません'],
  ['the log has no SecureBoot variable before the separator', 'セパレーターの前に、SecureBoot 変数がログにありません'],
  ['the log has SecureBoot variables that differ', 'ログに、値の異なる SecureBoot 変数があります'],
  [
    'an event before the SecureBoot variable may be a separator',
    'SecureBoot 変数の前に、セパレーターかもしれないイベントがあります',
  ],
  [
    'the digest of event {number} is not that of the variable it claims',
    'イベント {number} のダイジェストが、示している変数のものではありません',
  ],
  [
    'event {number#} says that firmware failed, or is no separator of firmware',
    'イベント {number#} が、ファームウェアの失敗を示しているか、ファームウェアの区切りではありません',
  ],
  ['event {number} says neither on nor off', 'イベント {number} が、有効とも無効とも示していません'],
  ['event {number} measured it', 'イベント {number} が測定しています'],
  ['PCR {separatorTwice} has a second separator', 'PCR {separatorTwice} に 2 つ目のセパレーターがあります'],
  [
    'event {afterSeparator} comes after the separator of its PCR, where the running system can write',
    'イベント {afterSeparator} が PCR のセパレーターの後にあります。動作中のシステムが書き込める部分です',
  ],
  [
    'PCR {separatorMissing} has no separator: the log was cut',
    'PCR {separatorMissing} にセパレーターがありません。ログが途中で切られています',
  ],
  [
    "the data of event {unbound} do not have the event's digest",
    'イベント {unbound} のデータが、そのイベントのダイジェストと一致しません',
  ],
  ['event {hidden} is of a type that could hide a setting', 'イベント {hidden} の種類は、設定を隠すことができます'],
  ['{name@} was not measured', '{name@} が測定されていません'],
  ['{name@} was measured with different values', '{name@} が、異なる値で測定されています'],
  ['{name@} is 0', '{name@} が 0 です'],
  ['{name@} is {value@}', '{name@} が {value@} です'],
  ['{name@} is {other}, and would have to be {wanted}', '{name@} は {other} ですが、{wanted} でなければなりません'],
  [
    'secure boot is not proven to be on, so that anything may have measured this',
    'セキュアブートが有効であると証明されていないため、何が測定したものか分かりません',
  ],
  [
    'hypervisor and virtual secure mode were launched under secure boot, without debugging',
    'ハイパーバイザーと仮想セキュアモードが、セキュアブートの下で、デバッグなしで起動されています',
  ],
  ['virtualization-based security is off', '仮想化ベースのセキュリティが無効です'],
  ['VbsHvciPolicy was not measured', 'VbsHvciPolicy が測定されていません'],
  ['VbsHvciPolicy is not 1 everywhere', 'VbsHvciPolicy に、1 ではない箇所があります'],
  [
    'VbsHvciPolicy is 1, and virtualization-based security is on',
    'VbsHvciPolicy が 1 で、仮想化ベースのセキュリティが有効です',
  ],
  ['no early-launch anti-malware driver was measured', '早期起動マルウェア対策のドライバーが測定されていません'],
  [
    'an early-launch anti-malware driver and its settings were measured',
    '早期起動マルウェア対策のドライバーとその設定が測定されています',
  ],
]
