from collections.abc import Callable
from typing import Any, ClassVar

class ExternalInterfaceTransportInit: ...
class Thespian__UpdateWork: ...

class ReceiveEnvelope:
    identify: ClassVar[Callable[..., str]]
    def __init__(self, sender: Any, msg: Any) -> None: ...

class TransmitIntent:
    identify: ClassVar[Callable[..., str]]
    def __init__(self, targetAddr: Any, msg: Any) -> None: ...

class SendStatus:
    Sent: Any
    Failed: Any
    BadPacket: Any
    DeadTarget: Any
