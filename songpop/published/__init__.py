"""What readers query: tracks, ranked lists and sandboxed SQL on the published file."""
