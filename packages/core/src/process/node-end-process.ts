/** Something that still holds the event loop is not waited for any longer. */
const LINGER_MS = 1000

/**
 * Ends this process with `code` when what was written has gone out, even if something still holds the event loop. Node is left to end by
 * itself: told to exit, it waits for what is being compiled beside this thread, and that may wait for this thread to collect garbage.
 * About one command in fifty that were done, and had said so, never ended on a busy machine (nodejs/node 54918).
 */
export async function endProcess(code: number): Promise<void> {
  process.exitCode = code
  await new Promise((done) => process.stdout.write('', done))
  await new Promise((done) => process.stderr.write('', done))
  setTimeout(() => process.exit(code), LINGER_MS).unref()
}
