export { type Companion, type CompanionKind, MAX_INPUT, MAX_WRAPPERS, type Recognised, type Wrapper } from './model.ts'
export { recognise } from './recognise.ts'
