/** What a badge says by its looks. */
export type Tone = 'ok' | 'warn' | 'bad' | 'info' | 'busy' | 'off' | 'plain'
