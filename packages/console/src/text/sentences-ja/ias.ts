import type { SentencePairs } from './sentences.ts'

/** Sentences of verdicts on archived EPID reports, in Japanese. */
export const sentences: SentencePairs = [
  [
    'pass the whole archive: body, signature and signing certificate',
    '本文、署名、署名用証明書を含むアーカイブ全体を指定してください',
  ],
  [
    'this is the body of a report alone, which anybody may have written',
    'レポートの本文だけです。誰でも書くことができます',
  ],
  ['the report has a signature', 'レポートに署名があります'],
  ['the certificates cannot be read: {fault?}', '証明書を読み取れません：{fault?}'],
  ['there are {count} certificates', '証明書が {count} 枚あります'],
  ['the certificate of the signing key is missing', '署名鍵の証明書がありません'],
  [
    'the chain does not end at the authority of the service, whatever its name',
    'チェーンが、その名前にかかわらず、サービスの認証局に至りません',
  ],
  ['the chain ends at the authority of the service', 'チェーンがサービスの認証局に至ります'],
  ['the certificates form one path', '証明書がひとつの経路をなしています'],
  ['the signing certificate has an unknown critical extension', '署名用の証明書に未知のクリティカル拡張があります'],
  ['the signing certificate is an authority', '署名用の証明書が認証局です'],
  ['the signing certificate must not sign', '署名用の証明書が、署名してよいものではありません'],
  ['the signing certificate names another issuer', '署名用の証明書が、別の発行者を示しています'],
  [
    'the signing certificate was not issued by the other one',
    '署名用の証明書の発行者が、もう一方の証明書ではありません',
  ],
  ['the authority has an unknown critical extension', '認証局に未知のクリティカル拡張があります'],
  ['the other certificate is no authority', 'もう一方の証明書が認証局ではありません'],
  ['the authority must not sign certificates', '認証局の鍵用途に、証明書への署名が含まれていません'],
  ['the signing certificate is signed by the authority', '署名用の証明書に、認証局の署名があります'],
  ['the signing certificate is not signed by the authority', '署名用の証明書に、認証局の署名がありません'],
  ['the certificates were in date when the report was made', 'レポートの作成時、証明書は有効期間内でした'],
  ['a certificate was not in date when the report was made', 'レポートの作成時、有効期間外の証明書がありました'],
  [
    "Intel's attestation service judged the quote as it should, and kept its signing key secret",
    'Intel のアテステーションサービスが、クォートを正しく判定し、署名鍵を守っていた',
  ],
  [
    'an archived report is a statement about a quote, whose own signature is not in it',
    '保存されたレポートはクォートについての言明であり、クォート自体の署名は含まれていません',
  ],
  [
    'the signing certificate was not revoked when the report was made',
    'レポートの作成時、署名用の証明書は失効していなかった',
  ],
  ['archives hold no revocation list', 'アーカイブには失効リストがありません'],
  [
    'the service ended in 2025: this says how things stood when the report was made',
    'サービスは 2025 年に終了しました。レポートは、作成時の状態を示すものです',
  ],
  ['you gave no revocation list: see what is assumed', '失効リストの指定はありません（前提を参照）'],
  [
    'give the last list that the authority of the service has issued, or none',
    'サービスの認証局が最後に発行したリストを指定するか、リストを外してください',
  ],
  [
    'the list is of the authority, and covers the time of the report or a later one',
    'リストは認証局のもので、レポートの時点以降を対象としています',
  ],
  ['the revocation list says nothing: {fault?}', '失効リストが有効ではありません。{fault?}'],
  ['another authority than that of the signing certificate issued it', '発行者が、署名用証明書の認証局ではありません'],
  [
    'it has a critical extension that is not known ({unknownCritical})',
    '未知のクリティカル拡張（{unknownCritical}）があります',
  ],
  ['it is of an authority that must not sign lists', '発行者は、失効リストへの署名を認められていない認証局です'],
  ['it is not signed by the authority', '認証局の署名がありません'],
  ['it is of {thisUpdate}, later than the time of judging', '{thisUpdate} のもので、検証時刻より後です'],
  ['it does not say until when it is current', 'いつまで有効かが記載されていません'],
  ['it ended on {nextUpdate}, before the report was made', '{nextUpdate} に終わっており、レポートの作成より前です'],
  [
    'the signing certificate with serial 0x{serial} is revoked: nothing that it signed counts',
    'シリアル番号 0x{serial} の署名用証明書が失効しています。この証明書による署名はすべて無効です',
  ],
  [
    'no archive of this key proves anything any more: attest anew, with DCAP',
    'この鍵のアーカイブは、もう何も証明しません。DCAP でアテステーションをやり直してください',
  ],
  ['the signing certificate is not on the list', '署名用の証明書はリストにありません'],
  [
    'the body as received is signed with the key of the service',
    '受け取ったままの本文に、サービスの鍵の署名があります',
  ],
  [
    'the body does not verify with the key of the service: it is forged, or was written again',
    '本文をサービスの鍵で検証できません。偽造されたか、書き直されています',
  ],
  ['the report was made before the time it is judged at', 'レポートは検証時刻より前に作られています'],
  [
    'the report is of later, but within the 5 minutes by which clocks may differ',
    'レポートは検証時刻より後のものですが、時計のずれとして認める 5 分以内です',
  ],
  ['the report was made after the time it is judged at', 'レポートは検証時刻より後に作られています'],
  ['judge it at a later time', 'より後の時刻で検証してください'],
  ['the service found the quote genuine', 'サービスがクォートを本物と判定しています'],
  [
    'the service refused the quote: it is forged, or its platform is revoked',
    'サービスがクォートを拒否しています。クォートが偽造されたか、プラットフォームが失効しています',
  ],
  ['the platform was up to date', 'プラットフォームは最新でした'],
  [
    'the platform was not up to date, and you do not accept its status',
    'プラットフォームは最新ではなく、そのステータスも許容されていません',
  ],
  [
    'accept `{status}` with `acceptStatuses`, and its advisories with `acceptAdvisories`',
    '`acceptStatuses` で `{status}` を、`acceptAdvisories` でそのアドバイザリを許容してください',
  ],
  ['you accept the status and every advisory', 'ステータスとすべてのアドバイザリが許容値です'],
  [
    'you accept the status; the report lists no advisories',
    'ステータスが許容値です。レポートにアドバイザリの記載はありません',
  ],
  ['you do not accept the advisories {others}', '次のアドバイザリが許容されていません：{others}'],
  [
    'accept each with `acceptAdvisories`, once it does not concern you',
    '影響がないことを確認したうえで、それぞれを `acceptAdvisories` で許容してください',
  ],
  ['no authority is trusted', '信頼する認証局がありません'],
  ['the report came in no certificate', 'レポートは証明書に入っていません'],
  ['the report data names the key of the certificate', 'レポートデータが、証明書の鍵を示しています'],
  [
    'the report data does not name the key of the certificate in a way that is known: anybody may show this report',
    'レポートデータが、既知の方法で証明書の鍵を示していません。誰でもこのレポートを提示できます',
  ],
  [
    'find out how its writer bound the key, and compare it yourself',
    '作成者が鍵をどのように結び付けたかを調べ、自分で照合してください',
  ],
  [
    'nothing shows that the report was made for this exchange',
    'レポートがこの通信のために作られたことを示すものがありません',
  ],
  [
    'compare the nonce that was sent to the service with `nonce`, or waive this for an archive',
    'サービスに送ったノンスを `nonce` に指定するか、アーカイブであればこのチェックを免除してください',
  ],
  ['the report has your nonce', 'レポートに、指定されたノンスがあります'],
  ['the report does not have your nonce', 'レポートに、指定されたノンスがありません'],
  ['say `minSvn`', '`minSvn` を指定してください'],
  ['the version is one that you accept', 'バージョンは許容値です'],
  ['the version is older than you accept', 'バージョンが、許容する下限より古いものです'],
  ['run a newer version', 'より新しいバージョンを動かしてください'],
  ['you expect no product', '製品の指定はありません'],
  ['the product id', '製品 ID'],
  ['the measurement (MRENCLAVE)', '測定値（MRENCLAVE）'],
  ['the signer (MRSIGNER)', '署名者（MRSIGNER）'],
]
