"""A server that gives tokens as it should, and everything else as a broken network would."""

import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

Fault = Literal["reset", "silent", "trickle", "trickling headers", "silent token"]

_TOKEN = json.dumps({"access_token": "a-token", "token_type": "Bearer", "expires_in": 3600}).encode()


@contextmanager
def broken_server(fault: Fault) -> Iterator[tuple[str, list[str]]]:
    """Serve on a free loopback port; yield the address and the request lines that came in."""
    asked: list[str] = []
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while not done.is_set():
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

        def answer(connection: socket.socket) -> None:
            with connection:
                head = connection.recv(65_536).decode()
                asked.append(head.partition("\r\n")[0])
                is_token = "/api/token" in asked[-1]
                if is_token and fault != "silent token":
                    length = f"HTTP/1.1 200 OK\r\nContent-Length: {len(_TOKEN)}\r\nConnection: close\r\n\r\n"
                    connection.sendall(length.encode() + _TOKEN)
                elif fault == "reset":
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                elif fault == "trickle":
                    trickle(connection, b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n")
                elif fault == "trickling headers":
                    trickle(connection, b"HTTP/1.1 200 OK\r\nX-Long: ")
                else:
                    done.wait(30)

        def trickle(connection: socket.socket, begin: bytes) -> None:
            connection.sendall(begin)
            while not done.wait(0.1):
                try:
                    connection.sendall(b" ")
                except OSError:
                    return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
        finally:
            done.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=5)
