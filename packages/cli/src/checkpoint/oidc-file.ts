import type { OidcOptions } from '@sekisho/server'
import type { Around } from '../around.ts'
import { usageError } from '../exit.ts'
import { readDocument } from '../options/document.ts'
import { isRecord } from '../options/record.ts'

const MEMBERS: readonly string[] = ['issuer', 'audience', 'algorithms', 'claim', 'grants']

/**
 * Reads the OpenID provider that `up` is to believe: `{ issuer, audience, claim, grants: [{ value, namespace, scopes }] }`.
 *
 * @throws CliError (usage) that names the member
 */
export async function readOidc(path: string, around: Around): Promise<OidcOptions> {
  const content = await readDocument(path, around, 64 * 1024)
  if (!isRecord(content)) throw usageError(`${path}: expected { issuer, audience, grants }`)
  const unknown = Object.keys(content).find((name) => !MEMBERS.includes(name))
  if (unknown !== undefined) throw usageError(`${path}: there is no member ${unknown}; known are ${MEMBERS.join(', ')}`)
  if (!isOidc(content))
    throw usageError(
      `${path}: expected texts for issuer, audience and claim, and a list of grants { value, namespace, scopes }`,
    )
  const { oidcVerifier } = await import('@sekisho/server')
  try {
    oidcVerifier(content)
  } catch (error) {
    if (error instanceof TypeError) throw usageError(`${path}: ${error.message}`, error)
    throw error
  }
  return content
}

function isOidc(content: object): content is OidcOptions {
  const { issuer, audience, algorithms, claim, grants }: { [K in keyof OidcOptions]?: unknown } = content
  return (
    typeof issuer === 'string' &&
    typeof audience === 'string' &&
    (claim === undefined || typeof claim === 'string') &&
    (algorithms === undefined || isTexts(algorithms)) &&
    Array.isArray(grants) &&
    grants.every(isGrant)
  )
}

function isGrant(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { value: text, namespace, scopes }: { value?: unknown; namespace?: unknown; scopes?: unknown } = value
  return typeof text === 'string' && typeof namespace === 'string' && isTexts(scopes)
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === 'string')
}
