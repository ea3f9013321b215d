// One of several processes that use the same cache folder at once: exits with 1 when it is given anything
// but a whole entry that some process has put.
import { diskCache } from '../src/index.ts'

const [folder = '', seed = '0'] = process.argv.slice(2)
const cache = diskCache({ folder, maxBytes: 200_000 })

for (let round = 0; round < 60; round++) {
  const request = `request ${round % 7}`
  const fill = (Number(seed) * 31 + round) % 256
  await cache.put(request, {
    body: new Uint8Array(20_000 + round).fill(fill),
    headers: { fill: String(fill) },
    fetched: round,
    expires: round,
  })
  const got = await cache.get(`request ${(round * 3) % 7}`)
  if (got === undefined) continue
  const whole =
    got.body.length === 20_000 + got.fetched && got.body.every((byte) => byte === Number(got.headers['fill']))
  if (!whole) process.exit(1)
}
