import type { FromWorker, ToWorker } from './messages.ts'
import { faultOf, WORK } from './work.ts'

/**
 * The worker: reads and judges bytes away from the page, so that the page can end it when it takes too long. It is
 * given everything with each message and keeps nothing.
 */
async function answer(message: ToWorker): Promise<FromWorker> {
  const { id } = message
  try {
    switch (message.ask) {
      case 'place':
        return { id, value: await WORK.place(message.input) }
      case 'anchor':
        return { id, value: await WORK.anchor(message.input) }
      case 'verify':
        return { id, value: await WORK.verify(message.input) }
    }
  } catch (error) {
    return { id, fault: faultOf(error) }
  }
}

self.addEventListener('message', (event: MessageEvent<ToWorker>) => {
  void answer(event.data).then((reply) => self.postMessage(reply))
})
