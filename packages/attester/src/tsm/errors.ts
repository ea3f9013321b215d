/** What kind of trouble a {@link TsmError} tells of. */
export type TsmErrorCode =
  | 'unreachable' // the kernel has no configfs-tsm, or not for you
  | 'unsupported' // no provider of reports, or one that is not known here
  | 'refused' // the kernel did not take the report data or an option
  | 'busy' // others keep it busy
  | 'mismatch' // somebody else wrote to the entry
  | 'too-large' // a blob is larger than any evidence

/** Trouble with the kernel's reports. */
export class TsmError extends Error {
  readonly code: TsmErrorCode

  constructor(code: TsmErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.name = 'TsmError'
    this.code = code
  }
}
