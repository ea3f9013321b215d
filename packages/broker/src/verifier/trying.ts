import { isCollateralError } from '@sekisho/collateral/requests'

/**
 * What a source answers; undefined when it fails. The verdict then says what could not be checked, which no one can
 * mistake for a yes; whoever runs the process is told why.
 *
 * @param missed told the same, for the owner of the decision
 */
export async function trying<T>(
  ask: () => Promise<T>,
  trouble: (what: string) => void,
  missed: (what: string) => void = () => undefined,
): Promise<T | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (!isCollateralError(error)) throw error
    trouble(`${error.code}: ${error.message}`)
    missed(error.message)
    return undefined
  }
}
