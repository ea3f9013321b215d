export { readCompositeExpectations } from './expectations.ts'
export type {
  CompositeExpectations,
  CompositeOptions,
  CompositePart,
  PartDoor,
  PartExpectations,
  PartRequest,
  WrapperKeys,
} from './model.ts'
export { compositeParts } from './parts.ts'
export { compositeCheckIds, verifyComposite } from './verify.ts'
