/** What an error of the checkpoint's API means, by its code, in Japanese (docs/server.md, "Errors"). */
export const problems: Readonly<Record<string, string>> = {
  'invalid-request': '送信した内容に、正しくない項目があります。',
  'policy-findings': 'リンターがポリシーに問題を見つけました。何も変更していません。',
  'policy-invalid': 'ポリシーに誤りがあり、使用できません。',
  'not-found': '指定されたものは見つかりません。',
  'method-not-allowed': 'この操作は、ここでは行えません。',
  conflict: '現在の状態では実行できません。先に別の変更が行われた可能性があります。',
  unsafe: '安全ではないため、実行しませんでした。',
  'too-large': '送信した内容が大きすぎます。',
  'unsupported-type': 'この形式の内容は受け付けられません。',
  'unsupported-encoding': 'この符号化の内容は受け付けられません。',
  'too-many-streams': '同時に受信している画面が多すぎます。しばらくしてから再試行してください。',
  'too-slow': '送信に時間がかかりすぎたため、中断されました。',
  'headers-too-large': '要求のヘッダーが大きすぎます。',
  malformed: '要求を読み取れませんでした。',
  'endorsements-unavailable': 'ベンダーのサービスから、エンドースメントを取得できません。',
  'storage-busy': 'データベースが混み合っています。何も解放されていません。しばらくしてから再試行してください。',
  'storage-full': 'データベースの空き容量がありません。何も解放されていません。',
  'storage-unavailable': 'データベースに接続できません。何も解放されていません。しばらくしてから再試行してください。',
  'storage-timeout':
    'データベースの応答に時間がかかりすぎました。何も解放されていません。しばらくしてから再試行してください。',
  'storage-outcome-unknown':
    'データベースとの接続が切れ、変更が保存されたか分かりません。何も解放されていません。状態を確認してから再試行してください。',
  'storage-io': 'データベースの読み書きに失敗しました。何も解放されていません。しばらくしてから再試行してください。',
  'storage-closed': 'データベースが停止しています。何も解放されていません。しばらくしてから再試行してください。',
  'storage-newer':
    'データベースは、より新しいバージョンのチェックポイントが使用しています。このプロセスは応答できません。',
  'oidc-unavailable': 'OpenID プロバイダーに接続できません。しばらくしてから再試行してください。',
  unreadable: 'チェックポイントの応答を読み取れませんでした。',
  internal: 'チェックポイントの内部でエラーが発生しました。理由は、要求の ID とともにログに記録されています。',
}
