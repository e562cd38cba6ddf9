from collections.abc import Callable

from thespian.actors import ActorSystemMessage

setProcName: Callable[..., None]

class LoggerExitRequest(ActorSystemMessage): ...
