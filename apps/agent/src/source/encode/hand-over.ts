import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads'

/**
 * A port by which a thread gets `data` that the main thread, which starts it, never sees: it would keep the memory that is shared there until
 * it collects its garbage, long after both threads are gone.
 */
export function handOver(data: unknown): MessagePort {
  const { port1, port2 } = new MessageChannel()
  port1.postMessage(data)
  port1.unref()
  return port2
}

/** What was handed over. */
export function takeOver<T>(port: MessagePort): T {
  const received = receiveMessageOnPort(port)
  if (!received) throw new Error('nothing was handed over')
  return received.message as T
}
