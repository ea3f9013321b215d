import { fromBase64 } from '../engine/bytes.ts'
import { isRecord, textMember } from '../engine/json.ts'
import type { GivenFile } from '../engine/messages.ts'
import type { ExampleName } from '../text/texts.ts'
import type { Opening } from './workbench.ts'

/** Loads an example that was built with the page; undefined when it cannot be had. */
export async function loadExample(name: ExampleName): Promise<Opening | undefined> {
  try {
    const answer = await fetch(`examples/${name}.json`)
    const content: unknown = answer.ok ? await answer.json() : undefined
    if (!isRecord(content) || !Array.isArray(content['files'])) return undefined
    const files = content['files'].filter(isRecord).map(
      (file): GivenFile => ({
        name: textMember(file, 'name'),
        bytes: fromBase64(textMember(file, 'base64')) ?? new Uint8Array(),
      }),
    )
    const { allowEmulated, ...expect } = isRecord(content['expect']) ? content['expect'] : {}
    return { files, expect, allowEmulated: allowEmulated === true }
  } catch {
    // Offline before the examples were kept, or the server is gone: the reader is told that it is not there.
    return undefined
  }
}
