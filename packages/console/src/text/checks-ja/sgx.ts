import { common } from './dcap.ts'

/** Titles of SGX checks and groups in Japanese, by id without `sgx.`. */
export const titles: Readonly<Record<string, string>> = {
  ...common,
  enclave: 'エンクレーブ',
  'enclave.debug': 'エンクレーブのデバッグが無効である',
  'enclave.provision-key': 'エンクレーブがプラットフォームを特定できないか、それを拒んでいない',
  'enclave.attributes': '属性が求めるとおりである',
  'expect.measurement': 'コードが期待どおりである（MRENCLAVE）',
  'expect.signer': 'コードの署名者が期待どおりである（MRSIGNER）',
  'expect.product-id': 'その署名者の、意図したエンクレーブである（ISVPRODID）',
  'expect.svn': 'エンクレーブのバージョンが下限を下回らない（ISVSVN）',
  'expect.host-data': '起動時の設定が期待どおりである（CONFIGID）',
  'expect.config-svn': '設定のバージョンが下限を下回らない（CONFIGSVN）',
  'expect.extended-product-id': '拡張製品 ID が期待どおりである（ISVEXTPRODID）',
  'expect.family-id': '製品ファミリーが期待どおりである（ISVFAMILYID）',
}
