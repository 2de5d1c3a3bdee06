import { useSyncExternalStore } from 'react'

/** Whether this browser tells of new alerts itself, while a page is open; kept here alone. */
const KEY = 'dmc-browser-notes'
const listeners = new Set<() => void>()

export const canNotify = (): boolean => typeof window !== 'undefined' && 'Notification' in window

function read(): boolean {
  try {
    return canNotify() && Notification.permission === 'granted' && localStorage.getItem(KEY) === '1'
  } catch {
    return false // a browser that keeps nothing
  }
}

/** Asks the person once; false when the browser, or the person, says no. */
export async function setBrowserNotes(on: boolean): Promise<boolean> {
  const granted = !on || (canNotify() && (await Notification.requestPermission()) === 'granted')
  try {
    localStorage.setItem(KEY, on && granted ? '1' : '0')
  } catch {}
  for (const tell of listeners) tell()
  return granted
}

export const useBrowserNotes = (): boolean =>
  useSyncExternalStore(
    (tell) => {
      listeners.add(tell)
      return () => listeners.delete(tell)
    },
    read,
    () => false,
  )
