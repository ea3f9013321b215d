import type { Tee } from '@sekisho/evidence'

/** Evidence that nobody vouches for but by files which the operator gave: key sets, endorsed keys, images. */
export const FROM_FILES: readonly Tee[] = ['token', 'cca', 'psa', 'ibm-se']
