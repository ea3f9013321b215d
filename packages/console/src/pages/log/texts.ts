import type { Language } from '../../text/texts.ts'

/** Texts of the log. */
export interface LogTexts {
  readonly lead: string
  readonly facts: Readonly<Record<'heading' | 'size' | 'origin' | 'root' | 'note' | 'download' | 'key', string>>
  readonly seen: Readonly<
    Record<
      | 'heading'
      | 'lead'
      | 'when'
      | 'size'
      | 'root'
      | 'result'
      | 'first'
      | 'continues'
      | 'not'
      | 'bad'
      | 'look'
      | 'looking'
      | 'scroll',
      string
    >
  >
  readonly alarm: Readonly<Record<'heading' | 'text' | 'otherKey' | 'otherText', string>>
  readonly compare: {
    readonly heading: string
    readonly lead: string
    readonly earlier: string
    readonly later: string
    readonly choose: string
    readonly pasted: string
    readonly label: string
    readonly hint: string
    readonly action: string
    readonly busy: string
    claim(first: number, second: number): string
    option(size: number): string
  }
  readonly entry: {
    readonly heading: string
    readonly lead: string
    label(size: number): string
    readonly action: string
    readonly busy: string
    claim(index: number, size: number): string
    readonly none: string
    readonly decision: string
  }
  readonly receipt: {
    readonly heading: string
    readonly lead: string
    readonly pick: string
    readonly drop: string
    readonly tooLarge: string
    readonly notJson: string
    claim(index: number, size: number, origin: string): string
  }
  readonly signIn: string
}

const en: LogTexts = {
  lead: 'Every decision is an entry that cannot be taken back unnoticed. Everything here is checked in this browser.',
  facts: {
    heading: 'The log as it stands',
    size: 'Entries',
    origin: 'Name',
    root: 'Root',
    note: 'The signed checkpoint',
    key: 'What it is checked with',
    download: 'Download checkpoint',
  },
  seen: {
    heading: 'Checkpoints seen on this visit',
    lead: 'Each new one is compared with the one before. They are forgotten when the page is closed: keep one to compare with later.',
    when: 'Seen',
    size: 'Entries',
    root: 'Root',
    result: 'Result',
    first: 'Signed; the first one seen',
    continues: 'Signed; continues the one before',
    not: 'Refuted: does not continue the one before',
    bad: 'Refuted: not signed with the key',
    look: 'Look again',
    looking: 'Looking…',
    scroll: 'Checkpoints seen, scrollable',
  },
  alarm: {
    heading: 'Refuted: this log was altered',
    text: 'A checkpoint that this page was shown does not fit what was signed before. Keep both checkpoints below: together they are the evidence. Do not rely on receipts of this log until it is clear what happened.',
    otherKey: 'Refuted: not signed with this key',
    otherText:
      'Either the key is of another log, or somebody answers in this log’s place. Nothing on this page is vouched for by the key.',
  },
  compare: {
    heading: 'Compare two checkpoints',
    lead: 'Shows whether everything that the earlier one signed still stands unaltered in the later one. Paste one that you kept: that is worth more than any that the page saw today.',
    earlier: 'Earlier',
    later: 'Later',
    choose: 'Choose…',
    pasted: 'The one pasted below',
    label: 'A checkpoint that you kept',
    hint: 'As “sekisho log checkpoint” printed it, or as downloaded here: text, empty line, signature.',
    action: 'Compare',
    busy: 'Comparing…',
    claim: (first, second) =>
      first === second
        ? `Both sign the same ${first} entries.`
        : `The first ${first} entries of the ${second} are those that were signed before.`,
    option: (size) => `${size} entries`,
  },
  entry: {
    heading: 'One entry',
    lead: 'Fetched by its index, and proven to be in the log of the checkpoint above.',
    label: (size) => (size === 0 ? 'Index' : `Index, 0 to ${size - 1}`),
    action: 'Look up',
    busy: 'Looking up…',
    claim: (index, size) => `Entry ${index} of ${size} is the one that was signed.`,
    none: 'The log has no entry of this index.',
    decision: 'Open the decision',
  },
  receipt: {
    heading: 'Check a receipt',
    lead: 'A file from “sekisho log receipt” or from a decision’s page. It is read in this browser and sent nowhere; no sign-in is needed.',
    pick: 'Choose a receipt…',
    drop: 'or drop it here',
    tooLarge: 'The file is larger than any receipt. It was not read.',
    notJson: 'The file is not JSON.',
    claim: (index, size, origin) => `This is entry ${index} of the ${size} that ${origin} signed.`,
  },
  signIn: 'Entries name resources: to look one up, sign in.',
}

