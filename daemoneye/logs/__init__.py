"""What the agent says about itself: one line for each event, on the descriptor it was given, and nowhere else.

``voice`` decides what is said and alone knows loguru; ``lines`` turns an event into bytes, ``rates`` says when it is
enough, ``stream`` writes without ever waiting. There are no files, no threads and no queue: whoever started the agent
decides where standard error goes.
"""

from daemoneye.logs.voice import Level, become, configure, log, settle

__all__ = ["Level", "become", "configure", "log", "settle"]
