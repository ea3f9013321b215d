import type { ReferencesTexts } from './texts.ts'

const leases = (kept: number, ended: number): string =>
  kept + ended === 0
    ? '有効なリースはありません。'
    : `有効なリースを再評価した結果：継続 ${kept} 件、終了 ${ended} 件。`

/** In Japanese. */
export const ja: ReferencesTexts = {
  lead: 'ワークロードとプラットフォームの期待値です。いずれかのセットに一致した Evidence にのみ、シークレットが払い出されます。',
  needs: (scope) => `このページには、この名前空間のスコープ ${scope} が必要です。`,
  actions: {
    evidence: 'Evidence から作成…',
    import: 'ファイルを取り込む…',
    write: '手で書く…',
    edit: '編集…',
    remove: '削除…',
    back: '一覧に戻る',
    save: '保存',
    saving: '保存中…',
  },
  list: {
    heading: '参照値セット',
    name: '名前',
    tee: 'TEE',
    owner: '所有者',
    expires: '有効期限',
    matched: '最後の一致',
    never: 'なし',
    noEnd: '無期限',
    from: '出所',
    empty: '参照値がありません。Evidence は内容にかかわらず拒否されます。',
    emptyHow:
      '本来はビルドから得るものです。「sekisho measure」の出力や CoRIM を取り込んでください。まず試すには、素性の分かっているワークロードの Evidence から作成できます。',
  },
  notes: {
    'never-matched': {
      short: '一致なし',
      long: 'このセットに一致した Evidence はまだありません。実際の Evidence と値を見比べるか、削除してください。',
    },
    'value-never-matched': {
      short: '未確認の値',
      long: '受け入れる値の中に、どの Evidence にも現れていないものがあります（下に示します）。不要な値は削除してください。',
    },
    expired: { short: '期限切れ', long: '期限が切れており、何とも一致しません。更新するか削除してください。' },
    'expires-soon': {
      short: '期限間近',
      long: '30 日以内に期限が切れます。更新するか、もう使われていないことを確認してください。',
    },
    'same-values': {
      short: '重複',
      long: '同じ値を持つセットがほかにあります。変更漏れを防ぐため、どちらかを削除してください。',
    },
    'base-unpinned': {
      short: '起点が未固定',
      long: 'ゲスト自身が書き込むレジスターだけを固定しており、何が起動されたかは確かめていません。「measurement」も固定してください。',
    },
    'nothing-pinned': {
      short: '固定値なし',
      long: '何が動いてよいかを示していません。このセットと比べた Evidence は incomplete のままで、何も得られません。「measurement」（TPM では「pcrs」）を固定してください。',
    },
    'allows-debug': {
      short: 'デバッグ許可',
      long: 'ホストがメモリを読めるワークロードも受け入れます。「allowDebug」を削除してください。',
    },
    'allows-emulated': {
      short: 'EMULATED',
      long: 'ハードウェアの裏付けがない Evidence も受け入れます。「allowEmulated」を削除してください。',
    },
  },
  kinds: { manual: '手入力', json: '取り込み（JSON）', corim: '取り込み（CoRIM）', measurement: '測定' },
  one: {
    values: '期待値',
    created: '保存日時',
    unseen: '未確認の値',
    missing: 'この名前の参照値セットはありません。',
    digest: '元データの SHA-256',
  },
  form: {
    newHeading: '新しい参照値セット',
    editHeading: (name) => `${name} を編集`,
    name: '名前',
    nameHint: '英小文字、数字、「.」「_」「-」。ポリシーでは context.references で参照します。',
    tee: 'TEE',
    owner: '所有者',
    ownerHint: '値に責任を持つ人やチーム。空欄の場合は自分になります。',
    expires: '有効期限',
    expiresHint: 'この時刻以降は何とも一致しません。お使いのタイムゾーンで指定します。空欄は無期限です。',
    values: '期待値（JSON）',
    valuesHint: 'メンバーは docs/expectations.md を参照してください。検証器が比較しない値は拒否されます。',
    notObject: 'JSON オブジェクトとして読み取れません。',
    exists: '同じ名前のセットがあります。そのセットを編集するか、別の名前にしてください。',
    changed: '編集中に、このセットがほかの人によって保存されました。開き直して現在の内容を確認してください。',
    endsTitle: (count) => `有効なリース ${count} 件が終了します`,
    endsLead: '次のリースの Evidence は、変更後のセットに一致しません：',
    endsAction: '保存してリースを終了',
  },
  evidence: {
    heading: 'Evidence からセットを作成',
    lead: 'Evidence はこのブラウザーの中で解析し、どこにも送信しません。ワークロードのすべてのインスタンスに共通する項目を選んでください。',
    drop: 'ここにファイルをドロップ',
    pick: 'ファイルを選択…',
    reading: '読み込み中…',
    unverified:
      '解析のみで、検証はしていません。内容は作成者が自由に決められます。ビルドから得た値と見比べてください。',
    choose: '期待する項目',
    bad: '読み取れない値：',
    none: '1 つ以上選んでください。空のセットは何でも受け入れてしまいます。',
    other: '別のファイル…',
    noEvidence:
      'Evidence が含まれていません。エンドースメント、トラストアンカー、イベントログからは参照値を作成できません。',
    found: (form) => `検出：${form}`,
  },
  importing: {
    heading: 'ファイルを取り込む',
    lead: 'JSON のセット（1 つまたはリスト）、「sekisho measure」が出力する JSON、または署名なしの CoRIM（CBOR）。最大 1 MiB。種類は内容から判別します。',
    file: 'ファイルを選択…',
    chosen: '選択中',
    name: '名前',
    nameHint: '複数のセットが含まれる場合は、名前の先頭部分になります。',
    replaces: '同じ名前のセットがあります。取り込むと置き換えられます。',
    send: '取り込む',
    sending: '取り込み中…',
  },
  remove: {
    title: (name) => `${name} を削除しますか`,
    action: 'セットを削除',
    lead: 'ほかのセットに一致しない Evidence は、以後拒否されます。',
    asking: '有効なリースを確認しています…',
    unknown: 'このトークンではリースを参照できないため、終了するリースは分かりません。',
    stay: '終了するリースはありません。',
  },
  said: {
    stored: (names, kept, ended) => `${names} を保存しました。${leases(kept, ended)}`,
    removed: (name, kept, ended) => `${name} を削除しました。${leases(kept, ended)}`,
  },
}
