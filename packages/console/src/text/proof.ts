import type { ProofFault } from '../log/note.ts'
import type { Language } from './texts.ts'

/** Names of everything that a proof is made of. */
export type StepName =
  | 'form'
  | 'signature'
  | 'size'
  | 'inclusion'
  | 'decision'
  | 'verdict'
  | 'grown'
  | 'tiles'
  | 'consistent'
  | 'read'

/** Texts of proofs that are checked in the page. */
export interface ProofTexts {
  readonly proven: string
  readonly refuted: string
  readonly steps: Readonly<Record<StepName, string>>
  readonly faults: Readonly<Record<ProofFault, string>>
  readonly cannot: string
  readonly checking: string
  readonly key: Readonly<
    Record<'fromServer' | 'pinned' | 'otherKey' | 'heading' | 'label' | 'hint' | 'badKey' | 'name' | 'unpin', string>
  >
  readonly entry: Readonly<Record<string, string>>
}

const en: ProofTexts = {
  proven: 'Proven',
  refuted: 'Refuted',
  steps: {
    form: 'It is a receipt, and complete',
    signature: 'The checkpoint is signed with the log’s key',
    size: 'The receipt is of the log as large as the checkpoint says',
    inclusion: 'The entry is in the log that was signed, at its place',
    decision: 'The entry says the same as the decision that is shown here',
    verdict: 'The verdict that is shown here is the recorded one, byte for byte',
    grown: 'The log did not become shorter, and has one root only',
    tiles: 'The hashes that the proof needs were given',
    consistent: 'Everything signed earlier is still there, unaltered and in its place',
    read: 'It is an entry of a log',
  },
  faults: {
    'key-form': 'This is no verifier key: name+id+base64, Ed25519.',
    'key-id': 'The id in this key does not belong to its name and bytes.',
    'note-form': 'The checkpoint is no signed note.',
    'not-signed': 'The checkpoint is not signed with this key.',
    signature: 'The signature does not fit what was signed: the checkpoint was altered, or signed by somebody else.',
    origin: 'The checkpoint is of another log.',
    'checkpoint-form': 'Size or root of the checkpoint cannot be read.',
    'receipt-form': 'This is no receipt, or one that was altered.',
    size: 'Receipt and checkpoint speak of logs of different sizes.',
    'proof-length': 'The proof is of another place or size than it says.',
    root: 'The proof does not lead from this entry to what was signed: the entry, the proof or the log was altered.',
    tile: 'The hashes were not given as a log of this size has them.',
    entry: 'This is no entry of a log.',
    shrunk: 'The log is shorter than it was: entries that were signed are gone.',
    fork: 'The log is not what it was: entries that were signed were altered, moved or removed, or the hashes were.',
    decision: 'The entry says something else than what is shown here.',
    verdict: 'The verdict that is shown here is not the recorded one.',
  },
  cannot:
    'This browser lets pages check signatures only over https or on the machine itself. Nothing was checked here; the command line can.',
  checking: 'Checking in this browser…',
  key: {
    fromServer:
      'The key came from the same server as what it was checked with: this shows that the server agrees with itself. To rely on nothing of it, paste the key that you kept.',
    pinned: 'Checked with the key that you pasted, not with one from the server.',
    otherKey: 'The server now names another key than yours.',
    heading: 'Check with a key that you kept',
    label: 'Verifier key of the log',
    hint: 'As “sekisho log key” printed it, name+id+base64. It is kept only until you leave this page.',
    badKey: 'Nothing is checked until the key can be read.',
    name: 'Key',
    unpin: 'Take it away',
  },
  entry: {
    type: 'Kind',
    id: 'Decision',
    at: 'Time',
    namespace: 'Namespace',
    outcome: 'Outcome',
    resource: 'Resource',
    evidenceSha256: 'Evidence, SHA-256',
    verdictSha256: 'Verdict, SHA-256',
    collateralSha256: 'Endorsements, SHA-256',
    policySha256: 'Policy, SHA-256',
    appraisalSha256: 'Appraisal, SHA-256',
    detailsSha256: 'Details, SHA-256',
    referenceSet: 'Reference values',
    reason: 'Code',
    lease: 'Lease',
    actor: 'By',
    emulated: 'Emulated',
  },
}

