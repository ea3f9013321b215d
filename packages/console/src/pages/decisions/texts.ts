import type { Language } from '../../text/texts.ts'
import type { FilterName } from './model.ts'

/** Texts of the decisions. */
export interface DecisionTexts {
  readonly lead: string
  readonly views: Readonly<Record<'label' | 'list' | 'reasons', string>>
  readonly stream: Readonly<Record<'opening' | 'open' | 'waiting', string>>
  fresh(count: number): string
  readonly flooded: string
  readonly filters: Readonly<Record<FilterName | 'any' | 'clear' | 'label', string>>
  narrowed(count: number): string
  readonly hints: Readonly<Record<'resource' | 'workload', string>>
  readonly wrong: string
  readonly columns: Readonly<Record<'at' | 'outcome' | 'what' | 'who' | 'workload' | 'reason', string>>
  readonly list: string
  readonly loadingMore: string
  shown(count: number, whole: boolean): string
  readonly outcomes: Readonly<Record<string, string>>
  readonly kinds: Readonly<Record<string, string>>
  readonly empty: Readonly<Record<'title' | 'how' | 'filtered', string>>
  readonly groups: {
    readonly lead: string
    counted(count: number, more: boolean): string
    readonly none: string
    readonly remedies: string
    readonly noRemedy: string
    readonly latest: string
    all(count: number): string
  }
  readonly detail: Readonly<
    Record<
      | 'back'
      | 'remedies'
      | 'why'
      | 'noWhy'
      | 'resource'
      | 'kind'
      | 'reason'
      | 'actor'
      | 'id'
      | 'lease'
      | 'entry'
      | 'workload'
      | 'noVerdict'
      | 'otherVersion'
      | 'tabs'
      | 'verdict'
      | 'map'
      | 'policy'
      | 'receipt'
      | 'record'
      | 'missing',
      string
    >
  >
  readonly policy: Readonly<
    Record<
      | 'decided'
      | 'statement'
      | 'noStatement'
      | 'notAsked'
      | 'version'
      | 'open'
      | 'saw'
      | 'lead'
      | 'permit'
      | 'forbid'
      | 'line'
      | 'empty',
      string
    >
  >
  readonly record: Readonly<Record<'heading' | 'none' | 'json', string>>
}

const en: DecisionTexts = {
  lead: 'Everything that was asked of this checkpoint, and what it answered.',
  views: { label: 'View', list: 'As they happen', reasons: 'Refusals by reason' },
  stream: { opening: 'Connecting…', open: 'Live', waiting: 'Connection lost, trying again' },
  fresh: (count) => (count === 1 ? '1 new decision' : `${count} new decisions`),
  flooded: 'More than 1,000 new decisions: load the list anew',
  filters: {
    label: 'Narrow the list',
    any: 'Any',
    clear: 'Clear',
    outcome: 'Outcome',
    kind: 'Asked for',
    tee: 'TEE',
    reason: 'Reason',
    resource: 'Resource',
    workload: 'Workload',
  },
  narrowed: (count) => (count === 0 ? 'Narrow the list' : `Narrow the list (${count})`),
  hints: { resource: 'repository/type/tag', workload: 'measurement, hex' },
  wrong: 'Not of this form: nothing is left out because of it.',
  columns: {
    at: 'Time',
    outcome: 'Outcome',
    what: 'Asked for',
    who: 'TEE or actor',
    workload: 'Workload',
    reason: 'Reason',
  },
  list: 'Decisions, the newest first',
  loadingMore: 'Loading older ones…',
  shown: (count, whole) => (whole ? `${count} in all` : `${count} loaded, older ones as you scroll`),
  outcomes: {
    released: 'Released',
    refused: 'Refused',
    renewed: 'Renewed',
    revoked: 'Revoked',
    attested: 'Attested',
    changed: 'Changed',
  },
  kinds: {
    attest: 'Attestation',
    release: 'Release',
    renew: 'Renewal',
    revoke: 'Revocation',
    admin: 'Administration',
  },
  empty: {
    title: 'Nothing was decided yet',
    how: 'A decision is recorded whenever a workload attests or asks for a secret, and whenever somebody changes what decides. An emulated workload can try:',
    filtered: 'No decision fits this filter.',
  },
  groups: {
    lead: 'Each group with what would make its newest refusal pass.',
    counted: (count, more) =>
      more ? `The newest ${count} refusals.` : count === 1 ? '1 refusal.' : `${count} refusals.`,
    none: 'Nothing was refused.',
    remedies: 'What would make the newest pass',
    noRemedy: 'Nothing was recorded that the owner could mend.',
    latest: 'The newest',
    all: (count) => (count === 1 ? 'Show it in the list' : `Show all ${count}`),
  },
  detail: {
    back: 'All decisions',
    remedies: 'What would make it pass',
    why: 'Why',
    noWhy: 'No reason was recorded beside the code.',
    resource: 'Resource',
    kind: 'Asked for',
    reason: 'Code',
    actor: 'By',
    id: 'Decision',
    lease: 'Lease',
    entry: 'Log entry',
    workload: 'Launch measurement',
    noVerdict: 'No evidence was judged for this decision.',
    otherVersion: 'This page shows verdicts of another version than the recorded one. It stands under “Record”.',
    tabs: 'Parts of the decision',
    verdict: 'Verdict',
    map: 'Trust map',
    policy: 'Policy',
    receipt: 'Receipt',
    record: 'Record',
    missing: 'There is no such decision in this namespace.',
  },
  policy: {
    decided: 'What decided',
    statement: 'Statement',
    noStatement: 'No statement of the policy applied: what no statement permits is refused.',
    notAsked: 'The policy was not asked: what comes before it had decided already.',
    version: 'Version of the policy',
    open: 'Policies',
    saw: 'What the policy saw',
    lead: 'The context as Cedar was given it, at that time.',
    permit: 'permits',
    forbid: 'forbids',
    line: 'line',
    empty: 'empty',
  },
  record: { heading: 'What was recorded', none: 'Nothing beside what stands above.', json: 'As JSON' },
}

