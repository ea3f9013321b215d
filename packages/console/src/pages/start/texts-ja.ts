import type { StartTexts } from './texts-model.ts'

/** Japanese. */
export const ja: StartTexts = {
  lead: 'チェックポイントの働きを知るための、ふたつの手引きです。最初の手引きの各手順は実際の API 呼び出しで、コマンドやコードでも同じことができます。',
  guides: { label: '手引き', run: 'シークレットの払い出し', verdict: '検証結果の読み方' },
  run: {
    lead: '機密マシン上のワークロードが、シークレットを受け取るまでの流れです。まず理由とともに拒否され、次に払い出されます。このページが所有者と、自分の鍵を持つワークロードの役を務めます。マシンはエミュレーションです。',
    emulated:
      'ここに登場するマシンはすべてソフトウェアで、ハードウェアベンダーのものではないルートに依拠しています（エミュレーション）。試用にのみ使えます。',
    noPlatforms: {
      heading: 'エミュレートされたマシンがありません',
      text: 'このチェックポイントは実機だけを信頼しています。本番のシークレットを扱うなら、それが正しい設定です。ハードウェアなしで試すには、エミュレートされたマシン付きで別に起動してください。',
      restart: 'sekisho up --emulated --data try',
      other: '「検証結果の読み方」にはどちらも不要です。お手元の Evidence か、サンプルで始められます。',
    },
    needsAdmin:
      'この手引きは名前空間を作成し、エミュレートされたマシンに署名させます。全名前空間（*）の「admin」スコープが必要ですが、お使いのトークンにはありません。',
    insecure:
      'ブラウザーの暗号機能は、https で開いたページか、同じマシンから開いたページでしか使えません。https または http://127.0.0.1 で開いてください。',
    actions: {
      doIt: '実行する',
      retry: '再試行',
      all: 'すべて実行',
      rest: '残りをすべて実行',
      restart: '最初からやり直す',
    },
    progress: (done, all) => `${all} 手順中 ${done} 件完了`,
    busy: '実行中…',
    steps: {
      namespace: {
        title: '名前空間を作成する',
        text: '専用の名前空間「first-run」を使うため、ほかには影響しません。以前に作成したものがあれば再利用します。',
      },
      secret: {
        title: 'シークレットを登録する',
        text: '所有者がシークレットをチェックポイントに預けます。暗号化して保管され、値を表示する API はありません。取り出す方法は払い出しだけです。',
      },
      policy: {
        title: '渡す相手を決める',
        text: 'Cedar で書いたポリシーです。検証済みで、デバッグが無効で、参照値に一致する相手だけに許可します。それ以外は拒否します。ポリシーがなければ、誰にも渡しません。',
      },
      reference: {
        title: '既知のワークロードを決める',
        text: '参照値とは、ワークロードの起動時に測定される値です。実際の運用ではビルドから得ますが、ここではエミュレートされたマシンの測定値を使います。',
      },
      refused: {
        title: 'ワークロードが要求し、拒否される',
        text: 'ワークロードは鍵を生成し、ノンスを要求して、その両方にマシンの署名を得ます。ただし、マシンには問題があります。どのような問題かを選んでください。',
      },
      why: {
        title: '理由を読む',
        text: 'ワークロードに伝えられたのは、短いコードと ID だけです。所有者は、その ID から理由の全体と、どうすれば合格するかを読めます。',
      },
      attested: {
        title: '対処して、もう一度要求する',
        text: 'マシンを正しい状態で起動し直します。ワークロードは、新しい鍵、新しいノンス、新しい署名でアテステーションをやり直します。',
      },
      released: {
        title: 'シークレットが払い出される',
        text: 'チェックポイントは、Evidence に結び付いた鍵でシークレットを暗号化し、このページがそれを復号します。通信を盗み見ても何も得られません。同時に、更新が必要なリースが発行されます。',
      },
      receipt: {
        title: 'レシートを取得する',
        text: 'すべての判定は、追記しかできないログに記録されます。レシートがあれば、この判定がログにあることを、誰でもオフラインで確かめられます。',
      },
      advisory: {
        title: 'ベンダーがアドバイザリを公表する',
        text: 'アドバイザリは、ワークロードが動いているプロセッサーの世代を名指ししています。この時点では何も変わりませんが、影響を受ける有効なリースがわかります。',
      },
      line: {
        title: 'ポリシー 1 行で禁止する',
        text: '追加する行を、まずこれまでの判定に対して試し、それから有効にします。有効なリースは、すべて直ちに評価し直されます。',
      },
      lost: {
        title: '動作中のワークロードがリースを失う',
        text: 'ワークロードは、リースの状態を監視し続けています。失効が通知され、新しい Evidence で更新しようとしても拒否されます。',
      },
    },
    results: {
      namespace: ({ again }) => (again === true ? '以前の first-run を再利用します。' : 'first-run を作成しました。'),
      secret: ({ secretVersion }) => `first/run/password のバージョン ${secretVersion} を保管しました。`,
      policy: ({ policyVersion }) => `ポリシーのバージョン ${policyVersion} が有効です。`,
      reference: ({ measurement }) => `測定値 ${measurement?.slice(0, 16)}… のワークロードを既知としました。`,
      refused: ({ refusal }) => `ワークロードには「${refusal?.code}」とだけ伝えられます。`,
      why: ({ reasons }) => `理由 ${reasons?.length ?? 0} 件と、その対処です。`,
      attested: () => 'Evidence が受け入れられました。',
      released: () => 'このワークロードだけが読める形で払い出されました。',
      receipt: ({ proof }) =>
        proof?.proven === true ? 'レシートで証明されました。' : 'レシートでは証明できませんでした。',
      advisory: ({ affected }) => `該当するマシン上に、有効なリースが ${affected ?? 0} 件あります。`,
      line: ({ dryRun, forbiddenBy }) => `試行結果：${tried(dryRun)}。バージョン ${forbiddenBy} が有効になりました。`,
      lost: ({ told, renewal }) => `「${told?.kind}」が通知され、更新は「${renewal?.code}」で拒否されました。`,
    },
    secretLabel: 'シークレット',
    flawLabel: 'マシンの問題',
    flaws: {
      debug: 'デバッグが有効：ホストがメモリを読める',
      measurement: '未知のものが動いている',
    },
    callers: { owner: '所有者', workload: 'ワークロード', page: 'このページの中' },
    made: {
      key: 'P-256 の鍵ペア。秘密鍵は、どのスクリプトからも読み出せません。公開鍵：',
      binding: 'マシンが署名する値（ノンスと鍵の SHA-384）',
      decrypted: '秘密鍵で復号した値：',
    },
    calls: (count) => `API 呼び出しと応答（${count} 件）`,
    plan: '呼び出す API',
    waiting: '応答待ち…',
    answered: '成功',
    refused: '拒否',
    released: '払い出し済み',
    hears: 'ワークロードに伝えられるのは、これだけです。',
    remedies: '合格に必要なこと',
    decision: '判定',
    opened: 'ワークロードが受け取ったシークレット',
    leaseUntil: 'リースの期限',
    receipt: {
      entry: 'エントリー',
      log: 'ログ',
      outcome: '結果',
      download: 'レシートをダウンロード',
      look: '判定のページで、手元の鍵を使って検証する',
      claim: 'この払い出しは、ログの正しい位置に記録されています。',
    },
    inLog: (index, size) => `${size} 件中 ${index} 番`,
    optional: {
      heading: 'ここまでが基本の流れです。続きもあります',
      text: 'プロセッサーの弱点が見つかったとき、すでに動いているワークロードはどうなるのでしょうか。',
    },
    finished: {
      heading: 'これで終わりです',
      text: 'この手引きで行ったことは、名前空間「first-run」の各ページに残っています。',
      links: {
        decisions: '判定とチェック項目',
        policies: 'ポリシーとそのバージョン',
        leases: '失効したリース',
        log: 'ログ',
      },
    },
    taken:
      '名前空間「first-run」に、この手引きが作成したものではないデータがあります。変更せずに中止しました。別の名前空間へ移すか削除してから、再試行してください。',
    notRefused:
      '拒否されるはずのワークロードが許可されました。「first-run」のポリシーか参照値を、ほかの誰かが変更しています。最初からやり直してください。',
  },
  verdict: {
    lead: 'どの Evidence にも問うべき 6 つの質問と、それに答えるチェックをたどります。お手元の Evidence でも、サンプルでも始められます。解析も検証も、このブラウザーの中で行います。',
    pick: 'Evidence を用意する',
    chapters: {
      what: {
        title: 'これは何か',
        text: '形式は、バイト列だけから判別します。書かれている内容は、まだ何も信じていません。',
      },
      who: {
        title: '誰が署名したのか',
        text: '署名の価値は、その鍵について何がわかっているかで決まります。チェーンは、Evidence から、このプログラムに固定されたルート鍵まで続きます。そのルートの持ち主が、マシンを保証しています。',
      },
      current: {
        title: '最新の状態か',
        text: '本物のマシンでも更新が遅れていることがあり、証明書が失効していることもあります。ファームウェアについてのベンダーの現在の見解と、それを確認したかどうかが重要です。',
      },
      runs: {
        title: '何が動いているのか',
        text: '起動時の測定値は、起動されたもののダイジェストです。ビルドした側の値と照合して、初めて意味を持ちます。デバッグなどの設定は、誰が中を覗けるかを左右します。',
      },
      fresh: {
        title: 'あなたへの応答か',
        text: 'Evidence は記録して使い回せます。あなたのノンスに結び付いていれば新しいと言え、通信相手の鍵に結び付いていれば、その相手のものだと言えます。',
      },
      say: {
        title: 'まだ示すべきことは何か',
        text: '期待値のない項目はチェックされず、チェックされない項目があるうちは「検証済み」になりません。以下は、あなたが示すか、名前を挙げて免除する項目です。',
      },
    },
    chaptersLabel: '質問',
    next: '次の質問',
    back: '戻る',
    another: '別の Evidence を使う',
    workbench: 'ワークベンチで開く',
    workbenchHint: 'ワークベンチでは、期待値の指定、全フィールドとバイト列の確認、信頼マップの表示ができます。',
    checks: 'チェックしたこと',
    noChecks: 'この種類の Evidence には、この質問に対応するチェックがありません。',
    position: (at, of) => `質問 ${at}／${of}`,
    what: {
      form: '形式',
      size: 'サイズ',
      wrappers: '取り出し元',
      companions: '同梱物',
      fields: '解析結果',
      time: '検証時刻',
    },
    fields: (count) => `${count} フィールド`,
    who: { anchor: 'トラストアンカー', none: 'なし：信頼するルートに至るチェーンがありません' },
    say: {
      nothing: '示すべきことは残っていません。この Evidence に問えることは、すべて確認しました。',
      expect: '期待値にする前に、ビルドした側の値と照合してください。',
    },
    standing: {
      pass: 'すべて成り立っています。',
      fail: '成り立っていないものがあります。',
      unchecked: '確認していないものがあります。',
      'not-applicable': '確認すべきことはありません。',
    },
  },
}

/** What a dry run would have changed, out of the sentence that the checkpoint tells it in. */
function tried(summary: string | undefined): string {
  const [, refused, total, permitted] =
    /^would have refused (\d+) of (\d+)(?:, and permitted (\d+))?/.exec(summary ?? '') ?? []
  if (refused === undefined) return summary ?? ''
  const also = permitted === undefined ? '' : `、拒否した ${permitted} 件を許可`
  return `記録された ${total} 件のうち ${refused} 件を拒否${also}`
}
