"""How what was recorded leaves the agent: as lines of a file, as syslog, over RELP, as metrics.

``native`` makes a plain record of an alert or an event; ``ecs`` and ``ocsf`` say the same in the words of others;
``formats`` chooses among the three and keeps each within its size. Files are touched in ``jsonl`` and ``textfile``, a
socket in ``local_syslog``; everything else computes.
"""
