/** How long each may take, in ms, before the socket counts as lost. */
export interface Patience {
  /** From the first byte to the open socket; browsers wait for minutes. */
  openMs: number
  /** For the other side's goodbye; browsers wait for a minute, and tell nobody until then. */
  closeMs: number
}

/**
 * A WebSocket that gives up soon, so that another can be tried: a network that swallows what is sent, or a server that can't answer for
 * a while, looks to a browser like one that is about to answer. Once it is given up, nothing more is heard of it.
 */
export function impatient(Base: typeof WebSocket, { openMs, closeMs }: Patience): typeof WebSocket {
  return class extends Base {
    #ended = false
    #timer: ReturnType<typeof setTimeout> | undefined

    constructor(...given: ConstructorParameters<typeof WebSocket>) {
      super(...given)
      this.#timer = setTimeout(() => this.#giveUp(), openMs)
      this.addEventListener('open', () => clearTimeout(this.#timer))
      this.addEventListener('close', (event) => {
        clearTimeout(this.#timer)
        if (this.#ended) event.stopImmediatePropagation()
        this.#ended = true
      })
      // the first to listen: what comes after the end reaches nobody
      for (const kind of ['open', 'message', 'error'] as const)
        this.addEventListener(kind, (event) => this.#ended && event.stopImmediatePropagation())
    }

    override close(code?: number, reason?: string): void {
      super.close(code, reason)
      if (this.#ended) return
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => this.#giveUp(), closeMs)
    }

    #giveUp(): void {
      const opening = this.readyState === Base.CONNECTING
      super.close()
      if (this.#ended) return
      if (opening) this.dispatchEvent(new Event('error'))
      this.dispatchEvent(new CloseEvent('close', { code: 1006 }))
    }
  }
}
