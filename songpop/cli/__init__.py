"""The `songpop` command: parses, calls, prints. Data go to stdout, words and progress to stderr."""

import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from songpop import __version__, console
from songpop.errors import SettingsError, SongpopError, is_interruption

# command -> the module of songpop.cli that holds it, and its first line; the module is imported when it is used
COMMANDS = {
    "load": ("step_commands", "Load source files into the warehouse."),
    "check": ("step_commands", "Run the expectation suites and SQL checks; write findings and Data Docs."),
    "enrich": ("enrich_commands", "Fill artists, new releases and audio features from the configured services."),
    "train": ("step_commands", "Fit the Keras network and the LightGBM benchmark; register, promote or keep."),
    "score": ("step_commands", "Score new releases with the champion."),
    "publish": ("step_commands", "Check, build and swap in the readers' file."),
    "nightly": ("night_commands", "Do all of the above in order, training when due."),
    "promote": ("step_commands", "Let a registered model version score from now on, by hand."),
    "export": ("read_commands", "Write a ranked list from the published file."),
    "single": ("single_command", "Rank an album's songs, and say which should be the single."),
    "explain": ("track_commands", "Tell what pushed a track's score up and down."),
    "what-if": ("track_commands", "Score a track under changed features, side by side."),
    "sql": ("read_commands", "Run one query on the published file and print its rows."),
    "status": ("read_commands", "Show the last runs, freshness, champion and benchmark, and findings."),
    "findings": ("findings_command", "Show what was found, since when, and acknowledge what may be."),
    "backtest": ("step_commands", "Hold past scores against the popularity seen since."),
    "recalibrate": ("recalibrate_command", "Move scores to the popularity seen since, where a list is unlike others."),
    "purge": ("enrich_commands", "Forget everything that a service told."),
    "doctor": ("read_commands", "Check the set-up: versions, folders, files, keys."),
    "sample": ("night_commands", "Write a synthetic data set in the formats of the inputs."),
    "web": ("web_command", "Serve the web page and its JSON API from the published file."),
    "schedule": ("night_commands", "Serve the nightly flow on a Prefect schedule, until stopped."),
}


class LazyGroup(click.Group):
    """A group that imports a command's module only when the command is used, so that `--help` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands, those of a night first."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command, or return None where there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"songpop.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; that the reader of stdout (head, less) left is no failure, as click has it."""
        try:
            return super().invoke(ctx)
        except OSError as error:
            # Polars tells of a broken pipe without a number
            if not isinstance(error, BrokenPipeError) and "Broken pipe" not in str(error):
                raise
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            ctx.exit(0)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])


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


def main(command: click.Command = songpop, arguments: Sequence[str] | None = None) -> None:
    """Run the command and turn failures into words and exit statuses; a mistake of ours keeps its traceback.

    Args:
        command: what to run.
        arguments: of the command line, where None those of this process.
    """
    was_told_to_end = False

    def end(*_: object) -> None:
        """Let a run that is told to end keep what it has and close its row."""
        nonlocal was_told_to_end
        was_told_to_end = True
        sys.exit(143)

    signal.signal(signal.SIGTERM, end)
    try:
        command.main(arguments, prog_name="songpop", standalone_mode=False)
    except click.exceptions.Exit as ending:
        sys.exit(ending.exit_code)
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
    except Exception as error:
        if was_told_to_end or is_interruption(error):
            sys.exit(143 if was_told_to_end else 130)
        if not _is_of_the_machine(error):
            raise
        console.say(f"songpop can't go on, as the machine or DuckDB said ({type(error).__name__}): {error}")
        sys.exit(1)


def _is_of_the_machine(error: Exception) -> bool:
    """Say whether a failure is ordinary: a full disk, a folder that can't be written, a query that DuckDB gave up."""
    duckdb = sys.modules.get("duckdb")
    return isinstance(error, OSError) or (duckdb is not None and isinstance(error, duckdb.Error))
