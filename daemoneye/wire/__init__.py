"""The contract with other programs: protobuf messages to and from the nouns of ``model``, their JSON, and frames."""
