import {
  basicConstraints,
  createIntelAuthority,
  EVENT,
  filled,
  flipBit,
  generateKey,
  type IntelOptions,
  intelName,
  keyUsage,
  type MadeIntel,
  makeEventLog,
  makeSgx,
  makeTdx,
  pemChain,
  type SgxOptions,
  sharedIntelAuthority,
  type TdxOptions,
} from '@sekisho/emulator/kit'
import type { VerifyOptions } from '../../src/core/options.ts'
import type { Claims, Outcome, Verdict } from '../../src/core/verdict.ts'
import type { DcapCollateralInput } from '../../src/dcap/collateral.ts'
import type { DcapExpectations } from '../../src/dcap/expectations.ts'
import type { SgxExpectations } from '../../src/sgx/expectations.ts'
import type { TdxExpectations } from '../../src/tdx/expectations.ts'
import { type PreparedEventLog, prepareEventLog } from '../../src/tdx/index.ts'
import { judgeSgx, judgeTdx, tdxExpectations } from '../soundness/kit.ts'

/** What a construction changes: how the evidence is made, what comes with it, what is expected. */
export interface Broken<O, E> {
  readonly make?: O
  readonly collateral?: Partial<DcapCollateralInput>
  readonly expect?: E
  readonly options?: Pick<VerifyOptions, 'trustAnchors'>
  readonly eventLog?: PreparedEventLog
  /** Ids, without prefix, of checks that fail beside it, since the same fault is theirs too. */
  readonly also?: readonly string[]
  /** What becomes of the check; default `fail`. */
  readonly outcome?: Outcome
}

/** A construction that breaks one thing, by the id (without prefix) of the check that must notice. */
export type Failures<O, E> = Readonly<Record<string, (other: MadeIntel) => Broken<O, E>>>

const NEVER = new Date('2026-06-10T00:00:00Z')
const LATER = new Date('2026-06-20T00:00:00Z')
const authority = sharedIntelAuthority()
const stranger = createIntelAuthority()
const old = createIntelAuthority({
  keys: { root: authority.root.key, platform: authority.platform.key, tcbSigning: authority.tcbSigning.key },
  certificates: { platform: { notAfter: NEVER }, tcbSigning: { notAfter: NEVER } },
})
const damaged = (der: Uint8Array): Uint8Array => flipBit(der, der.length - 1)
const root = authority.root.der

// What every certificate of the profile has, without the SGX extensions.
const WITHOUT_SGX = [keyUsage('digitalSignature', 'nonRepudiation'), basicConstraints(false)]

const CRITICAL = { oid: '1.2.3.4', critical: true, value: Uint8Array.of(5, 0) }
const KEYS = { root: authority.root.key, platform: authority.platform.key, tcbSigning: authority.tcbSigning.key }
const OTHER = { issuer: intelName('Another Root CA') }

/** Authorities under the same root whose certificates have one fault of form, by the check that tells it. */
const MALFORMED = {
  issuers: createIntelAuthority({ keys: KEYS, certificates: { platform: OTHER, tcbSigning: OTHER } }),
  keys: createIntelAuthority({
    keys: { root: KEYS.root, platform: generateKey('P-384'), tcbSigning: generateKey('P-384') },
  }),
  'critical-extensions': createIntelAuthority({
    keys: KEYS,
    certificates: {
      platform: { extensions: [keyUsage('keyCertSign', 'cRLSign'), basicConstraints(true, 0), CRITICAL] },
      tcbSigning: { extensions: [...WITHOUT_SGX, CRITICAL] },
    },
  }),
} as const

/** Chains of one of those certificates and the root, by the id of the check. */
function formFailures(
  id: string,
  part: 'platform' | 'tcbSigning',
  chain: (...ders: readonly Uint8Array[]) => Broken<IntelOptions, DcapExpectations>,
): Failures<IntelOptions, DcapExpectations> {
  return Object.fromEntries(
    Object.entries(MALFORMED).map(([form, made]) => [`${id}.${form}`, () => chain(made[part].der, root)]),
  )
}

