import { render } from 'preact'
import { startEngine } from './engine/client.ts'
import { App } from './ui/app.tsx'
import { readPreferences } from './ui/preferences.ts'

/** Longest that one file or one verdict may take. */
const LIMIT_MS = 10_000

const engine = startEngine(
  () => new Worker(new URL('./engine/worker.ts', import.meta.url), { type: 'module' }),
  LIMIT_MS,
)
const home = document.getElementById('page')
if (home !== null) render(<App engine={engine} preferences={readPreferences()} />, home)

if ('serviceWorker' in navigator) {
  addEventListener('load', () => {
    // Without it the page works as long as there is a network: nothing to tell the reader.
    navigator.serviceWorker.register('sw.js').catch(() => undefined)
  })
}
