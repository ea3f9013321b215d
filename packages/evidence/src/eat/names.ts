/** JSON names of claims in CWTs and EATs, by key. @see RFC 8392, section 4; RFC 9711, section 4 and 10.2 */
export const EAT_NAMES: ReadonlyMap<number, string> = new Map([
  [1, 'iss'],
  [2, 'sub'],
  [3, 'aud'],
  [4, 'exp'],
  [5, 'nbf'],
  [6, 'iat'],
  [7, 'cti'],
  [8, 'cnf'],
  [10, 'eat_nonce'],
  [256, 'ueid'],
  [257, 'sueids'],
  [258, 'oemid'],
  [259, 'hwmodel'],
  [260, 'hwversion'],
  [261, 'uptime'],
  [262, 'oemboot'],
  [263, 'dbgstat'],
  [264, 'location'],
  [265, 'eat_profile'],
  [266, 'submods'],
  [267, 'bootcount'],
  [268, 'bootseed'],
  [269, 'dloas'],
  [270, 'swname'],
  [271, 'swversion'],
  [272, 'manifests'],
  [273, 'measurements'],
  [274, 'measres'],
  [275, 'intuse'],
  [1000, 'ear_status'],
  [1001, 'ear_trustworthiness_vector'],
  [1002, 'ear_raw_evidence'],
  [1003, 'ear_appraisal_policy_ids'],
  [1004, 'ear_verifier_id'],
  [1005, 'ear_attester_claims'],
  [1006, 'ear_verifier_claims'],
  [1007, 'ear_device_topology'],
  [65_000, 'ear_teep_claims'],
  [-70_000, 'ear_veraison_annotated_evidence'],
  [-70_001, 'ear_veraison_policy_claims'],
  [-70_002, 'ear_veraison_key_attestation'],
])

/** Categories of the trustworthiness vector, by number. @see draft-ietf-rats-ar4si, section 2.3 */
export const CATEGORIES: readonly string[] = [
  'instance-identity',
  'configuration',
  'executables',
  'file-system',
  'hardware',
  'runtime-opaque',
  'storage-opaque',
  'sourced-data',
]

/** Members of `ear_verifier_id`, by number. */
export const VERIFIER_ID: readonly string[] = ['developer', 'build']

/** States of debugging, by number. @see RFC 9711, section 4.2.9 */
export const DEBUG_STATES: readonly string[] = [
  'enabled',
  'disabled',
  'disabled-since-boot',
  'disabled-permanently',
  'disabled-fully-and-permanently',
]

/** Intended uses, by number from 1. @see RFC 9711, section 4.3.3 */
export const USES: readonly string[] = ['generic', 'registration', 'provisioning', 'csr', 'pop']

/** Results of measurements, by number from 1. @see RFC 9711, section 4.2.17 */
export const RESULTS: readonly string[] = ['success', 'fail', 'not-run', 'absent']
