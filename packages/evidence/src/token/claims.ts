import { isObject, memberOf, textOf, textsOf } from '../core/json.ts'
import type { Assumption, Claims } from '../core/verdict.ts'
import type { EarAppraisal } from '../eat/ear.ts'
import { CONFIDENTIAL_SPACE_ROOT } from './anchors.ts'
import { shownClaims } from './generic-eat.ts'
import type { Token } from './model.ts'
import { devicesOf, type TokenDevice } from './nvidia.ts'
import { SERVICES, type TokenService } from './services.ts'
import type { TokenState } from './state.ts'
import type { Container, EatStatement } from './statement-model.ts'

/** What a token claims, beside what all evidence does. Texts are cut to 256 characters. */
export interface TokenClaims extends Claims {
  readonly tee: 'token'
  readonly service: TokenService
  /** What the service attested, in its own word: `sgx`, `sevsnpvm`, `GCP_INTEL_TDX`, … */
  readonly attested: string
  readonly issuer?: string
  readonly audience: readonly string[]
  readonly nonces: readonly string[]
  /** Seconds since 1970. */
  readonly issuedAt?: number
  readonly expires?: number
  /** EAR: what the verifier appraised, with its words for it and the policies that it went by. */
  readonly appraisals?: readonly {
    readonly name: string
    readonly status: string
    readonly policies: readonly string[]
  }[]
  /** EAT of no known service: its profile, and what it says of the device and its submodules, as texts by claim. */
  readonly eat?: TokenEat
  /** NVIDIA: the devices whose tokens are there. */
  readonly devices?: readonly TokenDevice[]
  /** Azure: of the system that booted. */
  readonly secureBoot?: boolean
  /** Azure: names of the claims by which that system can be debugged. */
  readonly debuggable?: readonly string[]
  readonly policyHash?: string
  readonly compliance?: string
  /** Confidential Space. */
  readonly container?: TokenContainer
}

/** What an entity attestation token says, by the names that claims have in JSON. */
export interface TokenEat {
  readonly profile: string
  readonly claims: Readonly<Record<string, string>>
  readonly submodules: readonly { readonly name: string; readonly claims: Readonly<Record<string, string>> }[]
  /** Names of submodules that are tokens or digests, and were not opened. */
  readonly unopened: readonly string[]
}

/** Whose container runs where and how. Of variables only the names are told: their values may be secrets. */
export interface TokenContainer {
  readonly args: readonly string[]
  readonly commandOverride: readonly string[]
  readonly environmentOverride: readonly string[]
  readonly supportAttributes: readonly string[]
  readonly projectId?: string
}

/** Claims of a token; believable only as far as the verdict goes. */
export function tokenClaims({ token, service, statement, anchor }: TokenState): TokenClaims {
  const { signer, svn, hostData, tcbStatus, tcbDate, advisories } = statement
  const issuer = textOf(token.claims, 'iss')
  const issuedAt = memberOf(token.claims, 'iat')
  const expires = memberOf(token.claims, 'exp')
  return {
    tee: 'token',
    vendor: SERVICES[service].vendor,
    isolation: statement.isolation,
    hardware: anchor !== undefined && anchor.emulated !== true && statement.isolation !== 'none',
    debug: statement.debug || (statement.eat?.debuggable.length ?? 0) > 0,
    launchMeasurement: statement.measurement,
    runtimeMeasurements: Object.fromEntries((statement.rtmrs ?? []).map((value, i) => [`rtmr${i}`, value])),
    ...(signer === undefined || signer === '' ? {} : { signer }),
    ...(svn === undefined ? {} : { svn }),
    userData: statement.reportData,
    ...(hostData === undefined ? {} : { hostData }),
    tcb: {
      ...(tcbStatus === undefined ? {} : { status: short(tcbStatus) }),
      ...(tcbDate === undefined ? {} : { date: short(tcbDate) }),
      ...(advisories === undefined ? {} : { advisories: advisories.slice(0, 64).map(short) }),
      components: statement.svns ?? {},
    },
    service,
    attested: short(statement.attested),
    ...(issuer === undefined ? {} : { issuer: short(issuer) }),
    audience: textsOf(memberOf(token.claims, 'aud')).slice(0, 16).map(short),
    nonces: statement.nonces.slice(0, 16).map(short),
    ...(typeof issuedAt === 'number' ? { issuedAt } : {}),
    ...(typeof expires === 'number' ? { expires } : {}),
    ...(statement.appraisals === undefined ? {} : { appraisals: appraisalsOf(statement.appraisals) }),
    ...(statement.eat?.ueid === undefined ? {} : { hardwareId: statement.eat.ueid }),
    ...(statement.eat === undefined ? {} : { eat: eatClaims(token, statement.eat) }),
    ...(token.submodules.length === 0 ? {} : { devices: devicesOf(token) }),
    ...(statement.guest?.secureBoot === undefined ? {} : { secureBoot: statement.guest.secureBoot }),
    ...(statement.guest === undefined ? {} : { debuggable: statement.guest.debuggable }),
    ...(statement.policyHash === undefined ? {} : { policyHash: short(statement.policyHash) }),
    ...(statement.compliance === undefined ? {} : { compliance: short(statement.compliance) }),
    ...(statement.container === undefined ? {} : { container: containerClaims(statement.container) }),
  }
}

