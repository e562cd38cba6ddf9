from typing import Any

asys: Any
similar_asys: Any

def simpleActorTestLogging() -> dict[str, Any]: ...
