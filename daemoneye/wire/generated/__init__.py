"""Made from ``proto/`` by ``tools/compile_proto.py`` (``make proto``). Never edited: a test compares it byte for byte."""
