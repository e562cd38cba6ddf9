"""The durable record: an alert exists once it is in here. No actor; one writer; the only home of sqlite3.

``entry``, ``chain``, ``retention``, ``waiting`` and ``ids`` decide, and are pure over values and bytes. ``statement``
and ``seal`` sign. ``schema``, ``store`` and ``journal`` write the file; ``reading`` and ``verify`` only read it.
To record needs ``Journal`` and ``Entry``, to look ``Reader``. See docs/journal.md.
"""
