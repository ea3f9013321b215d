import { canonicalJson } from '@sekisho/evidence'
import type { Around } from '../around.ts'
import { EXIT } from '../exit.ts'
import { renderFields } from '../render/fields.ts'
import { toYaml } from '../render/yaml.ts'
import { doorOf } from '../tee/doors.ts'
import { inFile, readEvidence, sha256 } from './evidence-file.ts'

/** Options of `sekisho inspect`. */
export interface InspectOptions {
  readonly json?: true
  readonly asExpectations?: true
  readonly verbose?: true
}

/** Decodes evidence without verifying anything. */
export async function inspectCommand(file: string, options: InspectOptions, around: Around): Promise<number> {
  const recognised = await readEvidence(file, around)
  const door = await doorOf(recognised.tee)
  if (options.asExpectations === true) {
    const skeleton = inFile(file, () => door.skeleton(recognised.evidence))
    around.out(
      options.json === true
        ? `${canonicalJson(skeleton)}\n`
        : `# values of ${recognised.form}, unverified: keep what you know to be right\n${toYaml(skeleton)}`,
    )
    return EXIT.ok
  }
  const fields = inFile(file, () => door.fields(recognised.evidence))
  const digest = sha256(recognised.evidence)
  if (options.json === true) {
    const companions = recognised.companions.map(({ bytes, ...about }) => ({ ...about, length: bytes.length }))
    const { tee, form, wrappers, unused, evidence } = recognised
    around.out(
      `${canonicalJson({ tee, form, length: evidence.length, sha256: digest, wrappers, companions, unused, fields })}\n`,
    )
    return EXIT.ok
  }
  around.out(renderFields({ recognised, sha256: digest, fields, verbose: options.verbose === true }, around))
  return EXIT.ok
}