const MOST = 64

function appraisalsOf(all: readonly EarAppraisal[]): NonNullable<TokenClaims['appraisals']> {
  return all
    .slice(0, MOST)
    .map(({ name, status = 'none', policies }) => ({ name: short(name), status, policies: shortened(policies) }))
}

function eatClaims({ claims }: Token, { submodules, closed }: EatStatement): TokenEat {
  return {
    profile: short(textOf(claims, 'eat_profile') ?? ''),
    claims: shownClaims(claims),
    submodules: submodules.slice(0, MOST).map(([name, one]) => ({ name: short(name), claims: shownClaims(one) })),
    unopened: shortened(closed),
  }
}

function containerClaims(container: Container): TokenContainer {
  const { projectId } = container
  return {
    args: shortened(container.args),
    commandOverride: shortened(container.commandOverride),
    environmentOverride: shortened(Object.keys(container.environmentOverride)),
    supportAttributes: shortened(container.supportAttributes),
    ...(projectId === undefined ? {} : { projectId: short(projectId) }),
  }
}

function shortened(texts: readonly string[]): readonly string[] {
  return texts.slice(0, MOST).map(short)
}

function short(text: string): string {
  return text.slice(0, 256)
}

const GUEST_SYSTEM: Assumption = {
  id: 'guest-system',
  statement: 'the system that booted in the machine is one that you accept',
  because:
    "the measurement is the paravisor's; what booted above it is in other claims (`x-ms-azurevm-…`), which are not judged here",
}

/** Whether there is a list about each certificate that has to lead to a root. */
function areLooked({ chain, revocation: { lists } }: TokenState): boolean {
  const below = chain?.certificates.slice(0, -1) ?? []
  return below.every(({ issuer }) => lists.some(({ crl }) => crl?.issuer.key === issuer.key))
}

const ISSUER_WORD: Assumption = {
  id: 'issuer-word',
  statement: 'whoever signed the token tells the truth about the device, and keeps its signing keys secret',
  because: "the issuer's word is all there is: such a token shows no TEE, no isolation and no encrypted memory",
}

const NO_REVOCATION: Assumption = {
  id: 'no-revocation',
  statement: 'none of the certificates was revoked',
  because: 'you gave no revocation list of one of their authorities',
}

/** What a verdict about a token relies on without evidence. */
export function tokenAssumptions(state: TokenState): readonly Assumption[] {
  const { service, token } = state
  const { name } = SERVICES[service]
  const hasParavisor = service === 'azure' && isObject(memberOf(token.claims, 'x-ms-isolation-tee'))
  return [
    ...(hasParavisor ? [GUEST_SYSTEM] : []),
    service === 'eat'
      ? ISSUER_WORD
      : {
          id: 'service',
          statement: `${name} verified the evidence as it should, and keeps its signing keys secret`,
          because: 'a token is a statement about evidence, not the evidence',
        },
    {
      id: 'keys',
      statement:
        state.keys === undefined && state.anchor?.id === CONFIDENTIAL_SPACE_ROOT.id
          ? `the root that is pinned here is ${name}'s`
          : 'the keys or roots that you gave are those of the issuer',
      because: 'keys that a token offers are never trusted by themselves',
    },
    ...(areLooked(state) ? [] : [NO_REVOCATION]),
  ]
}
