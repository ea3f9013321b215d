import type { SentencePairs } from './sentences.ts'

/** Sentences of TDX verdicts, and of event logs, in Japanese. */
export const sentences: SentencePairs = [
  ['send the log of the boot that the quote is of, unchanged', 'クォートと同じ起動のログを、変更せずに送ってください'],
  ['the event log cannot be read: {reason?}', 'イベントログを読み取れません：{reason?}'],
  ['it has {events} events', 'イベントが {events} 件あります'],
  ['there is no log', 'ログがありません'],
  [
    'the event log does not replay to {register}: {explanation~}',
    'イベントログの再計算が {register} に一致しません。{explanation~}',
  ],
  ['RTMR3 is not in the event log: {explanation~}', 'RTMR3 がイベントログにありません。{explanation~}'],
  [
    'the TCB info has no identity of TDX module version {version}',
    'TCB 情報に、TDX モジュール バージョン {version} の ID 情報がありません',
  ],
  ['the TDX module is signed by somebody else than Intel', 'TDX モジュールの署名者が Intel ではありません'],
  [
    'the attributes of the TDX module are not those of its identity',
    'TDX モジュールの属性が、ID 情報のものではありません',
  ],
  [
    'bits of TDATTRIBUTES are set that make the TD untrusted (TUD)',
    'TDATTRIBUTES に、TD の信頼を損なうビット（TUD）が設定されています',
  ],
  [
    'launch the TD without profiling and reserved TUD attributes',
    'プロファイリングと予約済みの TUD 属性を使わずに TD を起動してください',
  ],
  ['reserved bits of TDATTRIBUTES are set: {reserved}', 'TDATTRIBUTES の予約ビットが設定されています：{reserved}'],
  [
    'find out what they mean in a later specification, and waive this check if that is acceptable',
    '後続の仕様でその意味を確認し、問題がなければこのチェックを免除してください',
  ],
  ['XFAM has bits that you do not allow', 'XFAM に、許容されていないビットがあります'],
  [
    'launch the TD with fewer of them, or allow more with `allowedXfam`',
    'XFAM のビットを減らして TD を起動するか、`allowedXfam` で許容してください',
  ],
  ['no bit beside {allowed}', '{allowed} 以外のビットなし'],
  ['TEE_TCB_SVN is below your lowest one', 'TEE_TCB_SVN が、指定された下限を下回っています'],
  ['each byte of {floor} or more', '各バイトが {floor} 以上'],
  [
    'SEPT_VE_DISABLE is off, and you allowed it with `allowSeptVeDisableOff`',
    'SEPT_VE_DISABLE が無効ですが、`allowSeptVeDisableOff` で許可されています',
  ],
  [
    'SEPT_VE_DISABLE is off: the host may inject #VE when the TD touches its private memory',
    'SEPT_VE_DISABLE が無効です。TD がプライベートメモリに触れるとき、ホストが #VE を注入できます',
  ],
  [
    'launch the TD with SEPT_VE_DISABLE; if a paravisor that handles #VE runs below the guest (Azure, OpenHCL), pass `allowSeptVeDisableOff`',
    'SEPT_VE_DISABLE を有効にして TD を起動してください。#VE を処理するパラバイザー（Azure、OpenHCL）がゲストの下で動いている場合は、`allowSeptVeDisableOff` を指定してください',
  ],
  ['TDX 1.0 reports no service TD', 'TDX 1.0 はサービス TD を報告しません'],
  [
    'the bound service TD (MRSERVICETD), which can read or change this TD,',
    'この TD を読み書きできる、結び付けられたサービス TD（MRSERVICETD）',
  ],
  ['you gave no event log', 'イベントログが指定されていません'],
  ['the paravisor below the guest does what it should', 'ゲストの下のパラバイザーが、正しく動作する'],
  [
    'SEPT_VE_DISABLE is off in TDATTRIBUTES, as it is under paravisors',
    'TDATTRIBUTES の SEPT_VE_DISABLE が無効です（パラバイザーの下では通常のこと）',
  ],
  [
    'a migration TD moves this TD to genuine platforms only',
    'マイグレーション TD が、この TD を本物のプラットフォームにだけ移す',
  ],
  ['MIGRATABLE is on in TDATTRIBUTES', 'TDATTRIBUTES の MIGRATABLE が有効です'],
  ['the bound service TD does what it should', '結び付けられたサービス TD が、正しく動作する'],
  ['MRSERVICETD is not zero', 'MRSERVICETD が 0 ではありません'],
  ['whatever ran after the firmware is what you want', 'ファームウェアの後に動いたものが、意図したものである'],
  ['nobody compared {open}', '{open} を誰も照合していません'],
  [
    'judged by the TDX module that runs now, the TCB is {status}; by that at launch of the TD, {status2}',
    '現在動いている TDX モジュールで判定すると TCB は {status}、TD の起動時のモジュールでは {status2} です',
  ],
  [
    'nothing was extended into the register, and the log has no event of it',
    'レジスターには何も拡張されておらず、ログにもそのイベントはありません',
  ],
  ["the log's one event replays to the register", 'ログのイベント 1 件を再計算すると、レジスターに一致します'],
  [
    "the log's {events} events replay to the register",
    'ログのイベント {events} 件を再計算すると、レジスターに一致します',
  ],
  [
    'the log has no event of this register: whatever was extended into it was not logged here',
    'ログに、このレジスターのイベントがありません。拡張されたものは、このログには記録されていません',
  ],
  [
    "the register was never extended, so that none of the log's {count} events was measured: the log is of another machine or boot, or was made up",
    'レジスターは一度も拡張されていないため、ログのイベント {count} 件はどれも測定されていません。ログが別のマシンか別の起動のもの、または作り物です',
  ],
  [
    "no beginning of the log's {count} events leads to the register: an event was changed, added, left out or moved, or the log is of another machine or boot",
    'ログのイベント {count} 件を先頭からどこまで再計算しても、レジスターに一致しません。イベントの改変、追加、欠落、移動があったか、ログが別のマシンか別の起動のものです',
  ],
  [
    'the register equals the log up to event {number}, so that events from {number2} on were not measured, were measured after the quote, or were added later',
    'レジスターは、ログのイベント {number} までと一致します。イベント {number2} 以降は、測定されていないか、クォートより後に測定されたか、後から追加されたものです',
  ],
  [
    'the register equals what the log says of {other}: the log names the wrong registers',
    'レジスターは、ログが {other} としている内容と一致します。ログのレジスター名が間違っています',
  ],
  [
    'no separator ends what firmware measured into {register}: the log may be cut',
    'ファームウェアが {register} に測定した部分の終わりを示すセパレーターがありません。ログが途中で切られた可能性があります',
  ],
  [
    "event {number} is another separator of {register} after event {number2}: firmware measures one, so that everything from event {number3} on may be the guest's own",
    'イベント {number} は、イベント {number2} に続く {register} の 2 つ目のセパレーターです。ファームウェアが測定するのは 1 つだけなので、イベント {number3} 以降はすべてゲスト自身のものかもしれません',
  ],
  [
    "event {number} measures SecureBoot after the separator: it is not the firmware's",
    'イベント {number} が、セパレーターの後で SecureBoot を測定しています。ファームウェアによるものではありません',
  ],
  ['event {number} measures SecureBoot again', 'イベント {number} が SecureBoot を再び測定しています'],
  [
    'the name of event {number} has a colon in it, so that name and payload could be split elsewhere: neither may be believed',
    'イベント {number} の名前にコロンがあり、名前とペイロードの境目を変えられます。どちらも信用できません',
  ],
  [
    'the name and payload of event {number} do not have the digest that was measured: neither may be believed',
    'イベント {number} の名前とペイロードのダイジェストが、測定されたものと異なります。どちらも信用できません',
  ],
  [
    'event {number} names no register of TDX and was left out',
    'イベント {number} は TDX のレジスターを示していないため、除外しました',
  ],
]
