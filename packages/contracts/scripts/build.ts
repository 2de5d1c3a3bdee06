import { buildSources } from './forge.ts'

/** Compiles the sources; the committed ABI and bytecode are written by `generate`. */
buildSources()
console.log('compiled')
