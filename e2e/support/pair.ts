import type { AgentProcess } from '@dmc/testkit/agent-process'

export interface Pairing {
  code: string
  words: string
  url: string
  /** Resolves when the host has heard the answer. */
  done: Promise<void>
}

/** Runs `dmc-agent pair` on a host and gives what it shows; somebody must then approve it in a browser. */
export async function startPairing(
  agent: AgentProcess,
  of: {
    server: string
    owner: string
    role: 'user' | 'miner'
    allow: ('read' | 'restore' | 'sector')[]
    folders: string[]
  },
): Promise<Pairing> {
  const allow = of.allow.flatMap((kind, i) => [`--allow-${kind}`, of.folders[i] ?? ''])
  return new Promise((resolve, reject) => {
    let told = false
    const run = agent.cli(
      [
        'pair',
        '--server',
        of.server,
        '--owner',
        of.owner,
        '--role',
        of.role,
        '--name',
        agent.name,
        ...allow,
        '--json',
      ],
      (line) => {
        const shown = JSON.parse(line) as { type?: string; code?: string; words?: string; url?: string }
        if (told || shown.code === undefined) return
        told = true
        resolve({
          code: shown.code,
          words: shown.words ?? '',
          url: shown.url ?? '',
          done: run.then((result) => {
            if (result.exitCode !== 0) throw new Error(`pairing failed: ${result.stdout}${result.stderr}`)
          }),
        })
      },
    )
    run.then((result) => {
      if (!told)
        reject(new Error(`dmc-agent pair ended with ${result.exitCode}: ${result.stdout}${result.stderr}`))
    }, reject)
  })
}
