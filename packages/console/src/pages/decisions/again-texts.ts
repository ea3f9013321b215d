import type { Language } from '../../text/texts.ts'
import type { Reverified } from './model.ts'

/** Texts of verifying a decision again. */
export interface AgainTexts {
  readonly heading: string
  readonly lead: string
  readonly button: string
  readonly busy: string
  readonly words: Readonly<Record<Reverified['result'], string>>
  readonly claims: Readonly<Record<Reverified['result'], string>>
  readonly judgedAt: string
  readonly steps: Readonly<Record<Reverified['steps'][number]['step'], string>>
  readonly elsewhere: string
}

/** By language. */
export const AGAIN: Readonly<Record<Language, AgainTexts>> = {
  en: {
    heading: 'Verify again',
    lead: 'The checkpoint judges the recorded evidence again, as of the time of the decision: with the endorsements, expectations and policy of then. Nothing is changed or recorded, and no vendor is asked.',
    button: 'Verify again',
    busy: 'Verifying…',
    words: { confirmed: 'Confirmed', differs: 'Differs', incomplete: 'Incomplete' },
    claims: {
      confirmed: 'The decision holds as of its time.',
      differs: 'The decision does not come out as it is recorded.',
      incomplete: 'Not everything could be compared.',
    },
    judgedAt: 'judged as of',
    steps: {
      log: 'The log',
      evidence: 'The evidence',
      collateral: 'The endorsements',
      verdict: 'The verdict',
      expectations: 'What was expected',
      policy: 'The policy',
    },
    elsewhere: 'To verify it without the checkpoint:',
  },
  ja: {
    heading: '再検証',
    lead: '記録された Evidence を、判定した時点のエンドースメント・期待値・ポリシーで、その時点のものとしてもう一度判定します。何も変更・記録せず、ベンダーにも問い合わせません。',
    button: '再検証する',
    busy: '検証中…',
    words: { confirmed: '確認済み', differs: '相違あり', incomplete: '不完全' },
    claims: {
      confirmed: 'この判定は、その時点の判定として正しいものです。',
      differs: 'この判定は、記録どおりの結果になりません。',
      incomplete: '比較できないものがあります。',
    },
    judgedAt: '判定の基準時刻',
    steps: {
      log: 'ログ',
      evidence: 'Evidence',
      collateral: 'エンドースメント',
      verdict: '検証結果',
      expectations: '期待値',
      policy: 'ポリシー',
    },
    elsewhere: 'チェックポイントなしで検証するには：',
  },
}
