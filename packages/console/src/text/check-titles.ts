import { useEffect, useState } from 'preact/hooks'
import { useLanguage } from './language.ts'

type Titles = Readonly<Record<string, string>>

/** Japanese titles by the part of an id before its first dot; each is loaded when a check of its kind is shown. */
const LOADERS: Readonly<Record<string, () => Promise<{ readonly titles: Titles }>>> = {
  snp: () => import('./checks-ja/snp.ts'),
  sev: () => import('./checks-ja/sev.ts'),
  tdx: () => import('./checks-ja/tdx.ts'),
  sgx: () => import('./checks-ja/sgx.ts'),
  ias: () => import('./checks-ja/ias.ts'),
  nitro: () => import('./checks-ja/nitro.ts'),
  cca: () => import('./checks-ja/cca.ts'),
  psa: () => import('./checks-ja/psa.ts'),
  tpm: () => import('./checks-ja/tpm.ts'),
  azure: () => import('./checks-ja/azure.ts'),
  nvidia: () => import('./checks-ja/nvidia.ts'),
  'ibm-se': () => import('./checks-ja/ibm-se.ts'),
  composite: () => import('./checks-ja/composite.ts'),
  token: () => import('./checks-ja/token.ts'),
}

const loaded = new Map<string, Titles>()

/** The Japanese title of a check or group; undefined for an id that has none. */
export async function japaneseTitle(id: string): Promise<string | undefined> {
  const [kind, rest] = split(id)
  const load = Object.hasOwn(LOADERS, kind) ? LOADERS[kind] : undefined
  if (load === undefined) return undefined
  const titles = loaded.get(kind) ?? (await load()).titles
  loaded.set(kind, titles)
  return Object.hasOwn(titles, rest) ? titles[rest] : undefined
}

/**
 * Titles of checks and groups in the reader's language: the given English one in English, and in Japanese until that is
 * loaded, or where there is none.
 *
 * @param ids what will be asked for, so that its kinds are loaded
 */
export function useCheckTitles(
  ids: readonly string[],
): (id: string, english: string | undefined) => string | undefined {
  const isJapanese = useLanguage() === 'ja'
  const [, setTurn] = useState(0)
  const missing = isJapanese ? [...new Set(ids.map((id) => split(id)[0]))].filter((kind) => !loaded.has(kind)) : []
  useEffect(() => {
    let wanted = true
    for (const kind of missing)
      japaneseTitle(`${kind}.`).then(
        () => {
          if (wanted) setTurn((before) => before + 1)
        },
        // Offline before they were kept: English titles stay.
        () => undefined,
      )
    return () => {
      wanted = false
    }
  }, [missing.join()])
  return (id, english) => {
    if (!isJapanese) return english
    const [kind, rest] = split(id)
    const titles = loaded.get(kind)
    return titles !== undefined && Object.hasOwn(titles, rest) ? titles[rest] : english
  }
}

function split(id: string): readonly [kind: string, rest: string] {
  const dot = id.indexOf('.')
  return dot < 0 ? [id, ''] : [id.slice(0, dot), id.slice(dot + 1)]
}
