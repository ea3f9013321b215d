import { common } from './arm.ts'

/** Titles of Arm CCA checks and groups in Japanese, by id without `cca.`. */
export const titles: Readonly<Record<string, string>> = {
  ...common,
  token: 'プラットフォームとレルムのトークン',
  'platform.signature': 'プラットフォームトークンに、プラットフォームの署名がある',
  'realm.binding': 'レルムの鍵をプラットフォームが保証している',
  'realm.signature': 'レルムトークンに、レルムの署名がある',
  'key-attestation': '添えられた鍵をレルムが保証している',
  'platform-appraisal': 'プラットフォーム',
  lifecycle: 'プラットフォームが保護状態にある',
  'reference.components': 'プラットフォームのファームウェアが既知である',
  'reference.configuration': 'プラットフォームの設定が既知である',
  'realm-appraisal': 'レルム',
  'expect.measurement': '許容されたコードからレルムが起動された',
  'expect.rem0': 'REM0 が期待どおりである',
  'expect.rem1': 'REM1 が期待どおりである',
  'expect.rem2': 'REM2 が期待どおりである',
  'expect.rem3': 'REM3 が期待どおりである',
  'expect.host-data': 'パーソナライゼーション値が期待どおりである',
  'expect.report-data': 'チャレンジが期待どおりである',
}
