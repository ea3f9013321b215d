import type { SentencePairs } from './sentences.ts'

/** Sentences of verdicts on Azure confidential VMs, in Japanese. */
export const sentences: SentencePairs = [
  ['{check@}: {reason~}', '{check@}：{reason~}'],
  [
    "Microsoft's paravisor, which makes the vTPM and holds its keys, does what it should: it alone vouches for the PCRs",
    'vTPM を作りその鍵を持つ Microsoft のパラバイザーが、正しく動作する（PCR を保証するのはパラバイザーだけ）',
  ],
  [
    'the {report?} measures the paravisor, and its report data hold only a digest of what the paravisor says',
    '{report?} はパラバイザーを測定したもので、レポートデータにはパラバイザーの述べることのダイジェストしかありません',
  ],
  ['SNP report', 'SNP レポート'],
  ['TD quote', 'TD クォート'],
  [
    'the header of the HCL report and what follows its claims are covered by no signature, and were not looked at',
    'HCL レポートのヘッダーと、クレームに続く部分は署名の対象外のため、確認していません',
  ],
  [
    'the runtime claims have no user-data, as in images of early 2023',
    'ランタイムクレームに user-data がありません（2023 年初頭のイメージと同様）',
  ],
  [
    'the unsigned header has the request type {requestType}, where 2 is usual',
    '署名のないヘッダーの要求種別が {requestType} です（通常は 2）',
  ],
  [
    'ask the guest for new evidence with all of its parts',
    'すべての部分を含む新しい Evidence を、ゲストに要求してください',
  ],
  ['there is no {what?}', '{what?} がありません'],
  ['the {what?} cannot be read: {fault?}', '{what?} を読み取れません：{fault?}'],
  ['the {what?} is genuine', '{what?} は本物です'],
  ['the {what?} is not genuine: {text?}', '{what?} が本物ではありません。{text?}'],
  ['the {what?} is not proven to be genuine: {text?}', '{what?} が本物だと証明されていません。{text?}'],
  ['there is no {what?} that could be read', '読み取れる {what?} がありません'],
  ['the {what?} is as you expect', '{what?} は期待どおりです'],
  ['the {what?} is rejected: {text?}', '{what?} が拒否されました。{text?}'],
  ['what you expect of the hardware is for {other}', 'ハードウェアへの期待が {other} のものです'],
  ['ask a VM under {other}', '{other} の VM に要求してください'],
  ['the {what?} is incomplete: {text?}', '{what?} の検証が完了していません。{text?}'],
  ['snp', 'snp'],
  ['the HCL report has an SNP report', 'HCL レポートに SNP レポートがあります'],
  ['a TD quote came along', 'TD クォートが添えられています'],
  [
    'there is only a TDREPORT, which nobody but its own machine can check',
    'TDREPORT しかありません。そのマシン自身にしか検証できません',
  ],
  [
    'have the guest ask its host for a TD quote (metadata service, /acc/tdquote) and send it',
    'ゲストからホストに TD クォートを要求させ（メタデータサービス、/acc/tdquote）、それを送ってください',
  ],
  ['the SNP report is itself in the HCL report', 'SNP レポートは HCL レポート自身に含まれています'],
  [
    'a TD quote came along with the HCL report of an SEV-SNP machine: nobody would judge it',
    'SEV-SNP マシンの HCL レポートに TD クォートが添えられています。これは誰にも検証されません',
  ],
  [
    'the TD quote was made of the TDREPORT in the HCL report',
    'TD クォートは、HCL レポートの TDREPORT から作られています',
  ],
  [
    'the TD quote is of another TD than the HCL report: report data or MRTD differ',
    'TD クォートが、HCL レポートとは別の TD のものです。レポートデータまたは MRTD が異なります',
  ],
  [
    'the hardware report holds the {hash} digest of the runtime claims',
    'ハードウェアレポートに、ランタイムクレームの {hash} ダイジェストがあります',
  ],
  [
    'the runtime claims are not those that the hardware report was made for: they were changed, or are of another machine',
    'ランタイムクレームが、ハードウェアレポートの作成時のものではありません。改変されたか、別のマシンのものです',
  ],
  ['a TD quote is asked for by the paravisor alone', 'TD クォートを要求できるのはパラバイザーだけです'],
  ['there is no hardware report that can be read', '読み取れるハードウェアレポートがありません'],
  ['VMPL {vmpl@}', 'VMPL {vmpl@}'],
  ['the paravisor asked for the hardware report', 'ハードウェアレポートをパラバイザーが要求しています'],
  [
    'the hardware report was asked for by somebody else than the paravisor, who can name any attestation key',
    'ハードウェアレポートを要求したのがパラバイザーではありません。どのアテステーション鍵でも示すことができます',
  ],
  ['the runtime claims cannot be read: {fault?}', 'ランタイムクレームを読み取れません：{fault?}'],
  [
    'the runtime claims name one attestation key of the vTPM',
    'ランタイムクレームが、vTPM のアテステーション鍵を 1 つ示しています',
  ],
  ['there is a quote of the vTPM', 'vTPM のクォートがあります'],
  [
    'there is no quote of the vTPM: a recorded HCL report stays valid, and nothing tells what was booted',
    'vTPM のクォートがありません。HCL レポートは記録されたものでも有効なままで、何が起動されたかを示すものがありません',
  ],
  [
    'what you expect of the quote of the vTPM was compared with nothing: there is no quote',
    'vTPM のクォートがないため、クォートについて期待する値を何とも比較していません',
  ],
  [
    'have the guest quote its PCRs with your nonce; or expect no nonce, no report data and nothing of the vTPM',
    'ゲストに、指定したノンスで PCR をクォートさせてください。または、ノンス、レポートデータ、vTPM の期待値を指定しないでください',
  ],
  ['have the guest quote its PCRs with your nonce', 'ゲストに、指定したノンスで PCR をクォートさせてください'],
  ['there is no quote', 'クォートがありません'],
  [
    'the attestation key of the runtime claims signed the quote',
    'クォートに、ランタイムクレームの示すアテステーション鍵の署名があります',
  ],
  [
    'the attestation key of the runtime claims did not sign this quote: it was changed, or is of another machine',
    'このクォートに、ランタイムクレームの示すアテステーション鍵の署名がありません。改変されたか、別のマシンのものです',
  ],
  ['the guest put nothing into its HCL report', 'ゲストは HCL レポートに何も入れていません'],
  [
    'what the guest put into its HCL report was compared with nothing',
    'ゲストが HCL レポートに入れた内容が、照合されていません',
  ],
  [
    'if {actual} is what you expect, say so with `userData`',
    '{actual} が期待する値であれば、`userData` に指定してください',
  ],
  ['what the guest put into its HCL report (user-data)', 'ゲストが HCL レポートに入れた内容（user-data）'],
  ['the VM (vmUniqueId)', 'VM（vmUniqueId）'],
  [
    'the hardware report is not genuine, so that it binds nothing',
    'ハードウェアレポートが本物ではないため、何も結び付けません',
  ],
  ['hardware report', 'ハードウェアレポート'],
  ['quote of the vTPM', 'vTPM のクォート'],
]
