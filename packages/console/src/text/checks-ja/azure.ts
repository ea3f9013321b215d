/** Titles of checks and groups of Azure confidential VMs in Japanese, by id without `azure.`. */
export const titles: Readonly<Record<string, string>> = {
  hardware: 'ハードウェアレポートと、それに結び付くもの',
  'hardware.present': '離れた場所から検証できるハードウェアレポートがある',
  binding: 'ランタイムクレームがハードウェアレポートに結び付いている',
  'part.hardware': 'ハードウェアレポートが本物である',
  'td-report': 'TD クォートがこの HCL レポートのものである',
  paravisor: 'ハードウェアレポートをパラバイザーが要求した',
  claims: 'ランタイムクレームを読み取れる',
  vtpm: 'vTPM',
  'quote.present': 'vTPM のクォートがある',
  'quote.signature': 'クォートに、結び付いたアテステーション鍵の署名がある',
  'part.vtpm': 'vTPM のクォートが本物である',
  expect: '期待値',
  'accept.hardware': 'ハードウェアレポートが期待どおりである',
  'accept.vtpm': 'vTPM のクォートが期待どおりである',
  'expect.user-data': 'ゲストのデータが期待どおりである',
  'expect.vm-id': 'VM が許容値である',
}
