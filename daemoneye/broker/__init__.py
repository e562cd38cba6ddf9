"""The main process: it starts everything, lends processes to the supervisor, and brings back what dies.

Main is the one process of the agent that keeps what it takes to give a process its identity, so it is the one that must
be hardest to lead astray. It reads nothing from the host but the names of its own children, it unpickles nothing, and
all that it can be told is a dozen fixed words, each one datagram of at most 256 bytes that one regular expression has
to match from end to end.

Who wants a process holds a connection for as long as the process may live: a *lease*. The connection closes when its
holder says so, and when its holder dies, and in both cases main kills what was lent. There is nothing to remember, and
no way to forget it.

``words`` is what can be said, ``keeper`` decides, ``loop`` waits and carries out; ``door`` lets in, ``leases`` lends,
``forking`` makes processes, ``extinction`` ends them all. ``lending`` is the other side: what the supervisor calls.
"""
