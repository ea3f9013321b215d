import type { Check, EvidenceError } from '@sekisho/evidence'

/** Names of refusals in the vectors, by our check; the TEE's prefix is left out. */
const REASONS: Readonly<Record<string, string>> = {
  'quote.qe-vendor': 'qe-vendor-unknown',
  'pck.present': 'pck-certificate-missing',
  'pck.certificates': 'pck-chain-invalid',
  'pck.chain': 'pck-chain-invalid',
  'pck.extensions': 'pck-chain-invalid',
  'pck.root': 'pck-chain-untrusted',
  'pck.validity': 'pck-chain-expired',
  'crl.root.present': 'root-crl-invalid',
  'crl.root.signature': 'root-crl-invalid',
  'crl.root.issued': 'root-crl-not-yet-valid',
  'crl.root.current': 'root-crl-expired',
  'crl.pck.present': 'pck-crl-invalid',
  'crl.pck.signature': 'pck-crl-invalid',
  'crl.pck.issued': 'pck-crl-not-yet-valid',
  'crl.pck.current': 'pck-crl-expired',
  'crl.pck-issuer.certificates': 'pck-crl-invalid',
  'crl.pck-issuer.chain': 'pck-crl-invalid',
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

function documentReasons(name: string): Readonly<Record<string, string>> {
  return {
    [`${name}.present`]: `${name}-invalid`,
    [`${name}.signer.certificates`]: `${name}-chain-invalid`,
    [`${name}.signer.chain`]: `${name}-chain-invalid`,
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

/** Answers of Intel's own library, by our TCB status or reason. */
export const QVL_STATUSES: Readonly<Record<string, string>> = {
  UpToDate: 'STATUS_OK',
  SWHardeningNeeded: 'STATUS_TCB_SW_HARDENING_NEEDED',
  ConfigurationNeeded: 'STATUS_TCB_CONFIGURATION_NEEDED',
  ConfigurationAndSWHardeningNeeded: 'STATUS_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED',
  OutOfDate: 'STATUS_TCB_OUT_OF_DATE',
  OutOfDateConfigurationNeeded: 'STATUS_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED',
  TDRelaunchAdvised: 'STATUS_TCB_TD_RELAUNCH_ADVISED',
  TDRelaunchAdvisedConfigurationNeeded: 'STATUS_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED',
  'tcb-revoked': 'STATUS_TCB_REVOKED',
  'tcb-level-not-found': 'STATUS_TCB_NOT_SUPPORTED',
  'tdx-module-mismatch': 'STATUS_TDX_MODULE_MISMATCH',
  'quote-signature-invalid': 'STATUS_INVALID_QUOTE_SIGNATURE',
  'pck-chain-invalid': 'STATUS_SGX_INTERMEDIATE_CA_INVALID_ISSUER',
}
