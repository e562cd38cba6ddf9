"""Secrets in command lines and environments, and hostile text. Pure: text in, text out.

``redactor`` is the door. Behind it ``text`` finds secrets by what surrounds them, ``command`` by what a program means
by its arguments, ``shell`` splits scripts so that both can look inside; ``names`` and ``values`` decide what a name
promises and whether a value keeps it. All of what is known lives in ``rules/``, as data. ``hostile`` is the second
layer: it makes what is left safe to print, and ``limits`` keeps it small.
"""
