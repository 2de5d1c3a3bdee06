'use client'

import { useSyncExternalStore } from 'react'

const never = () => () => {}

/** False on the server and in the first rendering of its page, then true: for what this browser alone knows, such as a kept draft. */
export const useMounted = (): boolean =>
  useSyncExternalStore(
    never,
    () => true,
    () => false,
  )
