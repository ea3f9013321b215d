import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const found = spawnSync('openssl', ['version']).status === 0

/** Reason to skip a test that needs openssl, or false. */
export const withoutOpenssl: string | false = found ? false : 'the openssl command was not found'

/** Runs openssl in a folder that holds `files`. @returns its exit code and all it printed */
export function openssl(
  files: Readonly<Record<string, string | Uint8Array>>,
  ...args: string[]
): { readonly status: number | null; readonly text: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-emulator-'))
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
    const { status, stdout, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' })
    return { status, text: stdout + stderr }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
