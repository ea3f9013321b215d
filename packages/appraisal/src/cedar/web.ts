import type { Cedar } from './cedar.ts'

/** Loads Cedar where WebAssembly is fetched from beside the script. */
export async function openCedar(): Promise<Cedar> {
  const web = await import('@cedar-policy/cedar-wasm/web')
  await web.default()
  return web
}
