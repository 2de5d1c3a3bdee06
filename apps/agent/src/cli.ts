// The entry of the agent, from source and in the published bundle. A worker thread starts this same file: it must do
// nothing else than its work.
import { isDmcWorker } from './worker/run-worker.ts'

if (!isDmcWorker()) {
  const { main } = await import('./main.ts')
  await main(process.argv)
}
