import type { Language } from '../../text/texts.ts'
import type { KeyType } from './model.ts'

/** Texts of the page of secrets and keys. */
export interface SecretTexts {
  readonly lead: string
  readonly add: string
  readonly generate: string
  readonly search: string
  readonly kind: string
  readonly anyKind: string
  readonly kinds: Readonly<Record<'secret' | 'key', string>>
  readonly list: string
  readonly columns: Readonly<Record<'path' | 'kind' | 'version' | 'contentType' | 'created' | 'updated', string>>
  readonly nothing: string
  readonly nothingHow: string
  readonly noMatch: string
  readonly notStored: string
  readonly back: string
  readonly versions: string
  readonly version: string
  readonly newest: string
  readonly createdBy: string
  readonly metadata: string
  readonly none: string
  readonly writeOnly: string
  readonly publicKey: string
  readonly noPublic: string
  readonly copyJwk: string
  readonly copyPem: string
  readonly getting: string
  readonly newVersion: string
  readonly newKeyVersion: string
  readonly remove: string
  removeTitle(path: string): string
  removeWhat(versions: number): string
  readonly removeAct: string
  removed(path: string): string
  stored(path: string, version: number): string
  made(path: string, version: number): string
  readonly form: Readonly<
    Record<
      | 'path'
      | 'pathHint'
      | 'pathWrong'
      | 'value'
      | 'fromText'
      | 'fromFile'
      | 'text'
      | 'file'
      | 'show'
      | 'asTyped'
      | 'empty'
      | 'contentType'
      | 'contentTypeHint'
      | 'metadata'
      | 'metadataHint'
      | 'once'
      | 'save'
      | 'saving'
      | 'keyType'
      | 'make'
      | 'making'
      | 'optional',
      string
    >
  >
  exists(version: number): string
  existsAs(kind: 'secret' | 'key'): string
  size(bytes: number, most: string): string
  tooLong(most: string): string
  metadataWrong(line: number): string
  readonly keyTypes: Readonly<Record<KeyType, string>>
}

const en: SecretTexts = {
  lead: 'Kept encrypted, and released to attested workloads only. Nobody can read a value here, administrators included.',
  add: 'Add a secret',
  generate: 'Generate a key',
  search: 'Search by path',
  kind: 'Kind',
  anyKind: 'Secrets and keys',
  kinds: { secret: 'secret', key: 'key' },
  list: 'Secrets and keys of this namespace',
  columns: {
    path: 'Repository / type / tag',
    kind: 'Kind',
    version: 'Version',
    contentType: 'Content type',
    created: 'Created',
    updated: 'Newest version',
  },
  nothing: 'Nothing is kept in this namespace yet.',
  nothingHow:
    'Add a secret or generate a key here, or on the command line. A workload gets it when a policy permits it.',
  noMatch: 'Nothing matches this search.',
  notStored: 'There is nothing of this name in this namespace. It may have been deleted.',
  back: 'All secrets and keys',
  versions: 'Versions',
  version: 'Version',
  newest: 'current',
  createdBy: 'By',
  metadata: 'Metadata',
  none: 'none',
  writeOnly:
    'The value cannot be shown: it leaves this checkpoint by release only, encrypted to the key that the evidence binds.',
  publicKey: 'Public key',
  noPublic: 'A symmetric key has no public part.',
  copyJwk: 'Copy JWK',
  copyPem: 'Copy PEM',
  getting: 'How a workload gets it',
  newVersion: 'New version',
  newKeyVersion: 'Generate a new version',
  remove: 'Delete',
  removeTitle: (path) => `Delete ${path}?`,
  removeWhat: (versions) =>
    `${versions === 1 ? 'Its only version is' : `All ${versions} versions are`} destroyed and cannot be had back. Workloads that hold it keep what they have; nobody is given it any more.`,
  removeAct: 'Delete for good',
  removed: (path) => `${path} is deleted.`,
  stored: (path, version) => `${path}: version ${version} is kept, encrypted.`,
  made: (path, version) => `${path}: version ${version} was generated.`,
  form: {
    path: 'Path',
    pathHint: 'repository/type/tag, for example shop/database/password',
    pathWrong: 'Three names with / between: letters, digits, _, - and ., none beginning with a dot.',
    value: 'Value',
    fromText: 'Text',
    fromFile: 'File',
    text: 'Value as text',
    file: 'Value from a file',
    show: 'Show what I type',
    asTyped: 'Exactly as typed; no line end is added.',
    empty: 'A value of no bytes is not kept.',
    contentType: 'Content type',
    contentTypeHint: 'Told to the workload beside the value, for example text/plain.',
    metadata: 'Metadata',
    metadataHint: 'One a line: name = text. Not secret: whoever may see the list can read it.',
    once: 'The value is sent once and then cleared from this page. It cannot be shown again.',
    save: 'Keep it',
    saving: 'Sending…',
    keyType: 'Kind of key',
    make: 'Generate',
    making: 'Generating…',
    optional: 'optional',
  },
  exists: (version) => `Exists already: this adds version ${version + 1}, which workloads get from then on.`,
  existsAs: (kind) => `There is a ${kind} of this name already.`,
  size: (bytes, most) => `${bytes.toLocaleString('en')} bytes of at most ${most}`,
  tooLong: (most) => `Too long: at most ${most} are kept.`,
  metadataWrong: (line) => `Line ${line} is not “name = text”.`,
  keyTypes: {
    'aes-256': 'AES, 256 bits: symmetric, to encrypt data or disks',
    'ec-p256': 'Elliptic curve P-256: to sign, or to agree on keys',
    'ec-p384': 'Elliptic curve P-384: the same, stronger',
    ed25519: 'Ed25519: to sign',
    'rsa-3072': 'RSA, 3,072 bits: where a protocol needs RSA',
  },
}

