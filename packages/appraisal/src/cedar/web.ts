import type { Cedar, CedarSource } from './cedar.ts'

/** Loads Cedar where WebAssembly is fetched: from beside the script, or from `source`. */
export async function openCedar(source?: CedarSource): Promise<Cedar> {
  const web = await import('@cedar-policy/cedar-wasm/web')
  await (source === undefined ? web.default() : web.default({ module_or_path: source }))
  return web
}
