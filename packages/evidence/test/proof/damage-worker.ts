import { parentPort, workerData } from 'node:worker_threads'
import { damage } from './damage.ts'
import { type Errand, type Opened, openSubject } from './damage-plan.ts'
import type { Subject } from './subjects.ts'

// Structured cloning keeps the subjects' shape: they are plain data.
const subjects = workerData as readonly Subject[]
const opened = new Map<number, Opened>()
// Most of the damage ends in an error, whose stack nobody reads, and collecting one takes longer than the refusal. A
// crash says its message.
Error.stackTraceLimit = 0

parentPort?.on('message', (errand: Errand) => {
  const subject = subjects[errand.subject]
  if (subject === undefined) throw new Error('an errand for a subject that does not exist')
  const known = opened.get(errand.subject) ?? openSubject(subject)
  opened.set(errand.subject, known)
  const target = known.targets[errand.target]
  if (target === undefined) throw new Error('an errand for a target that does not exist')
  parentPort?.postMessage({ errand, part: target.part, damage: damage(target, known.undamaged, errand.depth) })
})
