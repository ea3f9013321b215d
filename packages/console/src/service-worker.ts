/** What this file uses of a service worker's world: the browser library's types are those of a page. */
interface WorkerEvent extends Event {
  waitUntil(work: Promise<unknown>): void
}
interface FetchingEvent extends WorkerEvent {
  readonly request: Request
  respondWith(answer: Promise<Response>): void
}

/** Every file of the page; the build writes the list here, so that a new build is a new worker. */
const FILES: readonly string[] = JSON.parse('["__FILES__"]')
const CACHE = `sekisho-${'__VERSION__'}`

const worker = self as unknown as EventTarget & { skipWaiting(): Promise<void> }

worker.addEventListener('install', (event) => {
  const kept = caches.open(CACHE).then((cache) => cache.addAll(['./', ...FILES]))
  ;(event as WorkerEvent).waitUntil(kept.then(() => worker.skipWaiting()))
})

worker.addEventListener('activate', (event) => {
  const old = caches.keys().then((names) => names.filter((name) => name.startsWith('sekisho-') && name !== CACHE))
  ;(event as WorkerEvent).waitUntil(old.then((names) => Promise.all(names.map((name) => caches.delete(name)))))
})

worker.addEventListener('fetch', (event) => {
  const { request } = event as FetchingEvent
  const url = new URL(request.url)
  // Only the page's own files: the API of a server on the same origin is never answered from here.
  const own = url.origin === location.origin && (request.mode === 'navigate' || isOwn(url))
  if (request.method === 'GET' && own) (event as FetchingEvent).respondWith(answer(request))
})

function isOwn(url: URL): boolean {
  const home = new URL('./', location.href).href
  return url.href.startsWith(home) && FILES.includes(url.href.slice(home.length))
}

/** A page from the network while there is one, so that a new build shows; its parts, whose names change with them, from the cache. */
async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE)
  if (request.mode !== 'navigate') return (await cache.match(request)) ?? fetch(request)
  try {
    return await fetch(request)
  } catch (error) {
    const page = await cache.match('./')
    if (page === undefined) throw error
    return page
  }
}
