"""`songpop web`: it starts fast, says where it is, and refuses in words."""

import re
import signal
import socket
import subprocess
import sys
from urllib.request import urlopen

import click
import pytest
from click.testing import CliRunner
from served import publish

from songpop.cli import songpop
from songpop.cli.web_command import open_server
from songpop.errors import WarehouseError
from songpop.settings import Settings


def test_the_server_says_where_it_is_answers_and_stops_when_document(settings: Settings) -> None:
    publish(settings)
    command = [sys.executable, "-m", "songpop", "web", "--port", "0", "--home", str(settings.home)]

    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        try:
            found = next(
                match for line in server.stderr if (match := re.search(r"at (http://127\.0\.0\.1:\d+/)", line))
            )
            with urlopen(found[1], timeout=5) as page:
                body = page.read().decode()
        finally:
            server.send_signal(signal.SIGINT)
            server.stderr.read()

    assert "New title 11" in body
    assert server.returncode == 0


def test_a_taken_port_is_said_with_another_to_try(settings: Settings) -> None:
    publish(settings)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(click.ClickException, match=rf"Port {port} of 127.0.0.1 must be free") as raised:
            open_server(settings, "127.0.0.1", port)

    assert f"--port {port + 1}" in str(raised.value.message)


def test_an_address_of_another_machine_is_refused(settings: Settings) -> None:
    publish(settings)

    with pytest.raises(click.ClickException, match=r"192\.0\.2\.1:0 must be an address of this machine"):
        open_server(settings, "192.0.2.1", 0)


def test_without_a_published_file_the_command_says_what_makes_one(settings: Settings) -> None:
    result = CliRunner().invoke(songpop, ["web", "--home", str(settings.home)])

    assert isinstance(result.exception, WarehouseError)
    assert "no published.duckdb yet. `songpop nightly` makes it." in str(result.exception)


def test_the_first_pages_need_no_tensorflow_and_no_prefect(settings: Settings) -> None:
    publish(settings)
    program = (
        "import sys; from pathlib import Path\n"
        "from songpop.settings import Settings; from songpop.web import create_app\n"
        "client = create_app(Settings.from_env({}, home=Path(sys.argv[1]))).test_client()\n"
        "print([client.get(path).status_code for path in ('/', '/lists/releases', '/quality', '/score')])\n"
        "print(sorted({'tensorflow', 'keras', 'prefect', 'great_expectations', 'matplotlib'} & set(sys.modules)))\n"
    )

    child = subprocess.run(
        [sys.executable, "-c", program, str(settings.home)], capture_output=True, text=True, check=True
    )

    # the model's folder is not there, which only the score needs
    assert child.stdout.splitlines() == ["[200, 200, 200, 503]", "[]"]
