/** Told when an agent was revoked, so that whichever instance holds its socket closes it; the message is the agent's id. */
export const AGENT_REVOKED_CHANNEL = 'agent_revoked'