const ja: LogTexts = {
  lead: 'すべての判定は、気付かれずに取り消すことのできないエントリーになります。ここでの確認は、すべてこのブラウザー内で行います。',
  facts: {
    heading: '現在のログ',
    size: 'エントリー数',
    origin: '名前',
    root: 'ルート',
    note: '署名付きチェックポイント',
    key: '検証に使う鍵',
    download: 'チェックポイントをダウンロード',
  },
  seen: {
    heading: '今回の閲覧で確認したチェックポイント',
    lead: '新しいものは、ひとつ前のものと比較します。ページを閉じると失われるため、後で比較するにはダウンロードして控えてください。',
    when: '確認時刻',
    size: 'エントリー数',
    root: 'ルート',
    result: '結果',
    first: '署名は正しい（最初の確認）',
    continues: '署名は正しく、前回から連続している',
    not: '反証あり：前回から連続していない',
    bad: '反証あり：鍵による署名がない',
    look: '今すぐ確認',
    looking: '確認中…',
    scroll: '確認したチェックポイント（スクロール可）',
  },
  alarm: {
    heading: '反証あり：このログは改変されています',
    text: 'このページが受け取ったチェックポイントが、以前に署名されたものと矛盾しています。下の両方のチェックポイントが証拠になるため、保存してください。原因が判明するまで、このログのレシートを信用しないでください。',
    otherKey: '反証あり：この鍵では署名されていません',
    otherText:
      '鍵が別のログのものか、別の者がこのログになりすましています。このページの内容は、この鍵では何も保証されません。',
  },
  compare: {
    heading: '2 つのチェックポイントを比較',
    lead: '古い方が署名したものすべてが、新しい方に改変なく残っているかを確認します。控えておいたものを貼り付けると、今日このページで見たものより確かな比較になります。',
    earlier: '古い方',
    later: '新しい方',
    choose: '選択…',
    pasted: '下に貼り付けたもの',
    label: '控えておいたチェックポイント',
    hint: '「sekisho log checkpoint」の出力、またはここでダウンロードしたもの（本文、空行、署名）。',
    action: '比較する',
    busy: '比較中…',
    claim: (first, second) =>
      first === second
        ? `どちらも同じ ${first} 件に署名しています。`
        : `${second} 件のうち最初の ${first} 件は、以前に署名されたものと同じです。`,
    option: (size) => `${size} 件`,
  },
  entry: {
    heading: 'エントリーの確認',
    lead: '番号で取得し、上のチェックポイントのログに含まれていることを証明します。',
    label: (size) => (size === 0 ? '番号' : `番号（0 ～ ${size - 1}）`),
    action: '取得する',
    busy: '取得中…',
    claim: (index, size) => `${size} 件のうちエントリー ${index} は、署名されたものと同じです。`,
    none: 'この番号のエントリーはありません。',
    decision: '判定を開く',
  },
  receipt: {
    heading: 'レシートの検証',
    lead: '「sekisho log receipt」の出力、または判定のページからダウンロードしたファイルを検証します。ファイルはこのブラウザー内で読み取り、どこにも送信しません。サインインは不要です。',
    pick: 'レシートを選択…',
    drop: 'またはここにドロップ',
    tooLarge: 'レシートとしては大きすぎるため、読み込みませんでした。',
    notJson: 'JSON のファイルではありません。',
    claim: (index, size, origin) => `${origin} が署名した ${size} 件のうち、エントリー ${index} です。`,
  },
  signIn: 'エントリーにはリソース名が含まれるため、確認するにはサインインが必要です。',
}

/** By language. */
export const LOG: Readonly<Record<Language, LogTexts>> = { en, ja }
