import { isCollateralError } from '@sekisho/collateral/requests'

/**
 * What a source answers; undefined when it fails. The verdict then says what could not be checked, which no one can
 * mistake for a yes; whoever runs the process is told why.
 */
export async function trying<T>(ask: () => Promise<T>, trouble: (what: string) => void): Promise<T | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (!isCollateralError(error)) throw error
    trouble(`${error.code}: ${error.message}`)
    return undefined
  }
}
