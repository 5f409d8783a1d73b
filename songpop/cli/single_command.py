"""`songpop single`: which song of an album should be the single."""

import shutil
import textwrap
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from songpop import console
from songpop.cli.options import columns_option, json_option, print_json, settings_options
from songpop.clock import local_today
from songpop.settings import Settings

if TYPE_CHECKING:
    from songpop.albums import AlbumRanking, Song
    from songpop.albums.read_album import AlbumInput
    from songpop.albums.reasons import Reason

_WIDEST = 110
_SCALE = 26
_SHOWN_REJECTS = 10


@click.command("single")
@click.option("--album", "album_id", metavar="ALBUM", help="An album of the published file, by id or name")
@click.option("--csv", "path", type=click.Path(path_type=Path), metavar="FILE", help="The songs of an unreleased one")
@columns_option
@click.option("--template", is_flag=True, help="Print a CSV to fill in, and end")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help="The day to speak for [today]")
@settings_options
@json_option
def single_command(
    settings: Settings,
    album_id: str | None,
    path: Path | None,
    columns: dict[str, str],
    template: bool,
    as_of: datetime | None,
    as_json: bool,
) -> None:
    """Rank an album's songs, and say which should be the single or that it is too close to call.

    \b
    As in
      songpop single --album 2MFS6WG6jnPAgvJpV3PehR
      songpop single --template > my-album.csv        and once it is filled in
      songpop single --csv my-album.csv

    The file is CSV or a workbook, has the columns of a releases file (only artist_name and track_name are needed; other
    names are understood, and --columns names one by hand) and one album's songs; lines with mistakes are named and left
    out. Of an album's name, the ids near to it are told.
    """
    from songpop import albums

    if template:
        click.echo(albums.template(), nl=False)
        return
    if (album_id is None) == (path is None):
        raise click.UsageError("Name one album, as in --album ALBUM_ID or --csv FILE.")
    if columns and path is None:
        raise click.UsageError("--columns must come with a file, as in --csv FILE.")
    today = as_of.date() if as_of else local_today()
    album = (
        albums.read_album(settings, album_id)
        if album_id is not None
        else albums.read_album_file(settings, path or Path(), today=today, columns=columns)
    )
    ranking = _rank(settings, album)
    _report_rejects(album)
    if as_json:
        print_json(ranking.to_document(album))
    else:
        _print_ranking(album, ranking)


def _rank(settings: Settings, album: "AlbumInput") -> "AlbumRanking":
    from songpop import adjustments, albums, warehouse
    from songpop.scoring.model import load_model

    model = load_model(settings.models_dir / album.champion, threads=settings.threads)
    with warehouse.open_file(settings.published, settings, read_only=True) as con:
        adjustment = adjustments.read_adjustment(con).of_song(is_listed=album.origin == "new release")
    return albums.rank_album(album.frame, model.adjusted(adjustment), album.records, evidence=album.evidence)


def _report_rejects(album: "AlbumInput") -> None:
    n = len(album.rejects)
    if n:
        console.say(f"{n} {'line was' if n == 1 else 'lines were'} left out; all others are ranked:")
        for reject in album.rejects[:_SHOWN_REJECTS]:
            console.say(f"  line {reject.line}: {console.one_line(reject.reason)}")
        if n > _SHOWN_REJECTS:
            console.say(f"  and {n - _SHOWN_REJECTS} more")
    for note in album.notes:
        console.say(console.one_line(note))


def _print_ranking(album: "AlbumInput", ranking: "AlbumRanking") -> None:
    of_many = album.frame["artist_key"].n_unique() > 1
    title = f"{album.album_name or 'Album without a name'} – {'various artists' if of_many else album.artist_name}"
    click.echo(console.one_line(title))
    sorts = {"new release": "new release", "known tracks": "known tracks", "file": "unreleased, from the file"}
    click.echo(f"{len(ranking.songs)} songs; {sorts[album.origin]}; {ranking.model_version}\n")
    _print_sentences(ranking.messages)
    click.echo()
    _print_songs(ranking.songs)
    if any(song.speaks_for or song.speaks_against for song in ranking.songs):
        _print_reasons(ranking.songs)
    click.echo()
    _print_sentences(_closing(album, ranking))


def _print_sentences(sentences: Sequence[str]) -> None:
    """Print each sentence from the beginning of a line, wrapped where the terminal or a reader's eye ends."""
    width = min(shutil.get_terminal_size((_WIDEST, 0)).columns, _WIDEST)
    for sentence in sentences:
        # a percent sign stays with its number
        click.echo(textwrap.fill(console.one_line(sentence).replace(" %", "\0%"), width).replace("\0", " "))


def _print_songs(songs: Sequence["Song"]) -> None:
    is_out = any(song.popularity is not None for song in songs)
    rows = [
        [song.place, song.track_name, f"{100 * song.p_best:3.0f} %", f"{song.score:.1f}",
         f"{song.score_low:.0f}–{song.score_high:.0f}", _drawn(song), *([song.popularity] if is_out else [])]
        for song in songs
    ]  # fmt: skip
    heads = ["", "song", "best", "score", "90 %", f"0{'popularity':^{_SCALE - 3}}100", *(["seen"] if is_out else [])]
    console.table("", heads, rows, to_stderr=False)


def _drawn(song: "Song") -> str:
    """Draw a song's interval and score on a scale from 0 to 100."""
    low, middle, high = (round(value / 100 * (_SCALE - 1)) for value in (song.score_low, song.score, song.score_high))
    return "".join("●" if i == middle else "─" if low <= i <= high else "·" for i in range(_SCALE))


def _print_reasons(songs: Sequence["Song"]) -> None:
    click.echo("\nWhat tells each song apart from the songs beside it")
    n_alike = 0
    for song in songs:
        reasons = [("+", reason) for reason in song.speaks_for] + [("−", reason) for reason in song.speaks_against]
        n_alike += not reasons
        if reasons:
            click.echo(f"{song.place:2d} {console.one_line(song.track_name)}")
        for sign, reason in reasons:
            click.echo(f"   {sign} {console.one_line(reason.message)}{_difference(reason)}")
    if n_alike:
        click.echo(f"   Nothing of weight for {'one song' if n_alike == 1 else f'{n_alike} songs'}.")


def _difference(reason: "Reason") -> str:
    return f" [{100 * reason.difference:+.0f}]" if abs(reason.difference) >= 0.005 else ""


def _closing(album: "AlbumInput", ranking: "AlbumRanking") -> list[str]:
    from songpop.scoring.contributions import ASSOCIATION

    sentences: list[str] = []
    if any(song.speaks_for or song.speaks_against for song in ranking.songs):
        sentences.append("[+5]: that much of the chance to be the best, in percent, goes with it; one thing at a time.")
    if album.origin == "known tracks":
        sentences.append("These songs are out, and models learn from tracks like them: this is no forecast.")
    if album.is_synthetic:
        from songpop.synthetic import MADE_UP

        sentences.append(MADE_UP)
    return [*sentences, *ranking.remarks, ASSOCIATION]
