'use client'

import { useEffect, useState } from 'react'
import { useChainConfig } from '../../lib/chain-config.tsx'
import { useOwner } from '../../lib/session.tsx'
import type { Act, Problem, TransactStep } from './act.ts'
import type { FollowUp } from './tell-follow-up.ts'
import { trayKey, useTray } from './tray-store.ts'

/**
 * One transaction of this page: how far it is, what is wrong with it, and its entry in the tray once it is sent.
 * @param isMine tells which unfinished transaction is this page's own, sent before a reload or in another tab: it is shown on
 * instead of the button, so that nobody pays twice
 */
export function useTransact(isMine?: (followUp: FollowUp) => boolean) {
  const config = useChainConfig()
  const owner = useOwner()
  const key = trayKey(config.chainId, owner)
  const [step, setStep] = useState<TransactStep>('idle')
  const [problem, setProblem] = useState<Problem | null>(null)
  const [id, setId] = useState<string | null>(null)
  const entries = useTray(key)
  const unfinished =
    step === 'idle' && id === null && isMine !== undefined
      ? entries.find(
          (each) => each.state === 'submitted' && each.followUp !== undefined && isMine(each.followUp),
        )
      : undefined
  const entry = unfinished ?? entries.find((candidate) => candidate.id === id) ?? null
  // held from here on: it is shown also when it has ended
  const found = unfinished?.id
  useEffect(() => {
    if (found !== undefined) setId(found)
  }, [found])

  const run = async (act: Act): Promise<void> => {
    setProblem(null)
    setId(null)
    setStep('checking')
    try {
      const { sendAct } = await import('./send-act.ts')
      const sent = await sendAct({ act, owner, config, trayKey: key, onStep: setStep })
      if (sent !== null && 'id' in sent) {
        setId(sent.id)
        setStep('sent')
        return
      }
      if (sent !== null) setProblem(sent.problem)
    } catch {
      // the dashboard is out of reach, so what sends could not be loaded
      setProblem({
        message: 'It was not sent: the dashboard can’t be reached.',
        hint: 'Try again in a moment.',
      })
    }
    setStep('idle')
  }
  const reset = () => {
    setStep('idle')
    setProblem(null)
    setId(null)
  }
  return { run, reset, step: step === 'idle' && entry !== null ? 'sent' : step, problem, entry }
}
