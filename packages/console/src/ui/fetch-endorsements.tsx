import type { JSX } from 'preact'
import type { Api } from '../api/client.ts'
import { ApiError } from '../api/problem.ts'
import { useSession } from '../app/session.tsx'
import type { EndorsementNeed } from '../engine/messages.ts'
import { useTexts } from '../text/language.ts'
import { useAction } from './action.ts'
import { Problem } from './problem.tsx'
import type { Workbench } from './workbench.ts'

/**
 * Fetches the vendor's endorsements through the checkpoint that serves the page, for whoever is signed in there. It is told
 * what names the platform; the evidence stays in the page.
 */
export function FetchEndorsements({
  needs,
  open,
}: {
  readonly needs: readonly (readonly EndorsementNeed[])[]
  readonly open: Workbench['open']
}): JSX.Element | null {
  const t = useTexts()
  const { api, standing } = useSession()
  const { busy, error, run } = useAction()
  if (needs.length === 0 || typeof standing === 'string') return null
  const fetch = (): Promise<boolean> =>
    run(async () => {
      const bundles = await Promise.all(needs.map((alternatives) => firstOf(api, alternatives)))
      const files = bundles.map((bundle) => ({
        name: location.host,
        bytes: new TextEncoder().encode(JSON.stringify(bundle)),
      }))
      await open({ files })
    })
  return (
    <>
      <p>
        <button
          type="button"
          class="button quiet"
          title={t.judgedWith.fetchHint}
          disabled={busy}
          onClick={() => void fetch()}
        >
          {busy ? t.judgedWith.fetching : t.judgedWith.fetch}
        </button>
      </p>
      {error === undefined ? null : <Problem error={error} />}
    </>
  )
}

/** The first bundle that there is; what is not found under one name is asked for under the next. */
async function firstOf(api: Api, [need, ...others]: readonly EndorsementNeed[]): Promise<unknown> {
  try {
    return await api.send('POST', '/endorsements', { json: need })
  } catch (error) {
    if (others.length > 0 && error instanceof ApiError && error.status === 404) return firstOf(api, others)
    throw error
  }
}
