"""The agent's side of agent.sock without a socket: who may come in, what one connection may do, who waits for what."""
