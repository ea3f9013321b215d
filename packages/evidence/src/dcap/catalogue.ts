const CHAIN = {
  certificates: 'has the certificates of its profile',
  issuers: 'has each certificate issued by the next',
  keys: 'has keys on P-256 alone',
  'critical-extensions': 'has no critical extension that is not known',
  chain: 'is signed link by link',
  root: 'ends at a trusted root key',
  validity: 'is valid at the time of the verification',
} as const

function chainTitles(id: string, what: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(CHAIN).map(([name, words]) => [`${id}.${name}`, `The ${what} ${words}`]))
}

function crlTitles(id: string, what: string): Readonly<Record<string, string>> {
  return {
    [`${id}.present`]: `There is a ${what}`,
    [`${id}.issuer`]: `The ${what} is one of the CA it speaks for`,
    [`${id}.extensions`]: `The ${what} has no critical extension that is not known`,
    [`${id}.signature`]: `The ${what} is signed by the CA it speaks for`,
    [`${id}.issued`]: `The ${what} has been issued`,
    [`${id}.current`]: `The ${what} is current`,
  }
}

function documentTitles(id: string, what: string): Readonly<Record<string, string>> {
  return {
    [id]: what,
    [`${id}.present`]: `There is a ${what}`,
    ...chainTitles(`${id}.signer`, `${what} issuer chain`),
    [`${id}.signer.revocation`]: `The TCB Signing certificate of the ${what} is not revoked`,
    [`${id}.signature`]: `The ${what} is signed by the TCB Signing key, over its exact text`,
    [`${id}.issued`]: `The ${what} has been issued`,
    [`${id}.current`]: `The ${what} is current`,
    [`${id}.kind`]: `The ${what} is for this kind of quote`,
  }
}

const COMMON: Readonly<Record<string, string>> = {
  quote: 'Quote',
  'quote.qe-vendor': "The quote names Intel's Quoting Enclave",
  pck: 'Platform certificate',
  'pck.present': 'There is a PCK certificate chain',
  ...chainTitles('pck', 'PCK chain'),
  'pck.extensions': 'The PCK certificate says which platform it belongs to',
  crl: 'Revocation',
  ...crlTitles('crl.root', 'root CA CRL'),
  ...crlTitles('crl.pck', 'PCK CRL'),
  ...chainTitles('crl.pck-issuer', 'PCK CRL issuer chain'),
  'pck.ca-revocation': 'The PCK CA is not revoked',
  'pck.revocation': 'The PCK certificate is not revoked',
  ...documentTitles('tcb-info', 'TCB info'),
  'tcb-info.fmspc': "The TCB info is for the platform's FMSPC",
  'tcb-info.pceid': "The TCB info is for the platform's PCE id",
  ...documentTitles('qe-identity', 'QE identity'),
  qe: 'Quoting Enclave and quote signature',
  'qe.report-signature': "The Quoting Enclave's report is signed by the platform's key",
  'qe.report-data': "The Quoting Enclave's report names the attestation key",
  'qe.identity': "The Quoting Enclave is Intel's: MISCSELECT, ATTRIBUTES, MRSIGNER and ISVPRODID",
  'quote.signature': 'The quote is signed by the attestation key',
  tcb: 'State of the trusted computing base',
  'tcb.level': 'Platform, Quoting Enclave and TDX module match a TCB level',
  'tcb.not-revoked': 'Intel still vouches for the matched TCB levels',
  'tcb.status': 'The TCB is up to date, or you accept its state',
  'tcb.evaluation-number': 'The TCB was judged by recent enough rules',
  platform: 'Platform',
  'platform.hardware': "The root is a hardware vendor's",
  'platform.product': 'The platform is of a family you accept',
  'platform.id': 'The platform is one you know',
  'platform.smt': 'Simultaneous multithreading is as you wish',
  'platform.dynamic': 'Dynamic platform is as you wish',
  'platform.cached-keys': 'Caching of platform keys is as you wish',
  'platform.sgx-type': 'The memory protection is of a type you accept',
  expect: 'What you expect',
  'expect.report-data': 'The report data is what you expect',
  'expect.freshness': 'The evidence was made for this exchange',
}

/**
 * What each check of an SGX or TDX verdict establishes when it passes, and what each group is about, by
 * id. Apart from the verification, which does not need it: for whoever shows verdicts to people.
 */
export function dcapCatalogue(
  tee: 'sgx' | 'tdx',
  own: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries({ ...COMMON, ...own }).map(([id, title]) => [`${tee}.${id}`, title]))
}
