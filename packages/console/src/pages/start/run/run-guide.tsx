import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import type { Api } from '../../../api/client.ts'
import { ApiError } from '../../../api/problem.ts'
import { may } from '../../../api/session.ts'
import type { PageProps } from '../../../app/session.tsx'
import { SignIn } from '../../../app/sign-in.tsx'
import { useLanguage } from '../../../text/language.ts'
import { SHELL } from '../../../text/shell.ts'
import { Load, useLoad } from '../../../ui/load.tsx'
import { CopyButton, Empty } from '../../../ui/page-parts.tsx'
import { START } from '../texts.ts'
import { createRun, type Run } from './run.ts'
import { RunView } from './run-view.tsx'

/** The run goes on while other pages are looked at; it is one reader's, and forgotten when they leave. */
const kept: { run: Run; actor: string | undefined } = { run: createRun(), actor: undefined }

/** The first guide: what one needs for it, or the run. */
export function RunGuide({ signedIn }: { readonly signedIn: PageProps | undefined }): JSX.Element {
  const t = START[useLanguage()].run
  const shell = SHELL[useLanguage()]
  useKeeper(signedIn?.who.actor)
  return (
    <>
      <p class="guide-lead">{t.lead}</p>
      {signedIn === undefined ? (
        <SignIn />
      ) : !may(signedIn.who, '*', 'admin') ? (
        <div class="fault" role="alert">
          <div>
            <strong>{shell.forbidden}</strong>
            <p>{t.needsAdmin}</p>
          </div>
        </div>
      ) : globalThis.isSecureContext ? (
        <WithPlatforms api={signedIn.api} />
      ) : (
        <p class="caution">{t.insecure}</p>
      )}
    </>
  )
}

/** Whoever signs in as somebody else begins anew: the run holds a key and a secret. */
function useKeeper(actor: string | undefined): void {
  useEffect(() => {
    if (kept.actor !== undefined && kept.actor !== actor) kept.run.reset()
    kept.actor = actor
  }, [actor])
}

function WithPlatforms({ api }: { readonly api: Api }): JSX.Element {
  const loaded = useLoad((signal) => hasPlatforms(api, signal), [api])
  return <Load of={loaded}>{(found) => (found ? <RunView run={kept.run} api={api} /> : <NoPlatforms />)}</Load>
}

async function hasPlatforms(api: Api, signal: AbortSignal): Promise<boolean> {
  try {
    const { platforms } = await api.get<{ readonly platforms: readonly { readonly tee: string }[] }>(
      '/emulated',
      signal,
    )
    return platforms.some(({ tee }) => tee === 'snp')
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return false
    throw error
  }
}

function NoPlatforms(): JSX.Element {
  const t = START[useLanguage()].run.noPlatforms
  const { guides } = START[useLanguage()]
  return (
    <Empty title={t.heading}>
      <p>{t.text}</p>
      <pre class="block">
        <code>{t.restart}</code>
      </pre>
      <p>
        <CopyButton text={t.restart} />
      </p>
      <p>
        {t.other} <a href="#/start/verdict">{guides.verdict}</a>
      </p>
    </Empty>
  )
}
