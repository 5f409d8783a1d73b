"""Spotify's Web API: its client, what its answers hold, and what a key may ask for."""
