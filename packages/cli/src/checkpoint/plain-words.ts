import { CliError, EXIT } from '../exit.ts'

/** Faults of the database, the master key, the address: what a person can do something about. */
export function inPlainWords(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const ofFiles = error.name === 'EvidenceError' || /^(arm|secureExecution|tokens)\b/.test(error.message)
  if (ofFiles || ['StorageError', 'VaultError', 'BrokerError'].includes(error.name))
    return new CliError(EXIT.unreadable, error.message, { cause: error })
  if (error instanceof TypeError && error.message.startsWith('the URL of the database '))
    return new CliError(EXIT.unreadable, `DATABASE_URL: ${error.message}`, { cause: error })
  const code = 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE')
    return new CliError(
      EXIT.unreadable,
      `${addressIn(error)} is taken by another program or checkpoint; --port chooses another`,
      { cause: error },
    )
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return new CliError(EXIT.unreadable, `${addressIn(error)} cannot be listened on (${code})`, { cause: error })
  return error
}

/** The address that an error of the system names, `127.0.0.1:7117`. */
function addressIn(error: Error): string {
  if (!('address' in error && 'port' in error)) return 'this address'
  const { address, port } = error
  return String(address).includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
