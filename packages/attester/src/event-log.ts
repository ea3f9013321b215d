import { open } from 'node:fs/promises'
import { TpmError } from './tpm/errors.ts'

/** Where Linux shows the firmware's event log; only root may read it. */
export const LINUX_EVENT_LOG = '/sys/kernel/security/tpm0/binary_bios_measurements'

/** Largest log that is read. */
const MAX_LOG = 16 * 1024 * 1024
const PIECE = 65_536

/**
 * Reads an event log to its end, whatever size the file system claims.
 * @returns undefined when there is none; with `optional` also when it may not be read
 * @throws TpmError `unreachable`, `unsupported` for more than 16 MiB
 */
export async function readEventLog(path: string, optional: boolean): Promise<Uint8Array | undefined> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    if (optional) return undefined
    throw new TpmError('unreachable', `the event log ${path} cannot be read`, { cause })
  })
  if (file === undefined) return undefined
  try {
    const parts: Buffer[] = []
    for (let total = 0; ; ) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(PIECE), 0, PIECE, null)
      if (bytesRead === 0) return total === 0 ? undefined : new Uint8Array(Buffer.concat(parts))
      total += bytesRead
      if (total > MAX_LOG) throw new TpmError('unsupported', `the event log ${path} is larger than ${MAX_LOG} bytes`)
      parts.push(buffer.subarray(0, bytesRead))
    }
  } finally {
    await file.close()
  }
}
