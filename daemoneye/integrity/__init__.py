"""Pure over bytes and values: digests, and how alike two of them are. The only home of numpy and rapidfuzz."""
