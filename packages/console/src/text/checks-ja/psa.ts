import { common } from './arm.ts'

/** Titles of Arm PSA checks and groups in Japanese, by id without `psa.`. */
export const titles: Readonly<Record<string, string>> = {
  ...common,
  token: 'トークン',
  signature: 'トークンにデバイスの署名がある',
  appraisal: '期待値',
  lifecycle: 'デバイスが保護状態にある',
  'instance-id': 'インスタンスが、その鍵のものである',
  'expect.measurement': 'デバイスのソフトウェアが許容値である',
  'expect.report-data': 'ノンスのクレームが期待どおりである',
  'expect.client-id': '呼び出し元が許容値である',
}
