import { compareOneOf } from '../core/compare.ts'
import { fail, mend, notApplicable, pass, type Step, unchecked } from '../core/engine.ts'
import { textOf } from '../core/json.ts'
import type { Finding } from '../core/verdict.ts'
import { isOlder } from '../core/versions.ts'
import { claims, profile, ueid } from './eat-steps.ts'
import { devicesOf, type TokenDevice } from './nvidia.ts'
import type { TokenState } from './state.ts'
import type { Container } from './statement-model.ts'

const NOT_ASKED = 'nothing was expected of it'

// A verifier appraises what it is shown: that it affirms something does not say that it saw what you mean.
function appraisals({ statement, expect }: TokenState): Finding {
  const names = statement.appraisals?.map(({ name }) => name) ?? []
  const wanted = expect.appraisals
  const actual = listed(names)
  if (wanted === undefined)
    return statement.appraisals === undefined
      ? notApplicable(NOT_ASKED)
      : unchecked(
          'nobody said what the verifier has to have appraised',
          mend(`if ${actual} is all that you rely on, say so with \`appraisals\``),
          { actual },
        )
  const details = { expected: listed(wanted), actual }
  const missing = wanted.filter((one) => !names.includes(one))
  return missing.length === 0
    ? pass('all appraisals that you expect are there', details)
    : fail(
        `there is no appraisal of ${listed(missing)}`,
        mend('have the verifier appraise it, or expect what it appraises with `appraisals`', 'workload-owner'),
        details,
      )
}

function appraisalPolicies({ statement, expect }: TokenState): Finding {
  const all = statement.appraisals ?? []
  const accepted = expect.appraisalPolicies
  const named = [...new Set(all.flatMap(({ policies }) => policies))]
  const actual = listed(named)
  if (accepted === undefined)
    return named.length === 0
      ? notApplicable('the token names no policy')
      : unchecked(
          'the verifier affirms by a policy that was compared with nothing: one may allow everything',
          mend(`if ${actual} is what you expect, say so with \`appraisalPolicies\``),
          { actual },
        )
  const details = { expected: listed(accepted), actual }
  const other = named.find((one) => !accepted.includes(one))
  const without = all.find(({ policies }) => policies.length === 0)
  if (all.length > 0 && other === undefined && without === undefined)
    return pass('all appraisals are by policies that you accept', details)
  return fail(
    other === undefined ? 'an appraisal names no policy' : `the policy ${quoted(other)} is none that you accept`,
    mend('have the verifier appraise by a policy that you accept with `appraisalPolicies`', 'workload-owner'),
    details,
  )
}

function version(kind: 'driver' | 'vbios'): (state: TokenState) => Finding {
  const [name, accepted, least, member, radix] =
    kind === 'driver'
      ? (['driver', 'driverVersions', 'minDriverVersion', 'driverVersion', 10] as const)
      : (['VBIOS', 'vbiosVersions', 'minVbiosVersion', 'vbiosVersion', 16] as const)
  return ({ expect, service, token }) => {
    const [list, lowest] = [expect[accepted], expect[least]]
    // A switch has no driver of its own: that of the GPUs counts.
    const all = devicesOf(token).filter(({ isSwitch }) => kind === 'vbios' || !isSwitch)
    const versions = all.length === 0 ? ['not said'] : all.map((one) => one[member] ?? 'not said')
    const actual = listed([...new Set(versions)])
    if (list === undefined && lowest === undefined) {
      const onlySwitches = token.submodules.length > 0 && all.length === 0
      if (service !== 'nras' || onlySwitches) return notApplicable(NOT_ASKED)
      return unchecked(
        `no ${name} version was asked for: one with known flaws passes`,
        mend(`pass \`${accepted}\` or \`${least}\` after NVIDIA's security bulletins; ${actual} runs`),
        { actual },
      )
    }
    const expected = [
      ...(list === undefined ? [] : [listed(list)]),
      ...(lowest === undefined ? [] : [`${lowest} or later`]),
    ]
    const isGood = (one: string): boolean =>
      list?.includes(one) !== false && (lowest === undefined || isOlder(one, lowest, radix) === false)
    const details = { expected: expected.join(', '), actual }
    return versions.every(isGood)
      ? pass(`the ${name} of each device is one that you accept`, details)
      : fail(
          `the ${name} of a device is none that you accept`,
          mend(`update the ${name}, or accept it with \`${accepted}\` or \`${least}\``, 'platform-owner'),
          details,
        )
  }
}

