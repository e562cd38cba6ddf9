"""daemoneye: a host agent that asks of every process whether it is still the program that was installed.

model/      the nouns: process, file, coverage, task (frozen, typed, no IO)
lifecycle/  pure: what happened between two looks at the machine, and what deserves a closer one
sanitize/   pure: secrets in command lines and environments, hostile text
supervisor/ pure: when a child is started, asked, stopped and given up; nothing drives it yet
actors/     what Thespian will run on: our own transport; nothing a user can start uses it yet
settings/   every limit and default; YAML and environment -> one frozen value, or errors with their place
host/       the only code that touches the machine
wire/       protobuf, JSON and framing
cli/        one file per command
errors.py   every way this program says no
"""

__version__ = "0.1.0"
