"""Who is kept alive, and how: events in, orders out. Pure; a shell carries the orders out and brings the events."""
