import { constants, mkdir, open, rmdir } from 'node:fs/promises'
import { TsmError } from './errors.ts'

/** What is done with the kernel's folder of reports: a door, so that emulations need no kernel. */
export interface TsmFiles {
  /** Makes an entry, in which the kernel then shows its attributes. */
  makeEntry(path: string): Promise<void>
  removeEntry(path: string): Promise<void>
  /** Reads an attribute to its end. @throws an error with the system's `code` */
  read(path: string): Promise<Uint8Array>
  /** Writes an attribute in one piece. @throws an error with the system's `code` */
  write(path: string, value: Uint8Array): Promise<void>
}

/** Largest attribute that is read. */
const MAX_ATTRIBUTE = 8 * 1024 * 1024
const PIECE = 65_536

/** The real ones. */
export const LINUX_FILES: TsmFiles = {
  async makeEntry(path) {
    await mkdir(path, { mode: 0o700 })
  },
  removeEntry: rmdir,
  async read(path) {
    const file = await open(path, constants.O_RDONLY)
    try {
      const parts: Buffer[] = []
      // The kernel states no size, or a page: only the end of the file tells.
      for (let total = 0; ; ) {
        const { bytesRead, buffer } = await file.read(Buffer.alloc(PIECE), 0, PIECE, null)
        if (bytesRead === 0) return new Uint8Array(Buffer.concat(parts))
        total += bytesRead
        if (total > MAX_ATTRIBUTE) throw new TsmError('too-large', `${path} has more than ${MAX_ATTRIBUTE} bytes`)
        parts.push(buffer.subarray(0, bytesRead))
      }
    } finally {
      await file.close()
    }
  },
  async write(path, value) {
    const file = await open(path, constants.O_WRONLY)
    try {
      // A binary attribute is taken when the file is closed; a second piece would be a second value of others.
      const { bytesWritten } = await file.write(value, 0, value.length, null)
      if (bytesWritten !== value.length) throw new TsmError('refused', `${path} took ${bytesWritten} bytes only`)
    } finally {
      await file.close()
    }
  },
}
