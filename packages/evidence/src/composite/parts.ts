import { encodeBase64 } from '../core/base64url.ts'
import type { Tee } from '../core/verdict.ts'
import { splitNvidiaEvidence } from '../nvidia/envelope.ts'
import type { Companion, Recognised, RecognisedPart } from '../recognise/index.ts'
import { recogniseParts } from '../recognise/index.ts'
import { CHECK_PREFIXES, type CompositePart } from './model.ts'

/** Where the KBS protocol has the evidence of devices. */
const BESIDE = 'additional_evidence/'
const LONGEST_NAME = 48

/**
 * The pieces of composite evidence, by name. GPUs and NVSwitches are one piece, `gpus`, however they were sent:
 * what is asked of a node (one nonce, one mode, links to each other) is asked of all of them together.
 *
 * @throws EvidenceError when one of them cannot be recognised
 */
export function compositeParts(evidence: Uint8Array): readonly CompositePart[] {
  const found = recogniseParts(evidence)
  const gpus = found.filter(({ recognised }) => recognised.tee === 'nvidia-gpu')
  const names = new Set<string>()
  const named = ({ label, recognised }: RecognisedPart): CompositePart => ({
    name: uniqueName(nameOf(label, recognised.tee), names),
    device: label.startsWith(BESIDE),
    recognised,
    wrappedBy: signedWrappers(recognised),
  })
  if (gpus.length < 2) return found.map(named)
  const others = found.filter((part) => !gpus.includes(part)).map(named)
  const device = gpus.some(({ label }) => label.startsWith(BESIDE))
  const recognised = oneNode(gpus.map((one) => one.recognised))
  const [first, ...more] = gpus.map((one) => signedWrappers(one.recognised))
  const wrappedBy = (first ?? []).filter((wrapper) => more.every((all) => all.includes(wrapper)))
  return [...others, { name: uniqueName('gpus', names), device, recognised, wrappedBy }]
}

function signedWrappers({ companions }: Recognised): readonly Companion[] {
  return companions.filter(({ kind }) => kind === 'signed-wrapper')
}

// Labels are the sender's: what is shown is a word. The machine's own evidence has none. What is expected of one kind of
// evidence is no expectation of another that was given its name.
function nameOf(label: string, tee: Tee): string {
  const word = (label.startsWith(BESIDE) ? label.slice(BESIDE.length) : label)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST_NAME)
    .replace(/^-|-$/g, '')
  if (word === '') return 'machine'
  const isOtherKind = word !== tee && Object.hasOwn(CHECK_PREFIXES, word)
  return /^[a-z]/.test(word) && !isOtherKind ? word : `part-${word}`
}

function uniqueName(name: string, taken: Set<string>): string {
  let free = name
  for (let n = 2; taken.has(free); n++) free = `${name}-${n}`
  taken.add(free)
  return free
}

function oneNode(devices: readonly Recognised[]): Recognised {
  const list = devices
    .flatMap(({ evidence }) => splitNvidiaEvidence(evidence))
    .map(({ report, certificateChain }) => ({
      evidence: encodeBase64(report),
      ...(certificateChain === undefined ? {} : { certificate: encodeBase64(certificateChain) }),
    }))
  return {
    tee: 'nvidia-gpu',
    form: 'NVIDIA evidence of several devices',
    evidence: new TextEncoder().encode(JSON.stringify(list)),
    wrappers: distinct(devices.flatMap(({ wrappers }) => wrappers)),
    companions: distinct<Companion>(devices.flatMap(({ companions }) => companions)),
    unused: distinct(devices.flatMap(({ unused }) => unused)),
  }
}

function distinct<T>(all: readonly T[]): readonly T[] {
  return [...new Set(all)]
}
