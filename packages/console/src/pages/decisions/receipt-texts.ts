import type { DecisionProof } from '../../log/decision.ts'
import type { Language } from '../../text/texts.ts'

/** Texts of receipts. */
export interface ReceiptTexts {
  readonly heading: string
  readonly lead: string
  claim(proof: Pick<DecisionProof, 'receipt' | 'checkpoint'>): string
  entry(index: number): string
  readonly elsewhere: string
  readonly download: string
}

/** By language. */
export const RECEIPTS: Readonly<Record<Language, ReceiptTexts>> = {
  en: {
    heading: 'Receipt',
    lead: 'It proves to anybody that this decision was logged, without asking the checkpoint. It does not prove that the log kept what it promised before: the page “Log” compares its checkpoints.',
    claim: ({ receipt, checkpoint }) =>
      `Entry ${receipt?.index ?? 0} of the ${checkpoint?.size ?? 0} that ${checkpoint?.origin ?? ''} signed has the id, time, outcome, resource and reason code that this page shows${hasVerdict(receipt) ? ', and the digest of this verdict' : ''}. Explanations in words are the checkpoint’s own.`,
    entry: (index) => `Entry ${index}, as it was logged`,
    elsewhere:
      'The entry says nothing of the verdict that is shown here: it is that of the attestation, which has an entry and a receipt of its own.',
    download: 'Download receipt',
  },
  ja: {
    heading: 'レシート',
    lead: 'この判定が記録されたことを、チェックポイントに問い合わせることなく誰にでも証明できます。ログが過去の約束を守っていることまでは証明しません。それは「ログ」ページでチェックポイントを比較して確認します。',
    claim: ({ receipt, checkpoint }) =>
      `${checkpoint?.origin ?? ''} が署名した ${checkpoint?.size ?? 0} 件のうち、エントリー ${receipt?.index ?? 0} の ID・日時・結果・リソース・理由コード${hasVerdict(receipt) ? '・検証結果のダイジェスト' : ''}は、このページの表示と一致します。文章による説明はチェックポイント自身のものです。`,
    entry: (index) => `エントリー ${index}（記録された内容）`,
    elsewhere:
      'このエントリーには、ここに表示している検証結果のダイジェストがありません。検証結果はアテステーションのもので、別のエントリーとレシートがあります。',
    download: 'レシートをダウンロード',
  },
}

function hasVerdict(receipt: DecisionProof['receipt']): boolean {
  return receipt?.entry['verdictSha256'] !== undefined
}
