export { type CborBounds, decodeCbor } from './decode.ts'
export { type CborItem, type CborMap, entryOf } from './item.ts'
export { COSE_ALGORITHMS, type CoseSign1, readSign1, sign1Input } from './sign1.ts'
export { arrayOf, integerOf, mapOf, wrongItem } from './typed.ts'