const ja: ProofTexts = {
  proven: '証明済み',
  refuted: '反証あり',
  steps: {
    form: 'レシートの形式であり、欠けがない',
    signature: 'チェックポイントがログの鍵で署名されている',
    size: 'レシートとチェックポイントのログの大きさが一致する',
    inclusion: '署名されたログの該当位置に、このエントリーが含まれている',
    decision: 'エントリーの内容が、ここに表示している判定と一致する',
    verdict: 'ここに表示している検証結果が、記録されたものと 1 バイトも違わない',
    grown: 'ログが短くなっておらず、ルートがひとつに定まっている',
    tiles: '証明に必要なハッシュが得られた',
    consistent: '以前に署名されたものが、すべて元の位置に改変なく残っている',
    read: 'ログのエントリーの形式である',
  },
  faults: {
    'key-form': '検証鍵（name+id+base64、Ed25519）ではありません。',
    'key-id': '鍵の ID が、名前とバイト列に対応していません。',
    'note-form': 'チェックポイントが署名付きノートの形式ではありません。',
    'not-signed': 'チェックポイントに、この鍵による署名がありません。',
    signature: '署名が内容と一致しません。チェックポイントが改変されたか、別の者が署名しています。',
    origin: '別のログのチェックポイントです。',
    'checkpoint-form': 'チェックポイントの大きさまたはルートを読み取れません。',
    'receipt-form': 'レシートではないか、改変されています。',
    size: 'レシートとチェックポイントで、ログの大きさが異なります。',
    'proof-length': '証明が、記載された位置または大きさのものではありません。',
    root: '証明が、このエントリーから署名されたルートに至りません。エントリー、証明、またはログが改変されています。',
    tile: 'この大きさのログとして正しいハッシュが得られませんでした。',
    entry: 'ログのエントリーではありません。',
    shrunk: 'ログが以前より短くなっています。署名済みのエントリーが失われました。',
    fork: 'ログが以前と異なります。署名済みのエントリー、またはハッシュが改変、移動、削除されています。',
    decision: 'エントリーの内容が、ここに表示しているものと異なります。',
    verdict: 'ここに表示している検証結果は、記録されたものではありません。',
  },
  cannot:
    'このブラウザーでは、https またはサーバー自身からの接続でのみ署名を検証できます。ここでは何も検証していません。コマンドラインでは検証できます。',
  checking: 'このブラウザーで検証中…',
  key: {
    fromServer:
      '鍵は、検証対象と同じサーバーから取得しました。サーバー内で矛盾がないことのみを示します。サーバーに依存せずに検証するには、控えておいた鍵を貼り付けてください。',
    pinned: 'サーバーの鍵ではなく、貼り付けられた鍵で検証しました。',
    otherKey: 'サーバーは現在、これとは別の鍵を示しています。',
    heading: '控えておいた鍵で検証する',
    label: 'ログの検証鍵',
    hint: '「sekisho log key」の出力（name+id+base64）。このページを離れるまでの間だけ保持します。',
    badKey: '鍵を読み取れるまで、検証は行いません。',
    name: '鍵',
    unpin: '取り消す',
  },
  entry: {
    type: '種別',
    id: '判定 ID',
    at: '時刻',
    namespace: '名前空間',
    outcome: '結果',
    resource: 'リソース',
    evidenceSha256: 'Evidence の SHA-256',
    verdictSha256: '検証結果の SHA-256',
    collateralSha256: 'エンドースメントの SHA-256',
    policySha256: 'ポリシーの SHA-256',
    appraisalSha256: '評価の SHA-256',
    detailsSha256: '詳細の SHA-256',
    referenceSet: '参照値',
    reason: 'コード',
    lease: 'リース',
    actor: '操作者',
    emulated: 'エミュレーション',
  },
}

/** By language. */
export const PROOF: Readonly<Record<Language, ProofTexts>> = { en, ja }
