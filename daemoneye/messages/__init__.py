"""What actors say to each other: one file per conversation, a closed union for each inbox. Pure values."""