function hardwareModel({ expect, service, statement, token }: TokenState): Finding {
  const accepted = expect.hardwareModels
  if (accepted === undefined) return notApplicable('any model will do')
  const devices: readonly TokenDevice[] = devicesOf(token)
  const models =
    service === 'confidential-space'
      ? [statement.attested]
      : service === 'eat'
        ? [textOf(token.claims, 'hwmodel') ?? '']
        : devices.map((one) => one.hardwareModel ?? '')
  const strange = models.find((one) => !accepted.includes(one)) ?? models[0] ?? ''
  return compareOneOf({ what: 'the hardware model', actual: strange, option: 'hardwareModels' }, accepted)
}

const NOBODY: Container = {
  args: [],
  commandOverride: [],
  environmentOverride: {},
  supportAttributes: [],
  projectId: undefined,
}

// The digest of an image does not tell how it was started: whoever starts the machine says that.
function command({ expect, statement }: TokenState): Finding {
  const { args, commandOverride } = statement.container ?? NOBODY
  for (const [option, what, found] of [
    ['containerArgs', 'the command line of the container', args],
    ['commandOverride', "what replaces the image's command", commandOverride],
  ] as const) {
    const wanted = expect[option]
    if (wanted !== undefined && JSON.stringify(wanted) !== JSON.stringify(found))
      return fail(
        `${what} is not what you expect`,
        mend(`start the container as \`${option}\` says`, 'workload-owner'),
        {
          expected: cut(JSON.stringify(wanted)),
          actual: cut(JSON.stringify(found)),
        },
      )
  }
  if (expect.containerArgs !== undefined || expect.commandOverride !== undefined)
    return pass('the container was started with the command that you expect', { actual: cut(JSON.stringify(args)) })
  if (commandOverride.length === 0) return notApplicable("the container runs its image's own command")
  return unchecked(
    "whoever started the machine replaced the image's command",
    mend('if that is what you expect, say so with `commandOverride` or `containerArgs`'),
    { actual: cut(JSON.stringify(commandOverride)) },
  )
}

// Values may be secrets, and are not told.
function environment({ expect, statement }: TokenState): Finding {
  const found = (statement.container ?? NOBODY).environmentOverride
  const wanted = expect.environmentOverride
  const names = Object.keys(found)
  if (wanted === undefined)
    return names.length === 0
      ? notApplicable('nobody set variables of the container')
      : unchecked(
          'whoever started the machine set variables of the container',
          mend('if their values are what you expect, say so with `environmentOverride`'),
          { actual: listed(names) },
        )
  const other = [...new Set([...names, ...Object.keys(wanted)])].filter(
    (name) => textOf(found, name) === undefined || textOf(found, name) !== textOf(wanted, name),
  )
  const details = { expected: listed(Object.keys(wanted)), actual: listed(names) }
  return other.length === 0
    ? pass('the variables of the container are those that you expect', details)
    : fail(
        `the variables ${listed(other)} of the container are not what you expect`,
        mend(
          'start the container with the variables that `environmentOverride` names, and no others',
          'workload-owner',
        ),
        details,
      )
}

function support({ expect, statement }: TokenState): Finding {
  const wanted = expect.supportAttributes
  const found = (statement.container ?? NOBODY).supportAttributes
  if (wanted === undefined) return notApplicable(NOT_ASKED)
  const details = { expected: listed(wanted), actual: listed(found) }
  return wanted.every((one) => found.includes(one))
    ? pass('the image of the machine has the attributes that you expect', details)
    : fail(
        'the image of the machine lacks an attribute that you expect',
        mend('start the machine with an image that Google supports', 'workload-owner'),
        details,
      )
}

function project({ expect, statement }: TokenState): Finding {
  const actual = statement.container?.projectId ?? ''
  if (expect.projectIds === undefined) return notApplicable('any project will do')
  return compareOneOf({ what: 'the project', actual, option: 'projectIds' }, expect.projectIds)
}

