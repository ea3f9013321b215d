import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Engine } from '../engine/client.ts'
import { LANGUAGES, LanguageContext, useTexts } from '../text/language.ts'
import type { ExampleName, Language, Texts, Theme } from '../text/texts.ts'
import { loadExample } from './examples.ts'
import { readFiles } from './files.ts'
import { Opened } from './opened.tsx'
import { FaultBox, Mark } from './parts.tsx'
import { linkedIn } from './permalink.ts'
import type { Preferences } from './preferences.ts'
import { Gate, Welcome } from './welcome.tsx'
import { useWorkbench, type Workbench } from './workbench.ts'

/** The page. */
export function App({
  engine,
  preferences,
}: {
  readonly engine: Engine
  readonly preferences: Preferences
}): JSX.Element {
  const [language, setLanguage] = useState<Language>(preferences.language)
  const [theme, setTheme] = useState<Theme>(preferences.theme)
  useEffect(() => {
    document.documentElement.lang = language
    document.title = LANGUAGES[language].title
    document.documentElement.dataset['theme'] = theme
    preferences.keep({ language, theme })
  }, [language, theme, preferences])
  return (
    <LanguageContext.Provider value={language}>
      <Header language={language} onLanguage={setLanguage} theme={theme} onTheme={setTheme} />
      <Main engine={engine} />
      <Footer />
    </LanguageContext.Provider>
  )
}

function Header({
  language,
  onLanguage,
  theme,
  onTheme,
}: {
  language: Language
  onLanguage: (language: Language) => void
  theme: Theme
  onTheme: (theme: Theme) => void
}): JSX.Element {
  const t = useTexts()
  return (
    <header class="top">
      <a class="skip" href="#content">
        {t.skip}
      </a>
      <p class="brand">
        <Gate />
        <span>
          <strong>Sekisho</strong> <span class="faint wide-only">{t.tagline}</span>
        </span>
      </p>
      <p class="row">
        <select
          aria-label={t.language}
          value={language}
          onChange={(event) => onLanguage(event.currentTarget.value === 'ja' ? 'ja' : 'en')}
        >
          {Object.entries(LANGUAGES).map(([id, { name }]) => (
            <option key={id} value={id} lang={id}>
              {name}
            </option>
          ))}
        </select>
        <select
          aria-label={t.theme}
          value={theme}
          onChange={(event) => {
            const { value } = event.currentTarget
            onTheme(value === 'light' || value === 'dark' ? value : 'auto')
          }}
        >
          {Object.entries(t.themes).map(([id, name]) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </p>
    </header>
  )
}

function Main({ engine }: { engine: Engine }): JSX.Element {
  const t = useTexts()
  const bench = useWorkbench(engine)
  const [over, setOver] = useState(false)
  const { inputs, judged, fault, busy } = bench
  const files = async (list: readonly File[]): Promise<void> => {
    const read = await readFiles(list, t)
    if ('code' in read) bench.setFault(read)
    else await bench.open({ files: read })
  }
  useArrivals(bench, t, files, setOver)
  const text = (words: string): Promise<void> =>
    bench.open({ files: [{ name: 'text', bytes: new TextEncoder().encode(words) }] })
  const example = async (name: ExampleName): Promise<void> => {
    const found = await loadExample(name)
    if (found === undefined) bench.setFault({ message: t.fault.example, code: 'example' })
    else await bench.open(found)
  }
  const emulated = judged?.verdict.emulated === true
  return (
    <main id="content" class={over ? 'over' : ''} tabIndex={-1}>
      {emulated ? (
        <p class="emulated-bar">
          <Mark tone="emulated">{t.emulated}</Mark> {t.emulatedWhy}
        </p>
      ) : null}
      <p class="busy" role="status">
        {busy === undefined ? '' : t.busy[busy]}
      </p>
      {fault === undefined ? null : (
        <FaultBox code={fault.code} text={wordsOf(fault, t)} onDismiss={() => bench.setFault(undefined)} />
      )}
      {inputs.evidence === undefined ? (
        <Welcome
          onFiles={(list) => void files(list)}
          onText={(words) => void text(words)}
          onExample={(name) => void example(name)}
        />
      ) : (
        <Opened key={inputs.evidence.file.name} bench={bench} evidence={inputs.evidence} />
      )}
    </main>
  )
}

function wordsOf({ code, message }: { readonly code: string; readonly message: string }, t: Texts): string {
  if (code === 'time') return t.fault.time
  return code === 'no-evidence' ? t.fault.noEvidence : message
}

/** What reaches the page from outside: drops, pastes, and the evidence in a link. */
function useArrivals(
  bench: Workbench,
  t: Texts,
  onFiles: (list: readonly File[]) => Promise<void>,
  onOver: (over: boolean) => void,
): void {
  useEffect(() => {
    const linked = linkedIn(location.hash)
    if (linked === 'bad') bench.setFault({ message: t.fault.link, code: 'link' })
    else if (linked !== undefined) {
      const { file, at } = linked
      void bench.open({ files: [{ name: 'link', bytes: file }], ...(at === undefined ? {} : { at }) })
    }
    // Once: what the address said when the page came up.
  }, [])
  useEffect(() => {
    const dragged = (event: DragEvent): void => {
      event.preventDefault()
      onOver(event.type === 'dragover')
    }
    const dropped = (event: DragEvent): void => {
      event.preventDefault()
      onOver(false)
      const list = [...(event.dataTransfer?.files ?? [])]
      if (list.length > 0) void onFiles(list)
    }
    const pasted = (event: ClipboardEvent): void => {
      if (event.target instanceof HTMLTextAreaElement || event.target instanceof HTMLInputElement) return
      const list = [...(event.clipboardData?.files ?? [])]
      const words = event.clipboardData?.getData('text/plain') ?? ''
      if (list.length > 0) void onFiles(list)
      else if (words.trim() !== '')
        void bench.open({ files: [{ name: 'text', bytes: new TextEncoder().encode(words) }] })
    }
    addEventListener('dragover', dragged)
    addEventListener('dragleave', dragged)
    addEventListener('drop', dropped)
    addEventListener('paste', pasted)
    return () => {
      removeEventListener('dragover', dragged)
      removeEventListener('dragleave', dragged)
      removeEventListener('drop', dropped)
      removeEventListener('paste', pasted)
    }
  }, [bench.open, onFiles, onOver])
}

function Footer(): JSX.Element {
  const t = useTexts()
  return (
    <footer class="bottom small faint">
      <span>{t.local}</span> <span>{t.footer.offline}</span> <span>{t.footer.utc}</span>
    </footer>
  )
}
