from datetime import timedelta

class ExpirationTimer:
    def __init__(self, duration: timedelta | None = ...) -> None: ...
