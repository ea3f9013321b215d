export { type BootLogKind, bootLogKind } from './boot-log.ts'
export { dcapCollateralOf, dcapMembersUnread } from './dcap-collateral.ts'
export { type JsonFault, jsonFault } from './json-error.ts'
export {
  type Companion,
  type CompanionKind,
  MAX_INPUT,
  MAX_PARTS,
  MAX_WRAPPERS,
  type Recognised,
  type RecognisedPart,
  type Wrapper,
} from './model.ts'
export { recognise, recogniseParts } from './recognise.ts'
