function chain(id: string, what: string): Readonly<Record<string, string>> {
  return {
    [`${id}.certificates`]: `${what}に、プロファイルどおりの証明書がある`,
    [`${id}.issuers`]: `${what}の各証明書が、次の証明書の発行である`,
    [`${id}.keys`]: `${what}の鍵が、すべて P-256 である`,
    [`${id}.critical-extensions`]: `${what}に、未知のクリティカル拡張がない`,
    [`${id}.chain`]: `${what}の署名が順につながる`,
    [`${id}.root`]: `${what}が信頼するルート鍵に至る`,
    [`${id}.validity`]: `${what}が検証時点で有効である`,
  }
}

function crl(id: string, what: string): Readonly<Record<string, string>> {
  return {
    [`${id}.present`]: `${what}がある`,
    [`${id}.issuer`]: `${what}が、対象となる CA のものである`,
    [`${id}.extensions`]: `${what}に、未知のクリティカル拡張がない`,
    [`${id}.signature`]: `${what}に、対象となる CA の署名がある`,
    [`${id}.issued`]: `${what}が発行済みである`,
    [`${id}.current`]: `${what}が最新である`,
  }
}

function document(id: string, what: string): Readonly<Record<string, string>> {
  return {
    [id]: what,
    [`${id}.present`]: `${what}がある`,
    ...chain(`${id}.signer`, `${what}の発行者チェーン`),
    [`${id}.signer.revocation`]: `${what}の TCB Signing 証明書が失効していない`,
    [`${id}.signature`]: `${what}の原文に TCB Signing 鍵の署名がある`,
    [`${id}.issued`]: `${what}が発行済みである`,
    [`${id}.current`]: `${what}が最新である`,
    [`${id}.kind`]: `${what}がこの種類のクォートのものである`,
  }
}

/** Titles that SGX and TDX have in common, in Japanese, by id without the TEE. */
export const common: Readonly<Record<string, string>> = {
  quote: 'クォート',
  'quote.qe-vendor': 'クォートが Intel の Quoting Enclave を示している',
  pck: 'プラットフォーム証明書',
  'pck.present': 'PCK 証明書チェーンがある',
  ...chain('pck', 'PCK チェーン'),
  'pck.extensions': 'PCK 証明書が、対象のプラットフォームを示している',
  crl: '失効確認',
  ...crl('crl.root', 'ルート CA の CRL'),
  ...crl('crl.pck', 'PCK の CRL'),
  ...chain('crl.pck-issuer', 'PCK CRL の発行者チェーン'),
  'pck.ca-revocation': 'PCK CA が失効していない',
  'pck.revocation': 'PCK 証明書が失効していない',
  ...document('tcb-info', 'TCB 情報'),
  'tcb-info.fmspc': 'TCB 情報が、プラットフォームの FMSPC のものである',
  'tcb-info.pceid': 'TCB 情報が、プラットフォームの PCE ID のものである',
  ...document('qe-identity', 'QE ID 情報'),
  qe: 'Quoting Enclave とクォートの署名',
  'qe.report-signature': 'Quoting Enclave のレポートに、プラットフォームの鍵の署名がある',
  'qe.report-data': 'Quoting Enclave のレポートが、アテステーション鍵を示している',
  'qe.identity': 'Quoting Enclave が Intel のものである（MISCSELECT、ATTRIBUTES、MRSIGNER、ISVPRODID）',
  'quote.signature': 'クォートにアテステーション鍵の署名がある',
  tcb: 'TCB の状態',
  'tcb.level': 'プラットフォーム、Quoting Enclave、TDX モジュールが、いずれかの TCB レベルに一致する',
  'tcb.not-revoked': '一致した TCB レベルを Intel が取り消していない',
  'tcb.status': 'TCB が最新であるか、その状態を受け入れている',
  'tcb.evaluation-number': '十分に新しい基準で TCB を判定している',
  platform: 'プラットフォーム',
  'platform.hardware': 'ルートがハードウェアベンダーのものである',
  'platform.product': 'プラットフォームの系列が許容値である',
  'platform.id': 'プラットフォームが既知である',
  'platform.smt': '同時マルチスレッディングの設定が求めるとおりである',
  'platform.dynamic': 'Dynamic platform の設定が求めるとおりである',
  'platform.cached-keys': 'プラットフォーム鍵のキャッシュ設定が求めるとおりである',
  'platform.sgx-type': 'メモリ保護の方式が許容値である',
  expect: '期待値',
  'expect.report-data': 'レポートデータが期待どおりである',
  'expect.freshness': 'この通信のために作られた Evidence である',
}
