import { equalBytes, fromHex, toHex } from '../core/bytes.ts'
import type { Values } from '../core/chain-values.ts'
import { fail, mend, notApplicable, pass, unchecked } from '../core/engine.ts'
import type { Finding } from '../core/verdict.ts'
import type { SoftwareComponent } from './components.ts'
import type { PlatformReference, ReferenceComponent } from './endorsed.ts'
import type { ArmEndorsements } from './endorsements.ts'

/** Reference values of a device: those of its implementation, but for those of another instance. */
export function platformsFor(
  { platforms }: ArmEndorsements,
  implementationId: string,
  instanceId: string,
): readonly PlatformReference[] {
  return platforms.filter(
    (one) => one.implementationId === implementationId && (one.instanceId ?? instanceId) === instanceId,
  )
}

function matches(component: SoftwareComponent, reference: ReferenceComponent): boolean {
  const same = (wanted: string | undefined, found: string | undefined): boolean =>
    wanted === undefined || wanted === found
  return (
    reference.measurements.includes(toHex(component.measurement)) &&
    same(reference.type, component.type) &&
    same(reference.version, component.version) &&
    same(reference.signerId, component.signerId === undefined ? undefined : toHex(component.signerId))
  )
}

function nameOf({ type, version }: Pick<SoftwareComponent, 'type' | 'version'>): string {
  return JSON.stringify(
    `${type ?? 'a component without a name'}${version === undefined ? '' : ` ${version}`}`.slice(0, 64),
  )
}

/** The measured components, 8 of them at most. */
export function namesOf(components: readonly SoftwareComponent[]): Values {
  return { actual: components.slice(0, 8).map(nameOf).join(', ') }
}

/** Whether every measured component is one that the reference values know, and none of theirs is missing. */
export function componentsFinding(
  components: readonly SoftwareComponent[],
  references: readonly PlatformReference[],
  implementationId: string,
): Finding {
  const known = references.flatMap((one) => one.components)
  if (known.length === 0) {
    return unchecked(
      'the firmware of the platform was compared with nothing',
      mend(`pass reference values for the implementation ${implementationId}`),
    )
  }
  const strange = components.find((component) => !isKnown(component, known))
  if (strange !== undefined) {
    return fail(
      `${nameOf(strange)} is no firmware that the reference values know`,
      mend(
        'update the firmware to a known one, or have its vendor publish reference values for this one',
        'platform-owner',
      ),
      comparison(strange, known),
    )
  }
  const met = references.filter((one) => isMet(one, components))
  const absent = absentFrom(references, met, components)
  if (absent !== undefined) {
    return fail(
      `${nameOf(absent)} is in the reference values, and the token does not measure it`,
      mend('boot firmware that measures this component', 'platform-owner'),
      { expected: nameOf(absent), actual: namesOf(components).actual ?? '' },
    )
  }
  const mixed = components.find((component) => !met.some((one) => isKnown(component, one.components)))
  if (mixed !== undefined) {
    return fail(
      `${nameOf(mixed)} is known to the reference values, but not together with the rest of the firmware`,
      mend(
        'update the firmware as a whole to a known one, or have its vendor publish reference values for this one',
        'platform-owner',
      ),
      namesOf(components),
    )
  }
  return pass(`all ${components.length} components are known to the reference values`, namesOf(components))
}

function isKnown(component: SoftwareComponent, known: readonly ReferenceComponent[]): boolean {
  return known.some((reference) => matches(component, reference))
}

/**
 * Whether what a reference names is measured as it says. It describes firmware as a whole: parts of several do not add up
 * to a further one. Components without a type may be further versions of what was measured.
 * @see draft-ydb-rats-cca-endorsements, section 3.1.3
 */
function isMet({ components: known }: PlatformReference, components: readonly SoftwareComponent[]): boolean {
  const found = new Set(components.filter((one) => isKnown(one, known)).map(({ type }) => type))
  return known.every(({ type }) => type === undefined || found.has(type))
}

// What only another firmware has, of which one that is met stands in the place, is no loss.
function absentFrom(
  references: readonly PlatformReference[],
  met: readonly PlatformReference[],
  components: readonly SoftwareComponent[],
): ReferenceComponent | undefined {
  const settled = new Set(met.flatMap((one) => one.components.map(({ type }) => type)))
  const measured = new Set(components.map(({ type }) => type))
  return references
    .filter((one) => !one.components.some(({ type }) => type !== undefined && settled.has(type)))
    .flatMap((one) => one.components)
    .find(({ type }) => type !== undefined && !measured.has(type))
}

// Versions are shown where one is asked for: else what is the same in both would seem to differ.
function comparison(
  component: SoftwareComponent,
  known: readonly ReferenceComponent[],
): { readonly actual: string; readonly expected: string } {
  const fitting = known.filter(({ type }) => type === undefined || type === component.type).slice(0, 8)
  const versioned = fitting.some(({ version }) => version !== undefined)
  const { measurement, signerId, version } = component
  const texts = fitting.map((one) => described(one.measurements.join(' or '), one.signerId, one.version))
  return {
    actual: described(toHex(measurement), signerId && toHex(signerId), versioned ? version : undefined),
    expected: texts.length === 0 ? 'no such component' : texts.join('; '),
  }
}

function described(measurement: string, signer: string | undefined, version: string | undefined): string {
  const signed = signer === undefined ? measurement : `${measurement} signed by ${signer}`
  return version === undefined ? signed : `${signed}, version ${JSON.stringify(version.slice(0, 64))}`
}

/** Whether the configuration of the platform is one that the reference values know, of the firmware that it has if they say. */
export function configurationFinding(
  configuration: Uint8Array,
  components: readonly SoftwareComponent[],
  references: readonly PlatformReference[],
): Finding {
  const met = configurationsOf(references.filter((one) => isMet(one, components)))
  const known = met.length > 0 ? met : configurationsOf(references)
  if (known.length === 0) return notApplicable('no reference values for the configuration of the platform')
  const actual = toHex(configuration)
  const expected = known
    .slice(0, 8)
    .map(({ value, mask }) => (mask === undefined ? value : `${value} under the mask ${mask}`))
    .join('; ')
  if (known.some(({ value, mask }) => equalUnder(configuration, value, mask)))
    return pass('the configuration of the platform is a known one', { expected, actual })
  return fail(
    'the configuration of the platform is none that the reference values know',
    mend('configure the platform as its vendor means it to be', 'platform-owner'),
    { expected, actual },
  )
}

function configurationsOf(
  references: readonly PlatformReference[],
): readonly NonNullable<PlatformReference['configuration']>[] {
  return references.flatMap(({ configuration }) => configuration ?? [])
}

function equalUnder(found: Uint8Array, value: string, mask: string | undefined): boolean {
  const wanted = fromHex(value) ?? new Uint8Array(0)
  if (mask === undefined) return equalBytes(found, wanted)
  const bits = fromHex(mask) ?? new Uint8Array(0)
  if (found.length !== wanted.length || bits.length !== wanted.length) return false
  return found.every((byte, i) => ((byte ^ (wanted[i] as number)) & (bits[i] as number)) === 0)
}
