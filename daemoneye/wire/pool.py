"""Where our message definitions live: a pool of our own.

Protobuf's default pool is one per interpreter and keyed by file name. The Python client is imported into other people's
programs, and a second ``common.proto`` there would make either import fail. The generated code asks this module where
it would have asked ``google.protobuf.descriptor_pool``.
"""

from __future__ import annotations

from google.protobuf.descriptor_pool import DescriptorPool

_POOL = DescriptorPool()


def Default() -> DescriptorPool:  # noqa: N802 - the name that generated code calls
    return _POOL
