"""A system base for Thespian over AF_UNIX, for a program that may read every other process.

What arrives is asked, in this order, and nothing later is looked at before everything earlier holds:

    sockets.py     who is it?              the kernel's word (SO_PEERCRED), on accept and on connect
    frames.py      how much is it?         the length first, memory only for what has come
    envelope.py    whose word is it?       the address it claims, which its process must own (kin.py)
    opcodes.py     can it do anything?     only the opcodes that describe values, none that acts
    vocabulary.py  what is it?             a type of the list, built by its own constructor
    policy.py      may it say that to me?  a table, and what is not in it is refused

``shapes.py`` is how a value of the list travels, ``fixed.py`` an inbox that is no pickle at all. ``conversation.py`` is
the part of the list and of the table that Thespian itself needs. ``agreed.py`` is what all processes agree on,
``processes.py`` how one comes to be and ``children.py`` what its parent keeps of it, ``loans.py`` and ``begin.py`` the
two sides of one that the main process forks for us, ``identity.py`` who we are to files, ``rebinds.py`` every defect of
Thespian 4.0.1 that we mend, ``transport.py`` with its two directions and ``base.py`` what plugs in, and
``for_actors.py`` what an actor may ask of all that.
"""
