"""daemoneye: a host agent that asks of every process whether it is still the program that was installed.

model/      the nouns: process, file, coverage, task (frozen, typed, no IO)
lifecycle/  pure: what happened between two looks at the machine, and what deserves a closer one
sanitize/   pure: secrets in command lines and environments, hostile text
supervisor/ pure: when a child is started, asked, stopped and given up; how all of them get new settings
integrity/  pure: digests, and how alike two are
tree.py     the tree of the agent, as data: read this first
agent.py    where everything comes together, and the order in which privileges go
broker/     the main process: lends processes to the supervisor, and brings back what dies
actors/     one file per actor, on our own transport under Thespian; the table of who may say what to whom
messages/   what actors say to each other
gateway/    pure: the other end of agent.sock, a connection at a time
client.py   talk to a running agent, for programs of other people too; connection.py is how
journal/    the durable record and its hash chain
forwarding/ what is recorded, to receivers that acknowledge it; the only home of connections to other hosts
settings/   every limit and default; YAML and environment -> one frozen value, or errors with their place
logs/       one line for each event
host/       the only code that touches the machine
wire/       protobuf, JSON and framing
cli/        one file per command
errors.py   every way this program says no
"""

__version__ = "0.1.0"
