import { describe } from 'node:test'
import { runsAsItSays } from '../page.ts'

describe('docs/checkpoint.md', () => {
  runsAsItSays('checkpoint.md', 26, ['try/world.json'])
})
