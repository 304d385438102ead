// The one kind of error meant for a user's eyes: a stable code, and a message that says what, where and what to do.

/** An error the user can act on. `code` is stable and goes into `--json`; anything else that is thrown is a bug. */
export class UnnormError extends Error {
  readonly code: string
  /** `usage`: what the command line alone shows to be wrong (exit 2); `work`: depends on data or files (exit 1). */
  readonly kind: 'usage' | 'work'
  constructor(code: string, message: string, kind: 'usage' | 'work' = 'work') {
    super(message)
    this.name = 'UnnormError'
    this.code = code
    this.kind = kind
  }
}

/** Something the user should know though the work went on. `code` is stable; `message` is in plain words. */
export interface Warning {
  readonly code: string
  readonly message: string
}
