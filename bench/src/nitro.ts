import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NITRO } from './further.ts'
import type { Row } from './rows.ts'

/**
 * Nitro against `@evervault/attestation-bindings`, native and WebAssembly. Both take the time from the clock only, and
 * leaf certificates live for three hours: they are shown the time of the sample. For the native one that takes a C
 * compiler; without one its row is missing, and a line says so.
 */
export function nitroPeerRows(vectors: string): readonly Row[] {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-bench-'))
  try {
    const library = clockLibrary(folder)
    if (library === undefined) console.log('not measured: nitro / @evervault/attestation-bindings (native): no cc')
    const clock = String(NITRO.at.getTime() / 1000)
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(import.meta.dirname, 'nitro-peers.js'), vectors],
      {
        encoding: 'utf8',
        env: { ...process.env, ...(library === undefined ? {} : { LD_PRELOAD: library, SEKISHO_BENCH_TIME: clock }) },
      },
    )
    if (status !== 0) throw new Error(`the Nitro benchmarks failed: ${stderr}`)
    const rows: readonly Row[] = JSON.parse(stdout)
    return rows
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The wall clock stands still at SEKISHO_BENCH_TIME; the monotonic one, by which is measured, is the system's. */
const CLOCK = `
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t id, struct timespec *now) {
  static long long at = -1;
  if (at == -1) at = getenv("SEKISHO_BENCH_TIME") ? atoll(getenv("SEKISHO_BENCH_TIME")) : 0;
  int result = syscall(SYS_clock_gettime, id, now);
  if (result == 0 && id == CLOCK_REALTIME && at > 0) now->tv_sec = at;
  return result;
}
`

function clockLibrary(folder: string): string | undefined {
  const [source, library] = [join(folder, 'clock.c'), join(folder, 'clock.so')]
  writeFileSync(source, CLOCK)
  const { status } = spawnSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, source], { stdio: 'ignore' })
  return status === 0 ? library : undefined
}
