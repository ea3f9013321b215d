import './start.css'
import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { StartProps } from '../../app/session.tsx'
import { useLanguage } from '../../text/language.ts'
import { SHELL } from '../../text/shell.ts'
import { PageHead } from '../../ui/page-parts.tsx'
import { RunGuide } from './run/run-guide.tsx'
import { START } from './texts.ts'
import { VerdictGuide } from './verdict/verdict-guide.tsx'

type Guide = 'run' | 'verdict'

/** Where the guides are: behind `#/start`, so that each can be linked to. */
const FRAGMENTS: Readonly<Record<Guide, string>> = { run: '#/start', verdict: '#/start/verdict' }

/** Two guides: a first run that ends with a released secret and a receipt, and a walk through a verdict. */
export function StartPage({ signedIn, bench }: StartProps): JSX.Element {
  const language = useLanguage()
  const t = START[language]
  const guide = useGuide()
  return (
    <div class="start">
      <PageHead title={SHELL[language].start} lead={t.lead} />
      <nav class="guides" aria-label={t.guides.label}>
        {(['run', 'verdict'] as const).map((one) => (
          <a key={one} href={FRAGMENTS[one]} aria-current={one === guide ? 'page' : undefined}>
            {t.guides[one]}
          </a>
        ))}
      </nav>
      {guide === 'run' ? <RunGuide signedIn={signedIn} /> : <VerdictGuide bench={bench} />}
    </div>
  )
}

function useGuide(): Guide {
  const [guide, setGuide] = useState<Guide>(guideNow)
  useEffect(() => {
    const moved = (): void => setGuide(guideNow())
    addEventListener('hashchange', moved)
    return () => removeEventListener('hashchange', moved)
  }, [])
  return guide
}

function guideNow(): Guide {
  return location.hash === FRAGMENTS.verdict ? 'verdict' : 'run'
}
