import type { TrustCategory } from '../model.ts'

/** One family of checks, by the end of their ids, that speaks about one category. */
interface Rule {
  readonly category: TrustCategory
  /** Matched against the id without the TEE's prefix. */
  readonly ids: RegExp
  /** Claim when a check fails. */
  readonly failed: number
  /** Claim when a check was relevant and not made; absent where that makes no statement. */
  readonly unmade?: number
}

/**
 * Which appraisal checks speak about which category, the first rule that fits. The numbers are those of
 * AR4SI, section 2.3.4; appraisal checks of no rule here still lower the status through the verdict's outcome.
 */
const RULES: readonly Rule[] = [
  {
    category: 'instance-identity',
    ids: /^(?:expect\.(?:hardware-id|ueid|chip-id|instance|vm-id|provider)|platform\.id)$/,
    failed: 97,
  },
  {
    category: 'hardware',
    ids: /^(?:tcb\.(?:status|evaluation-number)|tcb|expect\.(?:min-tcb|min-firmware|mitigations|firmware)|td\.tee-tcb-svn)$/,
    failed: 32,
    unmade: 32,
  },
  {
    category: 'hardware',
    ids: /^(?:tcb\.not-revoked|hardware|platform\.(?:hardware|product|sgx-type)|expect\.product|accept\.hardware|node\.genuine)$/,
    failed: 96,
    unmade: 97,
  },
  {
    category: 'executables',
    ids: /^(?:expect\.(?:measurement|signer|svn|product-id|extended-product-id|family-id|image-id|id-key|author-key|seam|driver|vbios|rtmr\d|rem\d|pcrs|runtime-pcrs|base-pcrs|open-pcrs|secret-store)|pcr\.digest|event-log\..+|log\..+|reference\.components|id-block\..+|module\..+|measurements\..+|image-key|results)$/,
    failed: 96,
    unmade: 33,
  },
  {
    category: 'configuration',
    ids: /^(?:debug|submodules\.debug|enclave\..+|td\..+|platform\..+|lifecycle|migration|guest-requested|guest|policy\..+|reference\.configuration|mode\.fields|expect\.(?:vmpl|host-data|owner|owner-config|policy|platform-info|config-svn|configuration|secure-boot|vbs|hvci|elam|no-debugging|mode|client-id|selection))$/,
    failed: 96,
    unmade: 36,
  },
]

/** The rule for a check, by its id with the TEE's prefix. */
export function ruleFor(id: string): Rule | undefined {
  const rest = id.slice(id.indexOf('.') + 1)
  return RULES.find(({ ids }) => ids.test(rest))
}

/** Checks that pin what was launched: without one of them nothing is known of the code. */
export const LAUNCH_CHECKS: RegExp =
  /\.(?:expect\.(?:measurement|signer|pcrs|driver|vbios)|measurements\.match|measurement|accept\.hardware)$/

/** Registers that the guest extends; matching them as well covers run time. */
export const RUNTIME_CHECKS: RegExp = /\.expect\.(?:rtmr\d|rem\d|runtime-pcrs|open-pcrs)$/

/** A failed check of authenticity and what it means for the hardware, the first that fits. */
export const REFUTATIONS: readonly (readonly [ids: RegExp, claim: number])[] = [
  [/revok|revocation|ocsp\.status/, 96],
  [/pinned|\.root$|key\.trusted|ak\.trust|chain\.path/, 97],
  [/signature|signed|\.mac$|binding|\.digest$|report-data|request\.tag|measurement$|well-formed|magic|\.alg$/, 99],
]

/** Checks of authenticity that ask whether a genuine part was revoked, or is in date. */
export const CURRENCY_CHECKS: RegExp = /crl|ocsp|revok|revocation|not-after|current$|validity|dates$/
