// The entry of the agent, from source and in the published bundle.
import { main } from './main.ts'

await main(process.argv)
