from typing import Any

class ExternalInterfaceTransportInit: ...
class Thespian__UpdateWork: ...

class ReceiveEnvelope:
    def __init__(self, sender: Any, msg: Any) -> None: ...

class SendStatus:
    Sent: Any
    BadPacket: Any
    DeadTarget: Any
