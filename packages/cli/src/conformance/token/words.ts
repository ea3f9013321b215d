import type { ReasonWords } from '../ruling.ts'

/** What cases call the refusals of tokens. A case that suggests `signature` for an algorithm that its issuer never uses means the same refusal. */
export const TOKEN_WORDS: ReasonWords = {
  'token.alg': ['alg-not-allowed', 'signature'],
  'token.kid': ['kid-missing', 'kid-not-a-string'],
  'token.key.known': ['key-not-found'],
  'token.key.trusted': ['chain-root'],
  'token.chain.path': ['chain-incomplete'],
  'token.chain.dates': ['expired'],
  'token.signature': ['signature'],
  'token.submodules.digest': ['submodule-digest'],
  'token.issuer': ['issuer'],
  'token.mandatory': ['mandatory-claims-missing'],
  'token.time.end': ['expired'],
  'token.time.start': ['not-yet-valid'],
  'token.expect.audience': ['audience'],
  'token.expect.freshness': ['nonce', 'nonce-mismatch'],
  malformed: ['malformed'],
}
