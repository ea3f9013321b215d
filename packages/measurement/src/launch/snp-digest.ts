import { digestOf } from '../digest.ts'
import { PAGE_SIZE } from '../firmware/table.ts'

/** What a page is to the launch digest. */
export type SnpPageType = 'normal' | 'vmsa' | 'zero' | 'unmeasured' | 'secrets' | 'cpuid'

const TYPES: Readonly<Record<SnpPageType, number>> = {
  normal: 1,
  vmsa: 2,
  zero: 3,
  unmeasured: 4,
  secrets: 5,
  cpuid: 6,
}

const DIGEST = 48
/** Gpa that stands for every state page, which has none of its own. */
const VMSA_GPA = 0xfffffffff000n
/** Bytes of PAGE_INFO. */
const PAGE_INFO = 0x70

/** One page that was added. */
export interface SnpPage {
  readonly type: SnpPageType
  readonly gpa: bigint
  /** SHA-384 of the page, 48 bytes; zero where its contents are not measured. */
  readonly contents: Uint8Array
  /** The launch digest with it, 48 bytes. */
  readonly digest: Uint8Array
}

/**
 * The running launch digest of an SNP guest: each page that the hypervisor adds is one step.
 * @see AMD 56860, section 8.17.2 (SNP_LAUNCH_UPDATE, "Page Info")
 */
export class SnpLaunchDigest {
  #digest: Uint8Array
  readonly #onPage: ((page: SnpPage) => void) | undefined

  /**
   * @param start where to go on from, 48 bytes; the beginning unless given
   * @param onPage told of each page that is added
   */
  constructor(start: Uint8Array = new Uint8Array(DIGEST), onPage?: (page: SnpPage) => void) {
    if (start.length !== DIGEST) throw new TypeError(`digest: expected ${DIGEST} bytes`)
    this.#digest = start.slice()
    this.#onPage = onPage
  }

  /** The digest so far, 48 bytes. */
  get value(): Uint8Array {
    return this.#digest.slice()
  }

  /** Adds one page. Of a page with contents their SHA-384 is measured, of others that they are there. */
  async add(type: SnpPageType, gpa: bigint, page?: Uint8Array): Promise<void> {
    const contents = page === undefined ? new Uint8Array(DIGEST) : await digestOf('sha384', page)
    const info = new Uint8Array(PAGE_INFO)
    const view = new DataView(info.buffer)
    info.set(this.#digest, 0)
    info.set(contents, DIGEST)
    view.setUint16(2 * DIGEST, PAGE_INFO, true)
    view.setUint8(2 * DIGEST + 2, TYPES[type])
    view.setBigUint64(PAGE_INFO - 8, gpa, true)
    this.#digest = await digestOf('sha384', info)
    this.#onPage?.({ type, gpa, contents, digest: this.value })
  }

  /** Adds the pages of an image, whole ones, from an address on. */
  async addImage(image: Uint8Array, gpa: number): Promise<void> {
    for (let at = 0; at < image.length; at += PAGE_SIZE)
      await this.add('normal', BigInt(gpa + at), image.subarray(at, at + PAGE_SIZE))
  }

  /** Adds the first state of one processor. */
  addState(page: Uint8Array): Promise<void> {
    return this.add('vmsa', VMSA_GPA, page)
  }
}
