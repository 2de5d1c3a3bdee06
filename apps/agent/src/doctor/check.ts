import type { Address } from 'viem'
import type { AgentConfig } from '../config/agent-config.ts'
import type { CheckResult } from '../control/types.ts'
import type { Env } from '../env.ts'
import type { SectorInfo } from '../sector/types.ts'

/** What the checks look at. What is null leads to 'not checked'. */
export interface DoctorContext {
  dataDir: string
  /** null = not configured. */
  chain: AgentConfig['chain'] | null
  owner: Address | null
  env: Pick<Env, 'credentialsDirectory' | 'passwordFile'>
  /** From the running agent; null when none runs. */
  sectors: (() => Promise<readonly SectorInfo[]>) | null
}

export type Finding = Pick<CheckResult, 'result' | 'detail'> & { fix?: string }

export interface Check {
  /** Stable name for scripts. */
  name: string
  title: string
  /** May throw: a DmcError becomes 'failed' with its message and hint. */
  run(context: DoctorContext): Promise<Finding>
}

export const ok = (detail: string): Finding => ({ result: 'ok', detail })
export const warning = (detail: string, fix: string): Finding => ({ result: 'warning', detail, fix })
export const failed = (detail: string, fix: string): Finding => ({ result: 'failed', detail, fix })
export const notChecked = (detail: string, fix = ''): Finding => ({ result: 'not checked', detail, fix })
