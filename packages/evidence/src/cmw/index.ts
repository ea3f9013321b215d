export { CMW_EXTENSION, cmwOfCertificate, cmwOfJws, cmwOfSign1 } from './carriers.ts'
export { contentFormatOfTag, mediaTypeOf, tagOfContentFormat } from './content-formats.ts'
export { CMW_MAX_SIZE, decodeCmw } from './decode.ts'
export { encodeCmwCbor, encodeCmwJson } from './encode.ts'
export {
  CMW_BOUNDS,
  CMW_INDICATORS,
  type Cmw,
  type CmwCollection,
  type CmwEntry,
  type CmwIndicator,
  type CmwLeaf,
  type CmwRecord,
  recordsOf,
} from './message.ts'
