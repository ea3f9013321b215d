/** Titles of checks and groups of several pieces of evidence in Japanese, by id without `composite.`. */
export const titles: Readonly<Record<string, string>> = {
  parts: '全体としての整合',
  genuine: 'すべての部分が本物である',
  distinct: '同じ部分が重複していない',
  binding: 'すべての部分がひとつの通信に結び付いている',
  freshness: 'この通信のために作られている',
  wrapper: 'ラッパーに、信頼する相手の署名がある',
  accepted: 'すべての部分が期待どおりである',
}
