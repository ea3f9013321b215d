import type { SentencePairs } from './sentences.ts'

/** Sentences of SEV-SNP verdicts, in Japanese. */
export const sentences: SentencePairs = [
  ['leaf', 'リーフ'],
  ['VCEK', 'VCEK'],
  ['VLEK', 'VLEK'],
  ['ARK', 'ARK'],
  ['ASK', 'ASK'],
  ['ASVK', 'ASVK'],
  ['VCEK or VLEK', 'VCEK または VLEK'],
  ['ASK or ASVK', 'ASK または ASVK'],
  ['SEV-VCEK or SEV-VLEK', 'SEV-VCEK または SEV-VLEK'],
  ['SEV-{product} or SEV-VLEK-{other}', 'SEV-{product} または SEV-VLEK-{other}'],
  ['chip', 'チップ'],
  [
    'a migration agent may move the guest, and you allowed it with `allowMigrationAgent`',
    'マイグレーションエージェントがゲストを移動できますが、`allowMigrationAgent` で許可されています',
  ],
  [
    'a migration agent may move the guest and read its memory; its report id is {reportIdMa}',
    'マイグレーションエージェントがゲストを移動し、そのメモリを読むことができます。エージェントのレポート ID は {reportIdMa} です',
  ],
  [
    'launch the guest with policy bit 18 clear, or trust the agent and pass `allowMigrationAgent`',
    'ポリシーのビット 18 を 0 にしてゲストを起動するか、エージェントを信頼して `allowMigrationAgent` を指定してください',
  ],
  [
    'the host asked for the report, and you allowed it with `allowHostRequested`',
    'レポートを要求したのはホストですが、`allowHostRequested` で許可されています',
  ],
  [
    'the host asked for the report and chose its report data (VMPL is all ones): it says nothing about what the guest wants',
    'ホストがレポートを要求し、レポートデータも決めています（VMPL の全ビットが 1）。ゲストの意図については何も示しません',
  ],
  ['ask the guest for a report of its own', 'ゲスト自身のレポートを要求してください'],
  ['the host asked for the report', 'レポートを要求したのはホストです'],
  ['the most privileged level of the guest asked for it', 'ゲストの最上位の特権レベルから要求されています'],
  ['VMPL (code below the most privileged level asked)', 'VMPL（最上位ではない特権レベルのコードが要求）'],
  ['you named the signer and its lowest SVN instead', '代わりに、署名者とその SVN の下限が指定されています'],
  ['the launch measurement', '起動時の測定値'],
  [
    'the guest was launched without an ID block: nobody signed it',
    'ゲストが ID ブロックなしで起動されており、署名した人がいません',
  ],
  [
    'launch the guest with an ID block that your ID key signed',
    '自分の ID 鍵で署名した ID ブロックを付けて、ゲストを起動してください',
  ],
  ['the signer of the guest (ID key, author key)', 'ゲストの署名者（ID 鍵、作成者鍵）'],
  [
    'the signer was compared, and not the SVN: an old release of the same signer passes',
    '署名者だけを照合し、SVN を照合していません。同じ署名者の古いリリースも合格します',
  ],
  ['pass `minSvn`', '`minSvn` を指定してください'],
  [
    '{what?} is {actual@}, and you accept {least@} or higher',
    '{what?} は {actual@} です。指定された下限は {least@} です',
  ],
  [
    '{what?} is {actual@}, and you accept {least@} or higher; {others~}',
    '{what?} は {actual@} です（指定された下限は {least@}）。{others~}',
  ],
  ['launch a release with {what@} {least@} or higher', '{what@} が {least@} 以上のリリースを起動してください'],
  [
    'update {parts,} or higher, commit it (SNP_COMMIT), and launch the guest again',
    '{parts,} 以上に更新し、確定（SNP_COMMIT）してから、ゲストを起動し直してください',
  ],
  ['{part@} to {level#}', '{part@} を {level#}'],
  [
    'no lowest TCB was given: a platform with known flaws passes',
    'TCB の下限が指定されていません。既知の欠陥があるプラットフォームも合格します',
  ],
  [
    "pass `minTcb` after AMD's security bulletins; this platform has committed to {committedTcb}",
    'AMD のセキュリティ情報に従って `minTcb` を指定してください。このプラットフォームが確定した TCB：{committedTcb}',
  ],
  ['{product?} has no {part} level', '{product?} に {part} のレベルはありません'],
  ['leave {part} out of `{option@}` for this product', 'この製品では `{option@}` から {part} を外してください'],
  ['{part@} of COMMITTED_TCB', 'COMMITTED_TCB の {part@}'],
  ['{part@} of REPORTED_TCB', 'REPORTED_TCB の {part@}'],
  ['{part@} of LAUNCH_TCB', 'LAUNCH_TCB の {part@}'],
  ['it is', 'そのとおりです'],
  [
    'it is, as far as you asked: {free} may be anything',
    '指定された範囲では、そのとおりです。{free} は照合していません',
  ],
  [
    'the committed SEV firmware is {actual}, and you accept {least} or higher',
    '確定した SEV ファームウェアは {actual} です。指定された下限は {least} です',
  ],
  [
    'update the SEV firmware to {least} or higher and commit it',
    'SEV ファームウェアを {least} 以上に更新し、確定してください',
  ],
  [
    'the platform runs provisional firmware: its host may still roll back to the committed one',
    '未確定のファームウェアで動作しています。ホストは確定済みのものに戻せます',
  ],
  [
    'commit the firmware (SNP_COMMIT), or ask for no committed one',
    'ファームウェアを確定する（SNP_COMMIT）か、確定を求めないでください',
  ],
  ['{name@} of {what?} is {actual@}', '{what?} の {name@} が {actual@} です'],
  ['{name@} of {what?} is {actual@}; {others~}', '{what?} の {name@} が {actual@} です。{others~}'],
  ['launch the guest with {name@} {value@}', '{name@} を {value@} にしてゲストを起動してください'],
  ['configure the platform with {name@} {value@}', 'プラットフォームの {name@} を {value@} に設定してください'],
  [
    'launch the guest with {name@} {value@}; {others~}',
    '{name@} を {value@} にしてゲストを起動してください。{others~}',
  ],
  [
    'configure the platform with {name@} {value@}; {others~}',
    'プラットフォームの {name@} を {value@} に設定してください。{others~}',
  ],
  [
    'mitigations {missing} are missing at launch or now, or not reported (version {version})',
    '緩和策 {missing} が、起動時または現在のいずれかで欠けているか、報告されていません（バージョン {version}）',
  ],
  [
    'update the platform firmware, then launch the guest again',
    'プラットフォームのファームウェアを更新してから、ゲストを起動し直してください',
  ],
  [
    "a chip's own key signed the report, and you asked for a provider's",
    'チップ固有の鍵で署名されたレポートですが、クラウド事業者の鍵が指定されています',
  ],
  [
    'leave `{option@}` out, or ask for a VLEK-signed report',
    '`{option@}` を外すか、VLEK で署名されたレポートを要求してください',
  ],
  [
    "a provider's key signed the report, and you asked for a chip's own",
    'クラウド事業者の鍵で署名されたレポートですが、チップ固有の鍵が指定されています',
  ],
  [
    'leave `signingKey` out, or ask for a VCEK-signed report',
    '`signingKey` を外すか、VCEK で署名されたレポートを要求してください',
  ],
  ['the cloud provider', 'クラウド事業者'],
  ['the chip id of the report is masked', 'レポートのチップ ID がマスクされています'],
  ['switch MASK_CHIP_ID off, and have a VCEK sign', 'MASK_CHIP_ID を無効にし、VCEK で署名させてください'],
  ['policy bit 19', 'ポリシーのビット 19'],
  ['the guest policy', 'ゲストポリシー'],
  ['the chip id', 'チップ ID'],
  [
    'the {name?} may be in the certificate table, which cannot be read: {fault?}',
    '{name?} は証明書テーブルにある可能性がありますが、テーブルを読み取れません：{fault?}',
  ],
  ['pass the table as the host delivered it', 'ホストから渡されたとおりのテーブルを指定してください'],
  [
    'the {name?} is missing: nothing connects the report with AMD',
    '{name?} がありません。レポートと AMD を結び付けるものがありません',
  ],
  ['the {name?} cannot be read: {fault?}', '{name?} を読み取れません：{fault?}'],
  ['the leaf is no VCEK or VLEK', 'リーフが VCEK でも VLEK でもありません'],
  ['the certificate above the leaf is no ASK or ASVK', 'リーフの上の証明書が ASK でも ASVK でもありません'],
  ['another certificate issued the leaf', 'リーフの発行者が、別の証明書です'],
  ['the root is no ARK', 'ルートが ARK ではありません'],
  ['another root issued the ASK or ASVK', 'ASK または ASVK の発行者が、別のルートです'],
  ['the ARK is not self-issued', 'ARK が自己発行ではありません'],
  ['a certificate names another organisation', '別の組織を示す証明書があります'],
  ['{name?} has a critical extension that is not known: {oid}', '{name?} に未知のクリティカル拡張があります：{oid}'],
  ['{name?} is a certificate authority', '{name?} が認証局です'],
  ['{name?} is no certificate authority', '{name?} が認証局ではありません'],
  ['{name?} allows no certificate authority below it', '{name?} は、下位の認証局を許容していません'],
  ['{name?} has no key usage that lets it sign certificates', '{name?} の鍵用途に、証明書への署名が含まれていません'],
  ['the {name?} has a key of another kind', '{name?} の鍵の種別が違います'],
  [
    'the {name?} is signed with an algorithm that AMD does not use',
    '{name?} の署名アルゴリズムが、AMD の用いるものではありません',
  ],
  [
    'RSASSA-PSS with SHA-384, MGF1 with SHA-384 and 48 bytes of salt',
    'SHA-384 の RSASSA-PSS（MGF1 も SHA-384、ソルト 48 バイト）',
  ],
  [
    'the signature of the {name?} does not verify with the key of the {name2?}: it is forged or damaged',
    '{name?} の署名を {name2?} の鍵で検証できません。偽造されたか、破損しています',
  ],
  ['the key of the ARK is that of {name}', 'ARK の鍵は {name} の鍵です'],
  [
    'the key of the ARK is none of the trusted root keys, whatever its name says',
    'ARK の鍵が、その名前にかかわらず、信頼するルート鍵ではありません',
  ],
  [
    'use certificates from AMD; to accept an example or test root, name it as an emulated trust anchor',
    'AMD の証明書を使ってください。サンプルやテスト用のルートを受け入れる場合は、エミュレーション用のトラストアンカーに指定してください',
  ],
  ['{name?} is valid from {moment} only', '{name?} の有効期間は {moment} からで、まだ始まっていません'],
  ['{name?} expired at {moment}', '{name?} の有効期間が {moment} に終わっています'],
  ['there is no leaf', 'リーフがありません'],
  [
    'the report says that a {name} signed it, and the leaf is none',
    'レポートは {name} が署名したと示していますが、リーフはその証明書ではありません',
  ],
  [
    'the {leaf} was issued by an {issuer}, which must not issue it',
    '{leaf} の発行者が {issuer} で、発行してはならないものです',
  ],
  ['the VLEK names a chip, as only a VCEK does', 'VLEK がチップを示しています。チップを示すのは VCEK だけです'],
  [
    'the VCEK names a cloud provider, as only a VLEK does',
    'VCEK がクラウド事業者を示しています。事業者を示すのは VLEK だけです',
  ],
  [
    'pass the certificate of the key that signed the report: KEY_INFO says which',
    'レポートに署名した鍵の証明書を指定してください。どの鍵かは KEY_INFO が示しています',
  ],
  ["AMD keeps its signing keys and the chip's seed secret", 'AMD が、署名鍵とチップのシード秘密を守っている'],
  ['the chain rests on ARK-{product}', 'チェーンが ARK-{product} に依拠しています'],
  [
    'SEV-SNP does not protect the freshness of memory against hardware',
    'SEV-SNP は、ハードウェアによる攻撃に対してメモリの新しさを保護しません',
  ],
  [
    'nobody with physical access reads or replays memory on its bus',
    '物理的に触れられる人が、バス上のメモリの読み取りや再送をしていない',
  ],
  ['AMD has not revoked the ASK or ASVK', 'AMD が ASK または ASVK を失効させていない'],
  ['no revocation list was looked at', '失効リストを確認していません'],
  [
    'the guest does not leak through changes of its ciphertext, which the host can read',
    '暗号文の変化はホストから見えるが、ゲストはそこから情報を漏らさない',
  ],
  ['ciphertext hiding is off in PLATFORM_INFO', 'PLATFORM_INFO で、暗号文の秘匿が無効です'],
  ['no sibling thread spies on the guest', '隣のスレッドがゲストを盗み見ていない'],
  ['the policy allows SMT, and it is on', 'ポリシーが SMT を許容し、SMT が有効です'],
  ['no memory module lies about its size (AMD-SB-3015)', '容量を偽るメモリモジュールがない（AMD-SB-3015）'],
  ['ALIAS_CHECK_COMPLETE is clear in PLATFORM_INFO', 'PLATFORM_INFO の ALIAS_CHECK_COMPLETE が 0 です'],
  ['the migration agent keeps the guest secret', 'マイグレーションエージェントが、ゲストの秘密を守る'],
  ['the policy allows a migration agent', 'ポリシーがマイグレーションエージェントを許容しています'],
  [
    'the code at more privileged levels of the guest, which the measurement covers, is honest',
    'ゲストの、より高い特権レベルにあるコード（測定値に含まれる）が誠実である',
  ],
  ['VMPL is {vmpl@}', 'VMPL が {vmpl@} です'],
  [
    'the cloud provider loads its VLEK into genuine, well-kept machines only',
    'クラウド事業者が、適切に管理された本物のマシンだけに VLEK を置いている',
  ],
  ['a VLEK signed: no chip is named', 'VLEK による署名のため、チップが示されていません'],
  [
    'current firmware or TCB is above the committed one: the host can still roll back',
    '現在のファームウェアまたは TCB が、確定したものより新しくなっています。ホストはまだ元に戻せます',
  ],
  ['the host reports an older TCB than it has committed to', 'ホストが、確定したものより古い TCB を報告しています'],
  [
    'the chip id is zero, as providers that use a VLEK have it',
    'チップ ID が 0 です。VLEK を使う事業者では普通のことです',
  ],
  ['the chip id is masked', 'チップ ID がマスクされています'],
  ['MASK_CHIP_KEY is set', 'MASK_CHIP_KEY が設定されています'],
  ['PLATFORM_INFO has bits without a name: {unknown}', 'PLATFORM_INFO に名前のないビットがあります：{unknown}'],
  [
    'version 4 is not publicly described and was read like version 3',
    'バージョン 4 は仕様が公開されていないため、バージョン 3 として読み取りました',
  ],
  ['{name} is not zero; it is signed', '{name} が 0 ではありません（署名の対象です）'],
  [
    'bytes behind the signature are not zero; nobody signed them and nothing reads them',
    '署名の後ろに 0 ではないバイト列があります。誰も署名しておらず、読み取ってもいません',
  ],
  ['the revocation list is missing', '失効リストがありません'],
  [
    'the revocation list is missing: a revoked ASK or ASVK would pass (AMD has revoked one)',
    '失効リストがありません。失効した ASK または ASVK でも合格してしまいます（AMD は実際に失効させたことがあります）',
  ],
  ['the revocation list cannot be read: {fault}', '失効リストを読み取れません：{fault}'],
  [
    'the revocation list is of another issuer: it says nothing about this chain',
    '別の発行者の失効リストです。このチェーンについては何も示しません',
  ],
  [
    'the revocation list is of an authority that must not sign lists',
    '失効リストの認証局の鍵用途に、リストへの署名が含まれていません',
  ],
  [
    'the revocation list has a critical extension that is not known: {oid}',
    '失効リストに未知のクリティカル拡張があります：{oid}',
  ],
  [
    'the signature of the revocation list does not verify with the key of the ARK: it is forged or damaged',
    '失効リストの署名を ARK の鍵で検証できません。偽造されたか、破損しています',
  ],
  [
    'the revocation list is of {moment}, later than the time of judging',
    '失効リストは {moment} のもので、検証時刻より後です',
  ],
  [
    'use the list that was current then, or judge at a later time',
    'その時点で有効だったリストを使うか、より後の時刻で検証してください',
  ],
  ['the revocation list does not say until when it is current', '失効リストに、いつまで有効かが記載されていません'],
  [
    'the revocation list is stale: the next one came by {moment}',
    '失効リストが古くなっています。{moment} までに次のリストが出ています',
  ],
  [
    'the {name?} with serial 0x{serial} is revoked by AMD',
    'シリアル番号 0x{serial} の {name?} を、AMD が失効させています',
  ],
  [
    'fetch the current chain from AMD, and a leaf that it issued',
    '現在のチェーンと、そこから発行されたリーフを AMD から取得してください',
  ],
  [
    'pass the ID block and authentication that the guest was launched with, or launch it with these',
    'ゲストの起動に使った ID ブロックと認証情報を指定するか、指定したもので起動し直してください',
  ],
  [
    'the ID block or its authentication cannot be read: {fault?}',
    'ID ブロックまたはその認証情報を読み取れません：{fault?}',
  ],
  ['no ID block was given', 'ID ブロックの指定はありません'],
  ['{wrong} of the report is not that of the ID block', 'レポートの {wrong} が ID ブロックのものと一致しません'],
  [
    'ID_KEY_DIGEST of the report is not the digest of this ID key',
    'レポートの ID_KEY_DIGEST が、この ID 鍵のダイジェストではありません',
  ],
  [
    'AUTHOR_KEY_DIGEST of the report is not the digest of this author key',
    'レポートの AUTHOR_KEY_DIGEST が、この作成者鍵のダイジェストではありません',
  ],
  [
    'AUTHOR_KEY_EN of the report is {authorKeyEn}, against the ID authentication',
    'レポートの AUTHOR_KEY_EN が {authorKeyEn} で、ID 認証情報と食い違っています',
  ],
  ['the ID key did not sign this ID block', 'この ID ブロックに、ID 鍵の署名がありません'],
  ['there is no author key', '作成者鍵がありません'],
  ['the author key did not sign this ID key', 'この ID 鍵に、作成者鍵の署名がありません'],
  ['fetch {url@}', '{url@} を取得してください'],
  ['fetch from the emulated key service {path@}', 'エミュレーションの鍵サービスから {path@} を取得してください'],
  [
    'fetch from the emulated key service, or {kds@} where it is none, {path@}',
    'エミュレーションの鍵サービスから（エミュレーションでない場合は {kds@} から）{path@} を取得してください',
  ],
  [
    'fetch from the emulated key service {path@}, and for the leaf: {leaf~}',
    'エミュレーションの鍵サービスから {path@} を取得してください。リーフについては、{leaf~}',
  ],
  [
    'fetch from the emulated key service, or {kds@} where it is none, {path@}, and for the leaf: {leaf~}',
    'エミュレーションの鍵サービスから（エミュレーションでない場合は {kds@} から）{path@} を取得してください。リーフについては、{leaf~}',
  ],
  [
    'pass the {role} from the certificate table that the host gives the guest (auxblob)',
    'ホストがゲストに渡す証明書テーブル（auxblob）にある {role} を指定してください',
  ],
  ['fetch {chain}, and for the leaf: {leaf~}', '{chain} を取得してください。リーフについては、{leaf~}'],
  [
    'the guest policy has bit 17 clear, or bits above 25 set that may permit what weakens the guest',
    'ゲストポリシーのビット 17 が 0 であるか、25 より上のビットが設定されています。ゲストの保護を弱めるものかもしれません',
  ],
  [
    'launch the guest with bit 17 set and bits 26 to 63 clear; newer bits need a newer verifier',
    'ビット 17 を 1、ビット 26～63 を 0 にしてゲストを起動してください。新しいビットには、新しい検証器が必要です',
  ],
  [
    'reports of version 2 have no CPUID fields: the certificate names the product',
    'バージョン 2 のレポートには CPUID のフィールドがありません。製品は証明書が示します',
  ],
  ['family 0x{family}, model 0x{model}', 'ファミリー 0x{family}、モデル 0x{model}'],
  ['the processor is of the {product} generation', 'プロセッサーは {product} 世代です'],
  [
    'the processor is of a generation that is not known: how its TCB is laid out would be a guess',
    'プロセッサーの世代が未知です。TCB の構成は推測になってしまいます',
  ],
  ['use a verifier that knows this processor', 'このプロセッサーに対応した検証器を使ってください'],
  ['Milan, Genoa (with Bergamo and Siena) or Turin', 'Milan、Genoa（Bergamo と Siena を含む）、Turin のいずれか'],
  [
    'the report says that no key signed it: whatever stands in its signature field, firmware did not vouch for it',
    'レポートは、どの鍵でも署名されていないと示しています。署名フィールドに何があっても、ファームウェアの保証はありません',
  ],
  [
    'provision a VCEK or VLEK (SNP_CONFIG, SNP_VLEK_LOAD), then ask for a new report',
    'VCEK または VLEK を用意（SNP_CONFIG、SNP_VLEK_LOAD）してから、新しいレポートを要求してください',
  ],
  ['the report names its signing key: {signingKey}', 'レポートが署名鍵を示しています：{signingKey}'],
  ['the report names a kind of signing key that does not exist', 'レポートが示す署名鍵の種別は、存在しないものです'],
  ['vcek or vlek', 'vcek または vlek'],
  ['an extension of the leaf cannot be read: {fault?}', 'リーフの拡張を読み取れません：{fault?}'],
  [
    'the leaf lacks {missing}: what it endorses cannot be compared with the report',
    'リーフに {missing} がありません。リーフが保証する内容をレポートと照合できません',
  ],
  ['all name {product}', 'すべて {product} を示しています'],
  ['report and certificates are of different products', 'レポートと証明書の製品が一致しません'],
  [
    'CPUID of the report: {cpuid?}; productName of the leaf: {leaf?}; issuer of the leaf: {issuer?}; ARK: {ark?}',
    'レポートの CPUID：{cpuid?}、リーフの productName：{leaf?}、リーフの発行者：{issuer?}、ARK：{ark?}',
  ],
  [
    'the leaf has structVersion {found}, and certificates for {product} have {expected}',
    'リーフの structVersion は {found} ですが、{product} の証明書では {expected} です',
  ],
  [
    'the signature over bytes 0 to 0x29F verifies with the key of the leaf',
    'バイト 0～0x29F に対する署名を、リーフの鍵で検証できました',
  ],
  ['the key of the leaf cannot have signed the report', 'リーフの鍵は、レポートに署名できるものではありません'],
  [
    'the signature is none: R and S must be 1 to n-1, and zero above 48 bytes',
    '署名として成り立っていません。R と S は 1～n-1 で、48 バイトより上は 0 でなければなりません',
  ],
  [
    'the signature is none: R and S must be 1 to n-1, and zero above 48 bytes (MASK_CHIP_KEY is set: the host switched the chip key off)',
    '署名として成り立っていません。R と S は 1～n-1 で、48 バイトより上は 0 でなければなりません（MASK_CHIP_KEY が設定され、ホストがチップの鍵を無効にしています）',
  ],
  [
    'the signature does not verify with the key of the leaf: the report was changed, or another key signed it',
    'リーフの鍵で署名を検証できません。レポートが改変されたか、別の鍵で署名されています',
  ],
  [
    'the signature does not verify with the key of the leaf: the report was changed, or another key signed it (MASK_CHIP_KEY is set: the host switched the chip key off)',
    'リーフの鍵で署名を検証できません。レポートが改変されたか、別の鍵で署名されています（MASK_CHIP_KEY が設定され、ホストがチップの鍵を無効にしています）',
  ],
]