/** A document of the collateral, and everything that may be wrong with it. */
function documentFailures(
  id: 'tcb-info' | 'qe-identity',
  member: 'tcb_info' | 'qe_identity',
  option: 'tcbInfo' | 'qeIdentity',
): Failures<IntelOptions, DcapExpectations> {
  const chain = (...ders: readonly Uint8Array[]): Broken<IntelOptions, DcapExpectations> => ({
    collateral: { [`${member}_issuer_chain`]: pemChain(...ders) },
  })
  const { tcbSigning } = authority
  return {
    [`${id}.present`]: () => ({ collateral: { [member]: '{' } }),
    [`${id}.signer.certificates`]: () => chain(root),
    ...formFailures(`${id}.signer`, 'tcbSigning', chain),
    [`${id}.signer.chain`]: () => chain(damaged(tcbSigning.der), root),
    [`${id}.signer.root`]: () => ({ ...chain(stranger.tcbSigning.der, stranger.root.der), also: [`${id}.signature`] }),
    [`${id}.signer.validity`]: () => chain(old.tcbSigning.der, root),
    [`${id}.signer.revocation`]: () => ({
      make: { rootCrl: { revoked: [{ serial: tcbSigning.serial }] } },
      also: [id === 'tcb-info' ? 'qe-identity.signer.revocation' : 'tcb-info.signer.revocation'],
    }),
    [`${id}.signature`]: () => ({ make: { [`${option}Signing`]: { afterSigning: (text: string) => `${text} ` } } }),
    [`${id}.issued`]: () => ({ make: { [option]: { issueDate: '2026-06-20T00:00:00Z' } } }),
    [`${id}.current`]: () => ({ make: { [option]: { nextUpdate: '2026-06-10T00:00:00Z' } } }),
    [`${id}.kind`]: (other) => ({
      collateral: {
        [member]: other.collateral[member],
        [`${member}_signature`]: other.collateral[`${member}_signature`],
      },
      ...(id === 'qe-identity' ? { also: ['qe.identity'] } : {}),
    }),
  }
}

function crlFailures(which: 'root' | 'pck'): Failures<IntelOptions, DcapExpectations> {
  const option = `${which}Crl`
  return {
    [`crl.${which}.present`]: () => ({ collateral: { [which === 'root' ? 'root_ca_crl' : 'pck_crl']: '3000' } }),
    [`crl.${which}.issuer`]: () => ({ make: { [option]: { issuer: intelName('Another CA') } } }),
    [`crl.${which}.extensions`]: () => ({
      make: { [option]: { extensions: [CRITICAL] } },
    }),
    [`crl.${which}.signature`]: () => ({ make: { [option]: { corrupt: 'signature' } } }),
    [`crl.${which}.issued`]: () => ({ make: { [option]: { thisUpdate: LATER } } }),
    [`crl.${which}.current`]: () => ({ make: { [option]: { nextUpdate: NEVER } } }),
  }
}

const issuerChain = (...ders: readonly Uint8Array[]): Broken<IntelOptions, DcapExpectations> => ({
  collateral: { pck_crl_issuer_chain: pemChain(...ders) },
})

