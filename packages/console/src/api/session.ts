/** Scopes in one namespace, or in all (`*`). */
export interface Grant {
  readonly namespace: string
  readonly scopes: readonly string[]
}

/** Who is signed in, and what they may do. */
export interface Who {
  readonly actor: string
  readonly grants: readonly Grant[]
}

/**
 * The page's half of the session: the key to the cookie. Alone it opens nothing, and only pages of this origin read it.
 * The token itself is never here.
 */
const KEY = 'sekisho-session-key'

/** The key of the session of this browser, if there is one. */
export function sessionKey(): string | undefined {
  try {
    return localStorage.getItem(KEY) ?? undefined
  } catch {
    return kept
  }
}

/** Keeps the key, or forgets it. */
export function keepSessionKey(key: string | undefined): void {
  kept = key
  try {
    if (key === undefined) localStorage.removeItem(KEY)
    else localStorage.setItem(KEY, key)
  } catch {
    // A browser that keeps nothing has the session until the page is left.
    return
  }
}

let kept: string | undefined

/** Whether somebody may do something in a namespace. The server decides; this is for what to show. */
export function may({ grants }: Who, namespace: string, scope: string): boolean {
  return grants.some(
    (grant) =>
      (grant.namespace === '*' || grant.namespace === namespace) &&
      (grant.scopes.includes('admin') || grant.scopes.includes(scope)),
  )
}
