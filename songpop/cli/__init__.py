"""The `songpop` command: parses, calls, prints. Data go to stdout, words and progress to stderr."""

import sys
from importlib import import_module

import click

from songpop import __version__, console
from songpop.errors import SettingsError, SongpopError

# command -> module of songpop.cli that holds it; a module is imported only when its command is asked for
_COMMANDS = {
    "load": "writing",
    "check": "writing",
    "enrich": "writing",
    "train": "writing",
    "score": "writing",
    "publish": "writing",
    "nightly": "nights",
    "schedule": "nights",
    "sample": "nights",
    "export": "reading",
    "backtest": "writing",
    "sql": "reading",
    "status": "reading",
    "doctor": "reading",
}


class LazyGroup(click.Group):
    """A group that imports a command's module only when the command is used, so that `--help` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of a night."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command, or return None where there is none of that name."""
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"songpop.cli.{_COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="songpop")
def songpop() -> None:
    """Score new releases for popularity (0-100), every night, in a DuckDB warehouse.

    \b
    Begin with
      songpop nightly --sample                        a whole night on a synthetic sample
      songpop nightly --tracks spotify_data.csv \\
                      --releases new.csv              a night on your own files
      songpop export releases --limit 20              the ranked list
      songpop status                                  did the nights run, and how good is the model

    State lives in SONGPOP_HOME (default: the current folder), and --home wins over it.
    Exit status: 0 done (a degraded run too), 1 failed, 2 misused.
    """


def main() -> None:
    """Run the command and turn failures into words and exit statuses."""
    try:
        songpop.main(standalone_mode=False)
    except click.exceptions.Exit as signal:
        sys.exit(signal.exit_code)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except SettingsError as error:
        console.say(str(error))
        sys.exit(2)
    except SongpopError as error:
        console.say(str(error))
        sys.exit(1)
    except BrokenPipeError:
        # the reader of stdout (head, less) has left; that is its right
        sys.stderr.close()
        sys.exit(0)