/** Constructions for the checks that SGX and TDX share. */
export const INTEL_FAILURES: Failures<IntelOptions, DcapExpectations> = {
  'quote.qe-vendor': () => ({ make: { quote: { header: { qeVendorId: 'ab'.repeat(16) } } } }),
  'pck.present': () => ({ make: { quote: { certificationType: 1 } }, outcome: 'unchecked' }),
  'pck.certificates': () => ({ make: { pckCertificate: { subject: intelName('Somebody') } } }),
  'pck.issuers': () => ({ make: { pckCertificate: OTHER } }),
  'pck.keys': () => ({
    make: { pckKey: generateKey('P-384'), quote: { qeReportSigner: generateKey('P-256') } },
    also: ['qe.report-signature'],
  }),
  'pck.critical-extensions': () => ({
    make: { authority: MALFORMED['critical-extensions'] },
    also: ['crl.pck-issuer', 'tcb-info.signer', 'qe-identity.signer'].map((id) => `${id}.critical-extensions`),
  }),
  'pck.chain': () => ({ make: { pckCertificate: { corrupt: 'signature' } } }),
  'pck.root': () => ({
    options: { trustAnchors: [stranger.anchor] },
    also: ['crl.pck-issuer.root', 'tcb-info.signer.root', 'qe-identity.signer.root'],
  }),
  'pck.validity': () => ({ make: { pckCertificate: { notAfter: NEVER } } }),
  'pck.extensions': () => ({ make: { pckCertificate: { extensions: WITHOUT_SGX } } }),
  ...crlFailures('root'),
  ...crlFailures('pck'),
  'crl.pck-issuer.certificates': () => issuerChain(root),
  ...formFailures('crl.pck-issuer', 'platform', issuerChain),
  'crl.pck-issuer.chain': () => issuerChain(damaged(authority.platform.der), root),
  'crl.pck-issuer.root': () => issuerChain(stranger.platform.der, stranger.root.der),
  'crl.pck-issuer.validity': () => issuerChain(old.platform.der, root),
  'pck.ca-revocation': () => ({ make: { rootCrl: { revoked: [{ serial: authority.platform.serial }] } } }),
  'pck.revocation': () => ({ make: { pckCertificate: { serial: 5 }, pckCrl: { revoked: [{ serial: 5 }] } } }),
  ...documentFailures('tcb-info', 'tcb_info', 'tcbInfo'),
  'tcb-info.fmspc': () => ({ make: { tcbInfo: { fmspc: 'C0FFEE000002' } } }),
  'tcb-info.pceid': () => ({ make: { tcbInfo: { pceId: '0001' } } }),
  ...documentFailures('qe-identity', 'qe_identity', 'qeIdentity'),
  'qe.report-signature': () => ({ make: { quote: { qeReportSigner: generateKey('P-256') } } }),
  'qe.report-data': () => ({ make: { quote: { qeReportData: filled(64) } } }),
  'qe.identity': () => ({ make: { qe: { mrSigner: '66'.repeat(32) } } }),
  'quote.signature': () => ({ make: { quote: { quoteSigner: generateKey('P-256') } } }),
  'tcb.level': () => ({ make: { qe: { isvSvn: 0 } } }),
  'tcb.not-revoked': () => ({ make: { qe: { isvSvn: 3 } } }),
  'tcb.status': () => ({ make: { qe: { isvSvn: 6 } } }),
  'tcb.evaluation-number': () => ({ expect: { minTcbEvaluationDataNumber: 18 } }),
  'platform.hardware': () => ({ expect: { allowEmulated: false } }),
  'platform.product': () => ({ expect: { products: ['00906ed50000'] } }),
  'platform.id': () => ({ expect: { hardwareIds: ['22'.repeat(16)] } }),
  'platform.smt': () => ({ expect: { platform: { smtEnabled: true } } }),
  'platform.dynamic': () => ({ expect: { platform: { dynamicPlatform: false } } }),
  'platform.cached-keys': () => ({ expect: { platform: { cachedKeys: true } } }),
  'platform.sgx-type': () => ({ expect: { platform: { sgxTypes: ['standard'] } } }),
  'expect.report-data': () => ({ expect: { reportData: '01' } }),
  'expect.freshness': () => ({ expect: { nonce: 'ee'.repeat(32) }, also: ['expect.report-data'] }),
}

/** Constructions for the checks that only SGX has. */
export const SGX_FAILURES: Failures<SgxOptions, SgxExpectations> = {
  'enclave.debug': () => ({ make: { enclave: { attributes: '0700000000000000e700000000000000' } } }),
  'enclave.provision-key': () => ({
    make: { enclave: { attributes: '1500000000000000e700000000000000' } },
    expect: { allowProvisionKey: false },
  }),
  'enclave.attributes': () => ({ expect: { attributes: { kss: true } } }),
  'expect.measurement': () => ({ expect: { measurement: ['00'.repeat(32)] } }),
  'expect.host-data': () => ({
    make: { enclave: { configId: '11'.repeat(64) } },
    expect: { hostData: ['22'.repeat(64)] },
  }),
  'expect.signer': () => ({ expect: { signer: ['22'.repeat(32)] } }),
  'expect.product-id': () => ({ expect: { isvProdId: 2 } }),
  'expect.svn': () => ({ expect: { minSvn: 4 } }),
  'expect.config-svn': () => ({ expect: { minConfigSvn: 1 } }),
  'expect.extended-product-id': () => ({ expect: { isvExtProdId: ['11'.repeat(16)] } }),
  'expect.family-id': () => ({ expect: { isvFamilyId: ['11'.repeat(16)] } }),
}

