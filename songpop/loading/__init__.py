"""Loading: files in, rows into raw, rejects aside."""
