'use client'

import { useEffect, useState } from 'react'
import { useChainConfig } from '../../lib/chain-config.tsx'
import { useOwner } from '../../lib/session.tsx'
import type { Act, Problem, TransactStep } from './act.ts'
import type { FollowUp } from './tell-follow-up.ts'
import { findUnfinished, trayKey, useTray } from './tray-store.ts'

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
    // sent for the very same by another tab, or before a reload: that one is shown, nobody pays twice
    const before = findUnfinished(key, act.followUp)
    if (before !== null) {
      setId(before.id)
      setStep('sent')
      return
    }
    setStep('checking')
    try {
      const { sendAct } = await import('./send-act.ts')
      const name = lockName(key, act.followUp)
      const sent = await oneTabAtATime(name, () =>
        sendAct({ act, owner, config, trayKey: key, name, onStep: setStep }),
      )
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
  /** What this page was to send is on chain since: sent before the page was left, say. */
  const already =
    isMine !== undefined &&
    entry === null &&
    entries.some((each) => each.state === 'done' && each.followUp !== undefined && isMine(each.followUp))
  return { run, reset, step: step === 'idle' && entry !== null ? 'sent' : step, problem, entry, already }
}

/** Of what is asked only once at a time; null where it does no harm to ask twice. */
const lockName = (key: string, of: FollowUp | undefined): string | null =>
  of === undefined ? null : `${key}:${of.kind}:${of.kind === 'order' ? of.sourceId : of.sectorId}`

const ASKED_ELSEWHERE: Problem = {
  message: 'Your wallet is being asked for the same in another tab.',
  hint: 'Answer there, or say no there and try again here.',
}

/** Work under a lock that all tabs share, if the browser has such locks; a reload gives it back. */
async function oneTabAtATime<T>(
  name: string | null,
  work: () => Promise<T>,
): Promise<T | { problem: Problem }> {
  if (name === null || navigator.locks === undefined) return work()
  return navigator.locks.request(name, { ifAvailable: true }, (lock) =>
    lock === null ? { problem: ASKED_ELSEWHERE } : work(),
  )
}