function lowestTcb({ expect, statement }: TokenState): Finding {
  const { svns = {} } = statement
  if (expect.minTcb === undefined) return notApplicable(NOT_ASKED)
  const details = { expected: told(expect.minTcb), actual: told(svns) }
  const low = Object.entries(expect.minTcb).filter(([part, least]) => !((svns[part] ?? -1) >= least))
  return low.length === 0
    ? pass('every part of the TCB is as new as you expect', details)
    : fail(
        `parts of the TCB are older than you expect, or not named: ${low.map(([part]) => part).join(', ')}`,
        mend('update the platform, or accept what it has with `minTcb`', 'platform-owner'),
        details,
      )
}

function told(parts: Readonly<Record<string, number>>): string {
  return Object.entries(parts)
    .map(([part, value]) => `${part} ${value}`)
    .join(', ')
}

function secureBoot({ expect, statement }: TokenState): Finding {
  const found = statement.eat === undefined ? statement.guest?.secureBoot : statement.eat.oemBoot
  // What a TPM's quote leaves open with its registers, a token leaves open with this: above a paravisor anybody may have booted.
  if (expect.secureBoot === undefined)
    return found === false
      ? unchecked(
          'secure boot is off: whatever was on the disk has booted',
          mend('start the machine with secure boot; if it may be off, say so with `secureBoot`', 'workload-owner'),
          { actual: 'false' },
        )
      : notApplicable(NOT_ASKED)
  if (statement.eat !== undefined && found === undefined)
    return unchecked(
      'the token does not say whether only software of its maker can have booted',
      mend('have the device attest `oemboot`', 'workload-owner'),
    )
  const actual = found === undefined ? 'not said' : String(found)
  const option = 'secureBoot'
  return compareOneOf({ what: 'the state of secure boot', actual, option }, [String(expect.secureBoot)])
}

function productId({ expect, statement }: TokenState): Finding {
  if (expect.isvProdId === undefined) return notApplicable(NOT_ASKED)
  const actual = `${statement.productId ?? 'not said'}`
  return compareOneOf({ what: 'the product id (ISVPRODID)', actual, option: 'isvProdId' }, [`${expect.isvProdId}`])
}

function policyHash({ expect, statement }: TokenState): Finding {
  if (expect.policyHashes === undefined) return notApplicable(NOT_ASKED)
  const actual = statement.policyHash ?? 'not said'
  return compareOneOf({ what: "the service's policy", actual, option: 'policyHashes' }, expect.policyHashes)
}

function listed(texts: readonly string[]): string {
  return texts.slice(0, 8).map(quoted).join(', ')
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 128))
}

function cut(text: string): string {
  return text.slice(0, 512)
}

const CLAIMS = "documentation of the service's claims"

function step(id: string, title: string, check: (state: TokenState) => Finding): Step<TokenState> {
  return { id: `token.expect.${id}`, title, phase: 'appraisal', source: CLAIMS, needs: [], waivable: true, check }
}

/** What only tokens of some services say, and who relies on these must ask for. */
export const SERVICE_STEPS: readonly Step<TokenState>[] = [
  step('tcb', 'The TCB is as new as you expect', lowestTcb),
  step('product-id', 'It is the enclave of its signer that you mean', productId),
  step('secure-boot', 'Secure boot is as expected', secureBoot),
  step('policy-hash', "The service's policy is accepted", policyHash),
  step('appraisals', 'The verifier appraised what you rely on', appraisals),
  step('appraisal-policy', 'The verifier went by a policy that you accept', appraisalPolicies),
  step('profile', 'The profile is accepted', profile),
  step('ueid', 'The device is accepted', ueid),
  step('claims', 'The claims are as you expect', claims),
  step('driver', 'The driver is late enough', version('driver')),
  step('vbios', 'The VBIOS is late enough', version('vbios')),
  step('hardware-model', 'The hardware model is accepted', hardwareModel),
  step('command', 'The container was started as you expect', command),
  step('environment', 'The variables of the container are as you expect', environment),
  step('support', 'The image of the machine is supported', support),
  step('project', 'The project is accepted', project),
]