const otherRegister = ['ab'.repeat(48)]
const otherBoot = (index: number): Uint8Array =>
  makeEventLog({ extra: [{ index, type: EVENT.ipl, data: Uint8Array.of(1, 2, 3) }] }).bytes

/** Constructions for the checks that only TDX has. */
export const TDX_FAILURES: Failures<TdxOptions, TdxExpectations> = {
  'module.identity': () => ({ make: { td: { mrSignerSeam: '01'.repeat(48) } } }),
  'td.debug': () => ({ make: { td: { tdAttributes: '0100001000000000' } } }),
  'td.tud': () => ({ make: { td: { tdAttributes: '8000001000000000' } } }),
  'td.sept-ve-disable': () => ({ make: { td: { tdAttributes: '00'.repeat(8) } } }),
  'td.service-td': () => ({ make: { version: 5, bodyType: 3, td: { mrServiceTd: '01'.repeat(48) } } }),
  'td.reserved-attributes': () => ({ make: { td: { tdAttributes: '0002001000000000' } }, outcome: 'unchecked' }),
  'td.attributes': () => ({ expect: { tdAttributes: { pks: true } } }),
  'td.xfam': () => ({ expect: { allowedXfam: '0700000000000000' } }),
  'td.tee-tcb-svn': () => ({ expect: { minTeeTcbSvn: '06'.padEnd(32, '0') } }),
  'expect.measurement': () => ({ expect: { measurement: ['00'.repeat(48)] } }),
  'expect.host-data': () => ({ make: { td: { mrConfigId: '11'.repeat(48) } }, expect: { hostData: otherRegister } }),
  'expect.rtmr0': () => ({ expect: { rtmr0: otherRegister } }),
  'expect.rtmr1': () => ({ expect: { rtmr1: otherRegister } }),
  'expect.rtmr2': () => ({ expect: { rtmr2: otherRegister } }),
  'expect.rtmr3': () => ({ expect: { rtmr3: otherRegister } }),
  'expect.owner': () => ({ expect: { mrOwner: otherRegister } }),
  'expect.owner-config': () => ({ expect: { mrOwnerConfig: otherRegister } }),
  'expect.seam': () => ({ expect: { mrSeam: otherRegister } }),
  'event-log.format': () => ({ eventLog: prepareEventLog(Uint8Array.of(1, 2, 3)) }),
  'event-log.rtmr0': () => ({ eventLog: prepareEventLog(otherBoot(1)) }),
  'event-log.rtmr1': () => ({ eventLog: prepareEventLog(otherBoot(2)) }),
  'event-log.rtmr2': () => ({ eventLog: prepareEventLog(otherBoot(3)) }),
  'event-log.rtmr3': () => ({ eventLog: prepareEventLog(otherBoot(4)) }),
  'event-log.findings': () => {
    const eventLog = { extra: [{ index: 1, type: EVENT.separator, data: filled(4) }] }
    return { make: { eventLog }, eventLog: prepareEventLog(makeEventLog(eventLog).bytes) }
  },
}

/** The verdict about an SGX construction. */
export function failSgx(broken: Broken<SgxOptions, SgxExpectations>): Verdict<Claims> {
  const made = makeSgx(broken.make)
  return judgeSgx(made, {
    collateral: { ...made.collateral, ...broken.collateral },
    expect: { ...made.expectations, ...broken.expect },
    ...broken.options,
  })
}

/** The verdict about a TDX construction. */
export function failTdx(broken: Broken<TdxOptions, TdxExpectations>): Verdict<Claims> {
  const made = makeTdx(broken.make)
  return judgeTdx(made, {
    collateral: { ...made.collateral, ...broken.collateral },
    expect: { ...tdxExpectations(made.expectations), ...broken.expect },
    ...(broken.eventLog === undefined ? {} : { eventLog: broken.eventLog }),
    ...broken.options,
  })
}