const ja: DecisionTexts = {
  lead: 'このチェックポイントへのすべての要求と、その結果です。',
  views: { label: '表示', list: '時系列', reasons: '拒否の理由別' },
  stream: { opening: '接続中…', open: 'ライブ', waiting: '接続が切れました。再接続しています' },
  fresh: (count) => `新しい判定 ${count} 件`,
  flooded: '新しい判定が 1,000 件を超えました。一覧を読み込み直します',
  filters: {
    label: '絞り込み',
    any: 'すべて',
    clear: '解除',
    outcome: '結果',
    kind: '種別',
    tee: 'TEE',
    reason: '理由',
    resource: 'リソース',
    workload: 'ワークロード',
  },
  narrowed: (count) => (count === 0 ? '絞り込み' : `絞り込み（${count}）`),
  hints: { resource: 'リポジトリ/種類/タグ', workload: '測定値（16 進）' },
  wrong: 'この形式ではないため、絞り込みに使っていません。',
  columns: {
    at: '時刻',
    outcome: '結果',
    what: '対象',
    who: 'TEE・操作者',
    workload: 'ワークロード',
    reason: '理由',
  },
  list: '判定の一覧（新しい順）',
  loadingMore: '以前の判定を読み込み中…',
  shown: (count, whole) => (whole ? `全 ${count} 件` : `${count} 件を読み込み済み。スクロールすると続きを読み込みます`),
  outcomes: {
    released: '開示',
    refused: '拒否',
    renewed: '更新',
    revoked: '失効',
    attested: '受理',
    changed: '変更',
  },
  kinds: {
    attest: 'アテステーション',
    release: '開示',
    renew: 'リースの更新',
    revoke: 'リースの失効',
    admin: '管理操作',
  },
  empty: {
    title: 'まだ判定はありません',
    how: 'ワークロードがアテステーションやシークレットの要求を行ったとき、また判定の条件を変更したときに記録されます。エミュレートしたワークロードで試せます：',
    filtered: 'この条件に一致する判定はありません。',
  },
  groups: {
    lead: '理由ごとに、最新の拒否を合格させるために必要なことを示します。',
    counted: (count, more) => (more ? `最新の拒否 ${count} 件。` : `拒否 ${count} 件。`),
    none: '拒否された要求はありません。',
    remedies: '最新の拒否が合格するために必要なこと',
    noRemedy: '所有者が対処できることは記録されていません。',
    latest: '最新の判定',
    all: (count) => `${count} 件を一覧で見る`,
  },
  detail: {
    back: '判定の一覧',
    remedies: '合格に必要なこと',
    why: '理由',
    noWhy: 'コード以外の理由は記録されていません。',
    resource: 'リソース',
    kind: '種別',
    reason: 'コード',
    actor: '操作者',
    id: '判定 ID',
    lease: 'リース',
    entry: 'ログのエントリー',
    workload: '起動時の測定値',
    noVerdict: 'この判定では Evidence を検証していません。',
    otherVersion: '記録された判定は、このページとは異なるバージョンの形式です。「記録」で内容を確認できます。',
    tabs: '判定の詳細',
    verdict: '検証結果',
    map: '信頼マップ',
    policy: 'ポリシー',
    receipt: 'レシート',
    record: '記録',
    missing: 'この名前空間に、その判定はありません。',
  },
  policy: {
    decided: '決め手',
    statement: 'ステートメント',
    noStatement: '該当するステートメントはありませんでした。許可されていないものは拒否されます。',
    notAsked: 'ポリシーの評価より前に結果が決まりました。',
    version: 'ポリシーのバージョン',
    open: 'ポリシー',
    saw: 'ポリシーに渡された内容',
    lead: 'その時点で Cedar に渡されたコンテキストです。',
    permit: '許可',
    forbid: '禁止',
    line: '行',
    empty: '空',
  },
  record: { heading: '記録された内容', none: '上に示したもの以外の記録はありません。', json: 'JSON で見る' },
}

/** By language. */
export const DECISIONS: Readonly<Record<Language, DecisionTexts>> = { en, ja }
