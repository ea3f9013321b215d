import type { JsonObject } from '../core/json.ts'
import type { Skeleton } from '../core/skeleton.ts'
import { claimAt, exactText, isEnvelope, MOST_CLAIMS } from './expected-claims.ts'
import { lastingClaims } from './generic-eat.ts'
import type { Token } from './model.ts'
import { devicesOf } from './nvidia.ts'
import { serviceOf } from './services.ts'
import { statementOf } from './statement.ts'
import type { EatStatement } from './statement-model.ts'

/** Expectations that a token would meet. `issuer` is whose keys are to be given; the verifier takes it with them. */
export function tokenSkeleton(token: Token): Skeleton {
  const { claims } = token
  const service = serviceOf(claims)
  const { measurement, nonces, reportData, hostData = '', rtmrs = [], ...more } = statementOf(service, claims)
  const { iss, aud } = claims
  const devices = devicesOf(token)
  const {
    args = [],
    commandOverride = [],
    environmentOverride = {},
    supportAttributes = [],
    projectId,
  } = more.container ?? {}
  return {
    ...(typeof iss === 'string' ? { issuer: iss } : {}),
    ...(typeof aud === 'string' || Array.isArray(aud) ? { audience: aud } : {}),
    ...(measurement === '' ? {} : { measurement: [measurement] }),
    ...Object.fromEntries(rtmrs.flatMap((one, i) => (isZero(one) ? [] : [[`rtmr${i}`, [one]]]))),
    ...(isZero(reportData) ? {} : { reportData }),
    ...(isZero(hostData) ? {} : { hostData: [hostData] }),
    ...(more.productId === undefined ? {} : { isvProdId: more.productId }),
    ...(nonces[0] === undefined ? {} : { nonce: nonces[0] }),
    ...(Object.keys(more.svns ?? {}).length === 0 ? {} : { minTcb: more.svns }),
    ...(more.guest?.secureBoot === true || more.eat?.oemBoot === true ? { secureBoot: true } : {}),
    ...(more.eat === undefined ? {} : eatSkeleton(claims, more.eat)),
    ...(more.compliance === undefined ? {} : complianceSkeleton(claims)),
    ...several('policyHashes', [more.policyHash]),
    ...several('appraisals', more.appraisals?.map(({ name }) => name) ?? []),
    ...several('appraisalPolicies', more.appraisals?.flatMap(({ policies }) => policies) ?? []),
    ...several(
      'driverVersions',
      devices.map((one) => one.driverVersion),
    ),
    ...several(
      'vbiosVersions',
      devices.map((one) => one.vbiosVersion),
    ),
    ...several('hardwareModels', [
      ...(service === 'confidential-space' ? [more.attested] : []),
      ...devices.map((one) => one.hardwareModel),
    ]),
    // The order of a command counts, and a word may come twice.
    ...(commandOverride.length === 0 ? {} : { commandOverride }),
    ...(commandOverride.length === 0 || args.length === 0 ? {} : { containerArgs: args }),
    ...(Object.keys(environmentOverride).length === 0 ? {} : { environmentOverride }),
    // That an image is the latest one ends with the next.
    ...several(
      'supportAttributes',
      supportAttributes.filter((one) => one !== 'LATEST'),
    ),
    ...several('projectIds', [projectId]),
  }
}

// A device's own id makes a set for it alone: it stands there only where nothing else tells what was attested.
function eatSkeleton(claims: JsonObject, { ueid }: EatStatement): Skeleton {
  const found = lastingClaims(claims).filter(([, value]) => exactText(value) !== undefined)
  const known = found.slice(0, MOST_CLAIMS)
  const { eat_profile } = claims
  return {
    ...(typeof eat_profile === 'string' && eat_profile.length <= 1024 ? several('profiles', [eat_profile]) : {}),
    ...(known.length > 0 ? { claims: Object.fromEntries(known) } : {}),
    ...(ueid !== undefined && known.every(([name]) => isEnvelope(name)) ? { ueids: [ueid] } : {}),
  }
}

// Where the claims of the hardware are nested, those beside them are another's.
function complianceSkeleton(claims: JsonObject): Skeleton {
  const name = 'x-ms-compliance-status'
  const found = claimAt(claims, COMPLIANCE)
  return { claims: found === undefined ? { [name]: claimAt(claims, name) } : { [COMPLIANCE]: found } }
}

const COMPLIANCE = '/x-ms-isolation-tee/x-ms-compliance-status'

function isZero(hex: string): boolean {
  return /^0*$/.test(hex)
}

function several(name: string, values: readonly (string | undefined)[]): Skeleton {
  const known = [...new Set(values)].filter((one) => one !== undefined && one !== '')
  return known.length === 0 ? {} : { [name]: known }
}
