import type { Check, EvidenceError } from '@sekisho/evidence'

/** Names of refusals in the vectors, by our check; the TEE's prefix is left out. */
const REASONS: Readonly<Record<string, string>> = {
  'quote.qe-vendor': 'qe-vendor-unknown',
  'pck.present': 'pck-certificate-missing',
  ...chainReasons('pck', 'pck-chain-invalid'),
  'pck.extensions': 'pck-chain-invalid',
  'pck.root': 'pck-chain-untrusted',
  'pck.validity': 'pck-chain-expired',
  'crl.root.present': 'root-crl-invalid',
  'crl.root.issuer': 'root-crl-invalid',
  'crl.root.extensions': 'root-crl-invalid',
  'crl.root.signature': 'root-crl-invalid',
  'crl.root.issued': 'root-crl-not-yet-valid',
  'crl.root.current': 'root-crl-expired',
  'crl.pck.present': 'pck-crl-invalid',
  'crl.pck.issuer': 'pck-crl-invalid',
  'crl.pck.extensions': 'pck-crl-invalid',
  'crl.pck.signature': 'pck-crl-invalid',
  'crl.pck.issued': 'pck-crl-not-yet-valid',
  'crl.pck.current': 'pck-crl-expired',
  ...chainReasons('crl.pck-issuer', 'pck-crl-invalid'),
  'crl.pck-issuer.root': 'pck-crl-invalid',
  'crl.pck-issuer.validity': 'pck-crl-expired',
  'pck.ca-revocation': 'intermediate-revoked',
  'pck.revocation': 'pck-revoked',
  ...documentReasons('tcb-info'),
  'tcb-info.kind': 'tcb-info-mismatch',
  'tcb-info.fmspc': 'fmspc-mismatch',
  'tcb-info.pceid': 'pceid-mismatch',
  ...documentReasons('qe-identity'),
  'qe-identity.kind': 'qe-identity-mismatch',
  'module.identity': 'tdx-module-mismatch',
  'qe.report-signature': 'qe-report-signature-invalid',
  'qe.report-data': 'qe-report-data-mismatch',
  'qe.identity': 'qe-identity-mismatch',
  'quote.signature': 'quote-signature-invalid',
  'tcb.level': 'tcb-level-not-found',
  'tcb.not-revoked': 'tcb-revoked',
}

function chainReasons(id: string, reason: string): Readonly<Record<string, string>> {
  const checks = ['certificates', 'issuers', 'keys', 'critical-extensions', 'chain']
  return Object.fromEntries(checks.map((name) => [`${id}.${name}`, reason]))
}

function documentReasons(name: string): Readonly<Record<string, string>> {
  return {
    [`${name}.present`]: `${name}-invalid`,
    ...chainReasons(`${name}.signer`, `${name}-chain-invalid`),
    [`${name}.signer.root`]: `${name}-chain-untrusted`,
    [`${name}.signer.validity`]: `${name}-chain-expired`,
    [`${name}.signer.revocation`]: 'tcb-signing-revoked',
    [`${name}.signature`]: `${name}-signature-invalid`,
    [`${name}.issued`]: `${name}-not-yet-valid`,
    [`${name}.current`]: `${name}-expired`,
  }
}

/** The reason that a check stands for, in the words of the vectors; the check's own id where they have none. */
export function reasonOfCheck({ id }: Check): string {
  return REASONS[id.slice(id.indexOf('.') + 1)] ?? id
}

/** The reason for evidence that cannot be read. */
export function reasonOfError(error: EvidenceError): string {
  if (error.field === 'header.attestationKeyType') return 'attestation-key-type-unsupported'
  if (error.field === 'certificationData.type') return 'certification-data-unsupported'
  return 'quote-format-invalid'
}

/** Reasons for a default policy to refuse, by the appraisal check that fails. */
export const POLICY_REASONS: Readonly<Record<string, string>> = {
  'sgx.enclave.debug': 'debug',
  'tdx.td.debug': 'debug',
  'tdx.td.sept-ve-disable': 'sept-ve-disable-off',
  'tdx.td.service-td': 'service-td-bound',
  'tdx.td.tud': 'td-attributes-tud-nonzero',
}

/**
 * Answers of Intel's own library, by our TCB status or reason. It has a word for each certificate and for each way in
 * which one can be wrong, where we have one for a chain: any of those that fit the reason will do.
 */
