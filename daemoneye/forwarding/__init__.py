"""The way to the fleet: what the journal has recorded goes to receivers that acknowledge it, once at least.

``cursor``, ``lane``, ``delivery``, ``pace`` and ``rendering`` decide, and are pure over values. ``courier`` is the loop
of one output, in a thread of its own; ``relp`` and ``jetstream`` are the two kinds of connection that it can have,
``security`` what proves to each side who the other is, ``shelf`` the files that survive a restart. See
docs/forwarding.md.
"""
