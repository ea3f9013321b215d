import { render } from 'preact'
import { App } from './app/app.tsx'
import { startEngine } from './engine/client.ts'
import { readPreferences } from './ui/preferences.ts'

/** Longest that one file or one verdict may take. */
const LIMIT_MS = 10_000

const engine = startEngine(
  () => new Worker(new URL('./engine/worker.ts', import.meta.url), { type: 'module' }),
  LIMIT_MS,
)
const setup = setupSecret()
const home = document.getElementById('page')
if (home !== null) render(<App engine={engine} preferences={readPreferences()} setup={setup} />, home)

/** The secret of the one-time link that the page was opened by. It leaves the address, and with it the history, at once. */
function setupSecret(): string | undefined {
  if (!location.pathname.endsWith('/setup')) return undefined
  const secret = location.hash.slice(1)
  history.replaceState(null, '', `${location.pathname.slice(0, -'setup'.length)}#/start`)
  return secret === '' ? undefined : secret
}

if ('serviceWorker' in navigator) {
  addEventListener('load', () => {
    // Without it the page works as long as there is a network: nothing to tell the reader.
    navigator.serviceWorker.register('sw.js').catch(() => undefined)
  })
}
