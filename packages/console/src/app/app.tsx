import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Engine } from '../engine/client.ts'
import { LANGUAGES, LanguageContext, useLanguage, useTexts } from '../text/language.ts'
import { SHELL } from '../text/shell.ts'
import type { Language, Theme } from '../text/texts.ts'
import type { Preferences } from '../ui/preferences.ts'
import { Problem } from '../ui/problem.tsx'
import { useWorkbench, type Workbench } from '../ui/workbench.ts'
import { WorkbenchView } from '../ui/workbench-view.tsx'
import { EngineContext } from './engine.ts'
import { Header } from './header.tsx'
import { LazyPage, LazyStart } from './lazy.tsx'
import { Menu } from './menu.tsx'
import { fragmentOf, type Place, usePlace } from './route.ts'
import { NOBODY, pageProps, SessionProvider, useSession } from './session.tsx'
import { Setup, SignIn } from './sign-in.tsx'

/**
 * The page.
 *
 * @param setup secret of the one-time link, when the page was opened by it
 */
export function App({
  engine,
  preferences,
  setup,
}: {
  readonly engine: Engine
  readonly preferences: Preferences
  readonly setup: string | undefined
}): JSX.Element {
  const [language, setLanguage] = useState<Language>(preferences.language)
  const [theme, setTheme] = useState<Theme>(preferences.theme)
  useEffect(() => {
    document.documentElement.lang = language
    document.documentElement.dataset['theme'] = theme
    preferences.keep({ language, theme })
  }, [language, theme, preferences])
  return (
    <LanguageContext.Provider value={language}>
      <EngineContext.Provider value={engine}>
        <SessionProvider>
          <Header language={language} onLanguage={setLanguage} theme={theme} onTheme={setTheme} />
          <Body engine={engine} setup={setup} />
          <Footer />
        </SessionProvider>
      </EngineContext.Provider>
    </LanguageContext.Provider>
  )
}

function Body({ engine, setup }: { readonly engine: Engine; readonly setup: string | undefined }): JSX.Element {
  const place = usePlace()
  const namespace = useNamespace(place)
  const [opening, setOpening] = useState(setup)
  const [redeemed, setRedeemed] = useState(false)
  const t = SHELL[useLanguage()]
  // Here, so that what is open stays open while other pages are looked at.
  const bench = useWorkbench(engine)
  useTitle(place)
  useStaying()
  return (
    <>
      <Menu place={place} namespace={namespace} />
      <main id="content" tabIndex={-1}>
        {redeemed && place.at === 'start' ? (
          <p class="caution" role="status">
            {t.signIn.setupDone} <a href={fragmentOf({ at: 'access', namespace, id: undefined })}>{t.pages.access}</a>
          </p>
        ) : null}
        {opening !== undefined ? (
          <Setup
            secret={opening}
            onDone={() => {
              setOpening(undefined)
              setRedeemed(true)
              location.hash = '#/start'
            }}
          />
        ) : place.at === 'workbench' ? (
          <WorkbenchView bench={bench} />
        ) : place.at === 'start' ? (
          <Start namespace={namespace} bench={bench} />
        ) : (
          <Signed place={place} />
        )}
      </main>
    </>
  )
}

/** The guides: one of them needs no checkpoint. */
function Start({ namespace, bench }: { readonly namespace: string; readonly bench: Workbench }): JSX.Element {
  const { api, standing } = useSession()
  const who = typeof standing === 'string' ? undefined : standing
  return <LazyStart signedIn={who === undefined ? undefined : pageProps(api, who, namespace)} bench={bench} />
}

/** A page of the checkpoint, for whoever may see one. */
function Signed({ place }: { readonly place: Exclude<Place, { at: 'workbench' | 'start' }> }): JSX.Element {
  const t = SHELL[useLanguage()]
  const { api, standing, ask } = useSession()
  if (standing === 'asking')
    return (
      <p class="loading" role="status">
        {t.loading}
      </p>
    )
  if (standing === 'unreachable') return <Problem error={new Error(t.codes['unreachable'])} onAgain={ask} />
  const who = typeof standing === 'string' ? undefined : standing
  // Checkpoints and receipts are for everybody.
  if (who === undefined && place.at !== 'log') return <SignIn />
  const key = `${place.at}/${place.namespace}`
  return (
    <LazyPage key={key} name={place.at} props={pageProps(api, who ?? NOBODY, place.namespace, place.id, place.query)} />
  )
}

/** The namespace of the place; where a place has none, that of the last one. */
function useNamespace(place: Place): string {
  const { standing } = useSession()
  const last = useRef<string>()
  if ('namespace' in place) last.current = place.namespace
  if (last.current !== undefined) return last.current
  const own = typeof standing === 'string' ? undefined : standing.grants.find(({ namespace }) => namespace !== '*')
  return own?.namespace ?? 'default'
}

function useTitle(place: Place): void {
  const language = useLanguage()
  useEffect(() => {
    const t = SHELL[language]
    const name =
      place.at === 'workbench' ? LANGUAGES[language].title : place.at === 'start' ? t.start : t.pages[place.at]
    document.title = place.at === 'workbench' ? name : `${name} · Sekisho`
  }, [language, place.at])
}

/** A file that is dropped where no page takes it does not take the place of the page. */
function useStaying(): void {
  useEffect(() => {
    const stay = (event: DragEvent): void => {
      const isFile = [...(event.dataTransfer?.items ?? [])].some(({ kind }) => kind === 'file')
      if (isFile && !(event.target instanceof HTMLInputElement)) event.preventDefault()
    }
    addEventListener('dragover', stay)
    addEventListener('drop', stay)
    return () => {
      removeEventListener('dragover', stay)
      removeEventListener('drop', stay)
    }
  }, [])
}

function Footer(): JSX.Element {
  const t = useTexts()
  // Other pages do send: what they are for is at the checkpoint.
  const bench = usePlace().at === 'workbench'
  return (
    <footer class="bottom small faint">
      {bench ? (
        <>
          <span>{t.local}</span> <span>{t.footer.offline}</span>
        </>
      ) : null}{' '}
      <span>{t.footer.utc}</span>
    </footer>
  )
}
