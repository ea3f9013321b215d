import type { PageName } from '../app/route.ts'
import type { Language } from './texts.ts'

/** Texts around every page of a running checkpoint. */
export interface ShellTexts {
  readonly menu: string
  readonly workbench: string
  readonly start: string
  readonly pages: Readonly<Record<PageName, string>>
  readonly namespace: string
  readonly signIn: Readonly<
    Record<'heading' | 'lead' | 'token' | 'hint' | 'action' | 'busy' | 'firstTime' | 'setup' | 'setupDone', string>
  >
  readonly signOut: string
  signedInAs(actor: string): string
  readonly over: string
  readonly loading: string
  readonly again: string
  readonly pageFailed: string
  readonly problem: string
  readonly forbidden: string
  /** `*` stands for all namespaces. */
  missingScope(scope: string, namespace: string): string
  readonly copy: string
  readonly copied: string
  readonly cancel: string
  readonly close: string
  readonly more: string
  readonly commandLine: string
  readonly code: string
  /** Plain words for codes that any page may meet; others are told as the server wrote them. */
  readonly codes: Readonly<Record<string, string>>
}

const en: ShellTexts = {
  menu: 'Pages',
  workbench: 'Workbench',
  start: 'Start here',
  pages: {
    decisions: 'Decisions',
    policies: 'Policies',
    references: 'Reference values',
    secrets: 'Secrets and keys',
    leases: 'Leases',
    log: 'Log',
    access: 'Access',
  },
  namespace: 'Namespace',
  signIn: {
    heading: 'Sign in to this checkpoint',
    lead: 'The workbench needs no sign-in. What the checkpoint holds and decides is for those who have a token.',
    token: 'Token',
    hint: 'An API token (sk_…), or a token of the OpenID provider that the checkpoint was set up with. It is sealed into a cookie that no script can read, for twelve hours.',
    action: 'Sign in',
    busy: 'Signing in…',
    firstTime:
      'No token yet? The first start prints a link that works once. Who is logged in on the command line makes more with “sekisho token create NAME --scope admin”; where none is left, “sekisho up --new-setup-link” prints a link again.',
    setup: 'Redeeming the one-time link…',
    setupDone:
      'You are the administrator of this checkpoint, in this browser, for twelve hours. The link has been used up: make a token of your own before then. Without one, the next sign-in takes the link that a restart of the checkpoint prints when the twelve hours are over.',
  },
  signOut: 'Sign out',
  signedInAs: (actor) => `Signed in as ${actor}`,
  over: 'The session is over: sign in again.',
  loading: 'Loading…',
  again: 'Try again',
  pageFailed: 'This page could not be loaded.',
  problem: 'This did not work',
  forbidden: 'Your token does not allow this.',
  missingScope: (scope, namespace) =>
    namespace === '*'
      ? `It needs the scope “${scope}” in all namespaces.`
      : `It needs the scope “${scope}” in the namespace “${namespace}”. Whoever may make tokens there can give you one.`,
  copy: 'Copy',
  copied: 'Copied',
  cancel: 'Cancel',
  close: 'Close',
  more: 'Show more',
  commandLine: 'On the command line',
  code: 'In code',
  codes: {
    unreachable: 'The checkpoint cannot be reached. Is it running?',
    unauthorized: 'This token is not accepted.',
    'setup-over': 'This link was used, is over, or never was one of this checkpoint.',
    'too-many-requests': 'Too many attempts. Wait a little, then try again.',
    'not-ready': 'The checkpoint cannot answer now. Try again in a moment.',
    busy: 'The checkpoint is busy. Try again in a moment.',
  },
}

const ja: ShellTexts = {
  menu: 'ページ',
  workbench: 'ワークベンチ',
  start: 'はじめに',
  pages: {
    decisions: '判定',
    policies: 'ポリシー',
    references: '参照値',
    secrets: 'シークレットと鍵',
    leases: 'リース',
    log: 'ログ',
    access: 'アクセス',
  },
  namespace: '名前空間',
  signIn: {
    heading: 'このチェックポイントにサインイン',
    lead: 'ワークベンチはサインインなしで使えます。チェックポイントが保管・判定するものは、トークンを持つ人だけが見られます。',
    token: 'トークン',
    hint: 'API トークン(sk_…)、またはチェックポイントに設定された OpenID プロバイダーのトークン。スクリプトから読めない Cookie に封印され、12 時間有効です。',
    action: 'サインイン',
    busy: 'サインイン中…',
    firstTime:
      'トークンをまだお持ちでない場合:初回起動時に一度だけ使えるリンクが表示されます。コマンドラインでログイン済みなら「sekisho token create NAME --scope admin」で追加できます。ひとつも残っていない場合は「sekisho up --new-setup-link」で新しいリンクが表示されます。',
    setup: 'ワンタイムリンクを確認しています…',
    setupDone:
      'このブラウザーでは 12 時間、このチェックポイントの管理者としてサインインしています。リンクは使用済みです。それまでに自分のトークンを作成してください。作成しなかった場合は、12 時間が過ぎた後にチェックポイントを再起動すると表示される新しいリンクでサインインします。',
  },
  signOut: 'サインアウト',
  signedInAs: (actor) => `${actor} としてサインイン中`,
  over: 'セッションが終了しました。もう一度サインインしてください。',
  loading: '読み込み中…',
  again: '再試行',
  pageFailed: 'ページを読み込めませんでした。',
  problem: '実行できませんでした',
  forbidden: 'このトークンの権限では実行できません。',
  missingScope: (scope, namespace) =>
    namespace === '*'
      ? `すべての名前空間に対するスコープ「${scope}」が必要です。`
      : `名前空間「${namespace}」に対するスコープ「${scope}」が必要です。トークンを発行できる人に依頼してください。`,
  copy: 'コピー',
  copied: 'コピーしました',
  cancel: 'キャンセル',
  close: '閉じる',
  more: 'さらに表示',
  commandLine: 'コマンドラインでは',
  code: 'コードでは',
  codes: {
    unreachable: 'チェックポイントに接続できません。起動しているか確認してください。',
    unauthorized: 'このトークンは受け付けられません。',
    'setup-over': 'このリンクは使用済みか、期限切れか、このチェックポイントのものではありません。',
    'too-many-requests': '試行回数が多すぎます。しばらく待ってから再試行してください。',
    'not-ready': 'チェックポイントが応答できません。しばらくしてから再試行してください。',
    busy: 'チェックポイントが混み合っています。しばらくしてから再試行してください。',
  },
}

/** By language. */
export const SHELL: Readonly<Record<Language, ShellTexts>> = { en, ja }
