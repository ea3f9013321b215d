import { type AlgorithmProfile, STRICT } from './algorithms.ts'
import { isPssSha384, rsaKeyOf } from './rsa.ts'

/** What AMD's endorsements use, and nothing else: the strict ECDSA schemes, and RSASSA-PSS with SHA-384. */
export const AMD: AlgorithmProfile = { ...STRICT, rsaKey: rsaKeyOf, isPss: isPssSha384 }
