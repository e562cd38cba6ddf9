from collections.abc import Callable
from typing import Any

set_signal_handler: Callable[[int, Any], Any]

class systemBase:
    def __init__(self, system: Any, logDefs: Any = ...) -> None: ...

class multiprocessCommon(systemBase):
    transport: Any
    mpcontext: Any
    def __init__(self, system: Any, logDefs: Any = ...) -> None: ...
    def shutdown(self) -> None: ...

class MultiProcReplicator:
    transport: Any
    _child_procs: list[Any]
    _childExited: Callable[..., None]
    childDied: Callable[..., bool]

class MultiProcAdmin(MultiProcReplicator):
    logDefs: Any

setProcName: Callable[..., None]

def startChild(*args: Any) -> None: ...