const ja: SecretTexts = {
  lead: '暗号化して保管し、アテステーションを通過したワークロードにだけ渡します。管理者も含め、ここで値を読むことは誰にもできません。',
  add: 'シークレットを追加',
  generate: '鍵を生成',
  search: 'パスで検索',
  kind: '種類',
  anyKind: 'シークレットと鍵',
  kinds: { secret: 'シークレット', key: '鍵' },
  list: 'この名前空間のシークレットと鍵',
  columns: {
    path: 'リポジトリ / タイプ / タグ',
    kind: '種類',
    version: 'バージョン',
    contentType: 'コンテントタイプ',
    created: '作成日時',
    updated: '最新バージョンの日時',
  },
  nothing: 'この名前空間にはまだ何も保管されていません。',
  nothingHow:
    'この画面かコマンドラインで、シークレットを追加するか鍵を生成します。ポリシーが許可すると、ワークロードが受け取れます。',
  noMatch: '一致するものはありません。',
  notStored: 'この名前のものはこの名前空間にありません。削除された可能性があります。',
  back: 'シークレットと鍵の一覧',
  versions: 'バージョン',
  version: 'バージョン',
  newest: '現行',
  createdBy: '作成者',
  metadata: 'メタデータ',
  none: 'なし',
  writeOnly:
    '値は表示できません。Evidence に結び付いた鍵で暗号化され、ワークロードへの払い出しによってのみ外に出ます。',
  publicKey: '公開鍵',
  noPublic: '共通鍵には公開部分がありません。',
  copyJwk: 'JWK をコピー',
  copyPem: 'PEM をコピー',
  getting: 'ワークロードが受け取るには',
  newVersion: '新しいバージョン',
  newKeyVersion: '新しいバージョンを生成',
  remove: '削除',
  removeTitle: (path) => `${path} を削除しますか?`,
  removeWhat: (versions) =>
    `${versions === 1 ? '唯一のバージョン' : `${versions} 個すべてのバージョン`}が破棄され、元に戻せません。すでに受け取ったワークロードの手元には残りますが、以後は誰にも渡されません。`,
  removeAct: '完全に削除',
  removed: (path) => `${path} を削除しました。`,
  stored: (path, version) => `${path}:バージョン ${version} を暗号化して保管しました。`,
  made: (path, version) => `${path}:バージョン ${version} を生成しました。`,
  form: {
    path: 'パス',
    pathHint: 'リポジトリ/タイプ/タグ。例:shop/database/password',
    pathWrong: '3 つの名前を / で区切ります。使えるのは英数字、_、-、. で、先頭に . は使えません。',
    value: '値',
    fromText: 'テキスト',
    fromFile: 'ファイル',
    text: '値(テキスト)',
    file: '値(ファイル)',
    show: '入力内容を表示',
    asTyped: '入力したとおりに保管します。末尾に改行は付きません。',
    empty: '0 バイトの値は保管できません。',
    contentType: 'コンテントタイプ',
    contentTypeHint: '値とともにワークロードへ伝えます。例:text/plain',
    metadata: 'メタデータ',
    metadataHint: '1 行に 1 つ「名前 = 文字列」。秘密ではなく、一覧を見られる人は読めます。',
    once: '値は一度だけ送信され、このページから消去されます。再表示はできません。',
    save: '保管',
    saving: '送信中…',
    keyType: '鍵の種類',
    make: '生成',
    making: '生成中…',
    optional: '任意',
  },
  exists: (version) =>
    `すでに存在します。バージョン ${version + 1} として追加され、以後ワークロードにはこちらが渡されます。`,
  existsAs: (kind) => `同じ名前の${kind === 'key' ? '鍵' : 'シークレット'}がすでにあります。`,
  size: (bytes, most) => `${bytes.toLocaleString('ja')} バイト(上限 ${most})`,
  tooLong: (most) => `長すぎます。上限は ${most} です。`,
  metadataWrong: (line) => `${line} 行目が「名前 = 文字列」の形ではありません。`,
  keyTypes: {
    'aes-256': 'AES 256 ビット:共通鍵。データやディスクの暗号化に',
    'ec-p256': '楕円曲線 P-256:署名または鍵共有に',
    'ec-p384': '楕円曲線 P-384:同じ用途で、より強力',
    ed25519: 'Ed25519:署名に',
    'rsa-3072': 'RSA 3,072 ビット:RSA を要するプロトコルに',
  },
}

/** By language. */
export const SECRETS: Readonly<Record<Language, SecretTexts>> = { en, ja }
