import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { type Broker, type Database, openDatabase } from '../../src/index.ts'
import { fakeVerifier } from './fake-verifier.ts'
import { ACTOR, brokerOver, RESOURCE } from './kit.ts'
import { emptyModel, GOOD, PERMIT_ALL } from './machine-model.ts'
import { STEPS } from './machine-steps.ts'

/** What a run of the model test found. */
export interface ModelReport {
  readonly steps: number
  readonly secrets: number
}

const AT = new Date('2026-11-21T08:00:00Z')
// A database of its own now and then: a tick looks at everything that is in one.
const RUNS_A_DATABASE = 250

/** Runs sequences of steps against model and broker until `steps` were run. @throws what fast-check reports, with the shortest sequence */
export async function runModel(
  steps: number,
  seed: number,
  onProgress: (report: ModelReport) => void = () => undefined,
): Promise<ModelReport> {
  const report = { steps: 0, secrets: 0 }
  for (let round = 0; report.steps < steps; round++) {
    const { db, close } = await memoryDatabase()
    try {
      const broker = await brokerOver(db, fakeVerifier)
      await someRuns(broker, seed + round, Math.min(steps - report.steps, RUNS_A_DATABASE * 40), report)
    } finally {
      await close()
    }
    onProgress(report)
  }
  return report
}

async function someRuns(
  broker: Broker,
  seed: number,
  steps: number,
  report: { steps: number; secrets: number },
): Promise<void> {
  let run = 0
  const end = report.steps + steps
  await fc.assert(
    fc.asyncProperty(fc.commands([...STEPS], { maxCommands: 80, size: 'max' }), async (commands) => {
      if (report.steps >= end) return
      const tenants = [`r${run}-a`, `r${run++}-b`] as const
      const model = emptyModel(AT)
      for (const name of tenants) await settle(broker, name)
      await fc.asyncModelRun(() => ({ model, real: { broker, tenants } }), commands)
      for (const _command of commands) report.steps++
      report.secrets += model.secretsSeen
    }),
    { numRuns: RUNS_A_DATABASE, seed, endOnFailure: false },
  )
}

async function settle(broker: Broker, name: string): Promise<void> {
  const by = { actor: ACTOR, at: AT }
  await broker.admin.putSecret(name, { path: RESOURCE, bytes: Buffer.from('secret') }, by)
  await broker.admin.setPolicy(name, PERMIT_ALL, by)
  const values = { measurement: [GOOD] }
  await broker.admin.putReference(
    name,
    { name: 'good', tee: 'snp', values, owner: ACTOR, provenance: { kind: 'manual' } },
    by,
  )
}

/** A database whose disk is memory, where there is one: durability is proven elsewhere. */
async function memoryDatabase(): Promise<{ readonly db: Database; readonly close: () => Promise<void> }> {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'sekisho-model-'))
  const db = await openDatabase({ folder })
  return {
    db,
    close: async () => {
      await db.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
