import type { PckCertificate } from '@sekisho/collateral'
import { firstFound, sourceFor } from '@sekisho/collateral/requests'
import { hasPckChain, intelRequest, platformOf } from '@sekisho/collateral/requests/intel'
import { canonicalJson } from '@sekisho/evidence'
import { type DcapCollateral, prepareDcapCollateral, type Quote } from '@sekisho/evidence/sgx'
import { keep, keptObject, sha256 } from './bytes.ts'
import { type Held, holdFor, holding, RETRY_MS } from './held.ts'
import type { Judged, JudgeRequest, KeptCollateral, Surroundings } from './model.ts'
import { trying } from './trying.ts'

/** Intel's endorsements of one platform, ready to be used, and as they are kept. */
export interface IntelEndorsed {
  readonly collateral: DcapCollateral
  readonly kept: KeptCollateral
  /** See {@link Judged.missing}. */
  readonly missing?: string
}

/** Finds endorsements of SGX or TDX quotes. */
export function intelEndorser(
  tee: 'sgx' | 'tdx',
  around: Surroundings,
): (quote: Quote<unknown>, request: JudgeRequest) => Promise<IntelEndorsed> {
  const platforms: Held<PckCertificate> = holding(around.maxHeld)
  const strangers: Held<string> = holding(around.maxHeld)
  const held: Held<IntelEndorsed> = holding(around.maxHeld)
  const prepared: Held<IntelEndorsed> = holding(around.maxHeld)
  const ready = (bytes: Uint8Array): IntelEndorsed => {
    const kept = keep(bytes)
    const known = prepared.get(kept.sha256, 0)
    if (known !== undefined) return known
    const made = { collateral: prepareDcapCollateral(keptObject(kept.bytes)), kept }
    prepared.set(kept.sha256, made, Number.POSITIVE_INFINITY)
    return made
  }
  return async (quote, request) => {
    if (request.kept !== undefined) return ready(request.kept)
    const source = request.source ?? (await sourceFor(around.options.bundles ?? [], around.options.source, request.at))
    if (source === undefined) return ready(NO_COLLATERAL)
    const now = request.at.getTime()
    const chainKey = sha256(canonicalBytes(quote))
    const stranger = request.source === undefined && request.refresh !== true ? strangers.get(chainKey, now) : undefined
    if (stranger !== undefined) return without(ready(NO_COLLATERAL), stranger)
    let missing = ''
    const missed = (what: string): void => {
      missing = what
    }
    const platform =
      platforms.get(chainKey, now) ??
      (await trying(() => platformOf(quote, undefined, (one) => source.pck(one), missed), around.trouble, missed))
    if (platform === undefined) {
      // Whoever comes again at once is no reason to ask the vendor again at once.
      if (request.source === undefined) strangers.set(chainKey, missing, now + RETRY_MS)
      return without(ready(NO_COLLATERAL), missing)
    }
    platforms.set(chainKey, platform, now + around.holdMs)
    const asked = intelRequest(tee, platform)
    const { update } = request
    const own = request.source !== undefined || update !== undefined
    const key = `${asked.fmspc} ${asked.ca} ${hasPckChain(quote) ? '' : chainKey}`
    const known = own || request.refresh === true ? undefined : held.get(key, now)
    if (known !== undefined) return known
    const found = await trying(
      () => firstFound([() => source.intel(update === undefined ? asked : { ...asked, update })], missed),
      around.trouble,
      missed,
    )
    const chain = hasPckChain(quote) ? {} : { pck_certificate_chain: platform.chain }
    // SGX and TDX of one platform have TCB information of their own: one is no news of the other.
    const question = `intel ${asked.fmspc} ${asked.ca} ${tee}`
    if (!own) around.noted(question, found && Buffer.from(canonicalJson(found.collateral)))
    const made = without(ready(Buffer.from(canonicalJson({ ...found?.collateral, ...chain }))), missing)
    // A look at live leases that finds the vendor out of reach takes nothing away from whoever attests next.
    if (!own && (found !== undefined || held.get(key, now) === undefined))
      held.set(key, made, now + (found === undefined ? RETRY_MS : holdFor(found.window, now, around.holdMs)))
    return made
  }
}

function without(endorsed: IntelEndorsed, missing: string): IntelEndorsed {
  return missing === '' ? endorsed : { ...endorsed, missing }
}

const NO_COLLATERAL: Uint8Array = Buffer.from('{}')

// What names the platform: its chain, or the ids that stand for it.
function canonicalBytes({ certification, header }: Quote<unknown>): Uint8Array {
  if ('data' in certification) return Buffer.concat([certification.data])
  return Buffer.from(JSON.stringify({ certification, user: Buffer.from(header.userData).toString('hex') }))
}