export const QVL_STATUSES: Readonly<Record<string, readonly string[]>> = {
  UpToDate: ['OK'],
  SWHardeningNeeded: ['TCB_SW_HARDENING_NEEDED'],
  ConfigurationNeeded: ['TCB_CONFIGURATION_NEEDED'],
  ConfigurationAndSWHardeningNeeded: ['TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED'],
  OutOfDate: ['TCB_OUT_OF_DATE'],
  OutOfDateConfigurationNeeded: ['TCB_OUT_OF_DATE_CONFIGURATION_NEEDED'],
  TDRelaunchAdvised: ['TCB_TD_RELAUNCH_ADVISED'],
  TDRelaunchAdvisedConfigurationNeeded: ['TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED'],
  'tcb-revoked': ['TCB_REVOKED'],
  'tcb-level-not-found': ['TCB_NOT_SUPPORTED'],
  'tdx-module-mismatch': ['TDX_MODULE_MISMATCH', 'TCB_INFO_MISMATCH'],
  'quote-format-invalid': ['UNSUPPORTED_QUOTE_FORMAT', 'INVALID_QE_CERTIFICATION_DATA_SIZE'],
  'attestation-key-type-unsupported': ['UNSUPPORTED_QUOTE_FORMAT'],
  'qe-vendor-unknown': ['UNSUPPORTED_QUOTE_FORMAT'],
  'certification-data-unsupported': ['UNSUPPORTED_QUOTE_FORMAT', 'UNSUPPORTED_QE_CERTIFICATION_DATA_TYPE'],
  'quote-signature-invalid': ['INVALID_QUOTE_SIGNATURE', 'UNSUPPORTED_QUOTE_FORMAT'],
  'qe-report-signature-invalid': ['INVALID_QE_REPORT_SIGNATURE'],
  'qe-report-data-mismatch': ['INVALID_QE_REPORT_DATA'],
  'pck-certificate-missing': ['SGX_PCK_MISSING', 'UNSUPPORTED_PCK_CERT_FORMAT', 'UNSUPPORTED_CERT_FORMAT'],
  'pck-chain-invalid': [
    ...['SGX_INTERMEDIATE_CA_INVALID_ISSUER', 'UNSUPPORTED_CERT_FORMAT', 'UNSUPPORTED_PCK_CERT_FORMAT'],
    ...['SGX_ROOT_CA_MISSING', 'SGX_ROOT_CA_INVALID', 'SGX_ROOT_CA_INVALID_EXTENSIONS', 'SGX_ROOT_CA_INVALID_ISSUER'],
    ...['SGX_INTERMEDIATE_CA_MISSING', 'SGX_INTERMEDIATE_CA_INVALID', 'SGX_INTERMEDIATE_CA_INVALID_EXTENSIONS'],
    ...[
      'SGX_PCK_MISSING',
      'SGX_PCK_INVALID',
      'SGX_PCK_INVALID_EXTENSIONS',
      'SGX_PCK_INVALID_ISSUER',
      'INVALID_PCK_CERT',
    ],
  ],
  'pck-chain-untrusted': ['SGX_PCK_CERT_CHAIN_UNTRUSTED', 'SGX_ROOT_CA_UNTRUSTED'],
  'pck-chain-expired': ['SGX_PCK_CERT_CHAIN_EXPIRED'],
  'intermediate-revoked': ['SGX_INTERMEDIATE_CA_REVOKED'],
  'pck-revoked': ['SGX_PCK_REVOKED', 'PCK_REVOKED'],
  'tcb-signing-revoked': ['SGX_TCB_SIGNING_CERT_REVOKED'],
  ...crlStatuses('root'),
  ...crlStatuses('pck'),
  ...documentStatuses('tcb-info', 'SGX_TCB_INFO', 'TCB_INFO'),
  ...documentStatuses('qe-identity', 'SGX_ENCLAVE_IDENTITY', 'QE_IDENTITY'),
  'tcb-info-mismatch': ['TCB_INFO_MISMATCH', 'UNSUPPORTED_TCB_INFO_FORMAT'],
  'fmspc-mismatch': ['TCB_INFO_MISMATCH'],
  'pceid-mismatch': ['TCB_INFO_MISMATCH'],
  'qe-identity-mismatch': ['QE_IDENTITY_MISMATCH', 'UNSUPPORTED_QE_IDENTITY_FORMAT'],
}

function crlStatuses(list: 'root' | 'pck'): Readonly<Record<string, readonly string[]>> {
  const wrong = ['UNKNOWN_ISSUER', 'INVALID', 'INVALID_EXTENSIONS', 'INVALID_SIGNATURE', 'UNSUPPORTED_FORMAT']
  return {
    [`${list}-crl-invalid`]: [...wrong.map((one) => `SGX_CRL_${one}`), 'INVALID_PCK_CRL', 'UNSUPPORTED_PCK_RL_FORMAT'],
    [`${list}-crl-expired`]: ['SGX_CRL_EXPIRED'],
  }
}

function documentStatuses(name: string, ...words: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const signer = ['MISSING', 'INVALID', 'INVALID_EXTENSIONS', 'INVALID_ISSUER']
  return {
    [`${name}-invalid`]: words.flatMap((word) => [
      `${word}_INVALID`,
      `${word}_UNSUPPORTED_FORMAT`,
      `UNSUPPORTED_${word}_FORMAT`,
    ]),
    [`${name}-signature-invalid`]: words.map((word) => `${word}_INVALID_SIGNATURE`),
    [`${name}-chain-invalid`]: signer.map((one) => `SGX_TCB_SIGNING_CERT_${one}`),
    [`${name}-chain-untrusted`]: ['SGX_TCB_SIGNING_CERT_CHAIN_UNTRUSTED'],
    [`${name}-chain-expired`]: ['SGX_SIGNING_CERT_CHAIN_EXPIRED'],
    [`${name}-expired`]: words.map((word) => `${word}_EXPIRED`),
  }
}
