/** Titles that CCA and PSA have in common, in Japanese. */
export const common: Readonly<Record<string, string>> = {
  key: '検証鍵',
  'endorsements.well-formed': 'エンドースメントを読み取れる',
  'key.present': 'デバイスの検証鍵がある',
  'key.valid': '鍵が曲線上の点である',
  'key.trusted': '鍵を信頼している',
  hardware: '鍵の背後にハードウェアがある',
  'expect.product': '実装が許容値である',
  'expect.hardware-id': 'デバイスが許容値である',
  'expect.freshness': 'この通信のために作られたトークンである',
}
