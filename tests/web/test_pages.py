"""The pages of the web app: what they show, how they refuse, and that they only read."""

import csv
import io
import os
import re
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from html import unescape
from pathlib import Path
from shutil import copytree
from typing import Any

import polars as pl
import pytest
from checked_warehouse import make_settings, opened
from served import KNOWN, RELEASE, plant_model, publish, write_held_out

from songpop import warehouse
from songpop.findings import Finding
from songpop.published import exports
from songpop.published.list_definition import ListDefinition
from songpop.run import open_run
from songpop.settings import Settings
from songpop.web import create_app
from songpop.web.formatting import age, duration, signed, spotify_link

_PAGES = (
    *("/", "/score", f"/score?track_id={RELEASE}", "/single", "/single?album_id=newAlbum1", "/lists/releases"),
    *("/lists/singles", "/lists/artists", "/lists/movers", "/quality", "/api", "/findings", "/findings?by=kind"),
)
_HEADER = "artist_name,track_name\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return the settings of a small published home that no test changes."""
    settings = make_settings(tmp_path_factory.mktemp("home"))
    publish(settings)
    write_held_out(settings)
    return settings


@pytest.fixture(scope="module")
def app(home: Settings) -> Any:
    """Return the app of that home, whose templates are compiled once."""
    return create_app(home)


@pytest.fixture
def site(app: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a client of that app."""
    plant_model(monkeypatch)
    return app.test_client()


@pytest.fixture
def own_site(home: Settings, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a client of the app of a copy of that home in `settings`, for tests that change it."""
    copytree(home.home, settings.home, dirs_exist_ok=True)
    plant_model(monkeypatch)
    return create_app(settings).test_client()


def _text(answer: Any) -> str:
    return unescape(re.sub(r"\s+", " ", answer.get_data(as_text=True)))


def _visible_text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", _text(answer)))


@pytest.mark.parametrize("path", _PAGES)
def test_a_page_is_whole_and_loads_nothing_from_elsewhere(site: Any, path: str) -> None:
    answer = site.get(path)
    page = _text(answer)

    assert answer.status_code == 200
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert not re.search(r'(?:src|href)="(?:https?:)?//(?!open\.spotify\.com/track/)', page)
    assert not re.search(r"<script(?![^>]*src=)|<style| style=| on[a-z]+=", page)
    assert page.count("<h1") == 1
    for table in re.findall(r"<table.*?</table>", page):
        assert "<caption" in table
        assert '<th scope="col"' in table
        assert '<th scope="row"' in table


def test_the_score_form_shows_score_interval_chances_and_drivers(site: Any) -> None:
    page = _visible_text(site.get(f"/score?track_id={RELEASE}"))

    assert "What if: New title 4 · songpop" in page
    assert re.search(r"\d\d\.\d of 100 90 % interval \d+–\d+", page)
    assert all(text in page for text in ("0–25", "76–100", "artist's popularity", "LightGBM says 30.0"))
    assert "Association, not cause" in page


def test_a_changed_value_is_scored_beside_the_score_as_it_is(site: Any) -> None:
    page = _text(site.get(f"/score?track_id={RELEASE}&genre=pop"))

    assert re.search(r"\+\d\d\.\d against \d\d\.\d as it is", page)
    assert 'data-name="genre" data-base="rock"' in page


def test_an_unknown_genre_and_a_foreign_artist_are_scored_and_said(site: Any) -> None:
    answer = site.get("/score?genre=zydeco&artist_name=Nobody+Known&year=2050")
    page = _visible_text(answer)

    assert answer.status_code == 200
    assert "not a genre it learned: scored as no genre" in page
    assert "The genre 'zydeco' is none that the model learned" in page
    assert "No artist called 'Nobody Known' is known" in page


def test_blank_fields_are_named_among_what_the_model_does_not_know(site: Any) -> None:
    page = _visible_text(site.get(f"/score?track_id={RELEASE}&time_signature=&danceability=&energy="))

    assert "Danceability, energy and time signature are unknown and taken as usual." in page
    assert "Nothing out of the ordinary" not in page


def test_a_known_artist_brings_its_popularity(site: Any) -> None:
    page = _text(site.get("/score?artist_name=artist+7"))

    assert re.search(r'name="artist_popularity" value="27"', page)


def test_a_bad_value_is_said_beside_its_control_and_the_rest_is_scored(site: Any) -> None:
    answer = site.get("/score?tempo=fast&genre=pop")
    page = _text(answer)

    assert answer.status_code == 422
    assert "tempo must be a number from 0 to 250 (bpm), however it is 'fast'." in page
    assert re.search(r'name="tempo" value="fast"[^>]*aria-invalid="true"', page)
    assert 'id="score"' in page


def test_a_known_track_is_no_forecast(site: Any) -> None:
    assert "so its score is no forecast" in _visible_text(site.get(f"/score?track_id={KNOWN}"))


def test_a_search_finds_tracks_and_albums_by_all_words(site: Any) -> None:
    assert f"/score?track_id={RELEASE}" in _text(site.get("/score?q=title+4+ártist+4"))
    assert "No track holds all of “title zebra”" in _visible_text(site.get("/score?q=title+zebra"))
    assert "/single?album_id=newAlbum1" in _text(site.get("/single?q=new+album"))


def test_an_album_is_ranked_with_the_first_songs_interval_behind_each(site: Any) -> None:
    page = _text(site.get("/single?album_id=newAlbum1"))

    assert page.count('class="beside"') == 3
    assert re.search(r"Too close to call|should be the single", page)
    assert "Chance to be best" in page


def test_a_pasted_album_is_ranked_and_bad_lines_are_named_by_their_number(site: Any) -> None:
    pasted = "artist_name,track_name,danceability\nMe,One,0.4\nMe,Two,7\nMe,Three,0.9\n,Four,0.1\n"

    page = _visible_text(site.post("/single", data={"songs": pasted}))
    as_file = site.post("/single", data={"file": (io.BytesIO(pasted.encode()), "album.csv")})

    assert "2 lines left out" in page
    assert "Line 3: danceability must be a number from 0 to 1, however it is '7'" in page
    assert "Line 5: artist_name must not be blank" in page
    assert page.index("Three") < page.index("One")
    assert "2 lines left out" in _visible_text(as_file)


@pytest.mark.parametrize(
    ("sent", "status", "message"),
    [
        ("", 422, "The list must hold a header and songs, however it is empty"),
        ("artist_name,track_name\nMe,One\n", 422, "must be chosen among two songs or more"),
        ("title\nOne\nTwo\n", 422, "artist_name"),
        ("<html><body>Log in</body></html>", 422, "is a web page or XML"),
        *((_HEADER + "".join(f"Me,{i}\n" for i in range(n)), 422, "at most 200 songs") for n in (201, 1_000)),
        ("x" * 1_000_001, 413, "At most 1 MB can be sent"),
    ],
)
def test_a_list_that_is_no_album_is_refused_in_words(site: Any, sent: str, status: int, message: str) -> None:
    answer = site.post("/single", data={"songs": sent})

    assert answer.status_code == status
    assert message in _visible_text(answer)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04rest", "however it is a packed or a Parquet file"),
        (b"\x1f\x8b\x08rest", "however it is a packed or a Parquet file"),
        (b"PAR1rest", "however it is a packed or a Parquet file"),
        (b"\n\xff\xfe\x80rest", "however it holds bytes that no text has"),
    ],
)
def test_a_file_that_is_no_text_is_refused_before_it_is_unpacked(site: Any, content: bytes, message: str) -> None:
    answer = site.post("/single", data={"file": (io.BytesIO(content), "album.csv")})

    others = " or a workbook" if "packed" in message else ""
    assert answer.status_code == 422
    assert f"The list must be CSV text{others}, {message}" in _visible_text(answer)


def _workbook(rows: list[list[object]]) -> io.BytesIO:
    import openpyxl

    book, file = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(file)
    file.seek(0)
    return file


def test_a_workbook_is_ranked_as_a_csv_is(site: Any) -> None:
    file = _workbook([["Artist", "Title", "Energy"], ["Me", "One", 0.3], ["Me", "Two", 0.9]])

    page = _visible_text(site.post("/single", data={"file": (file, "album.xlsx")}))

    assert "the list is read as a workbook" in page
    assert "'Artist' as artist_name, 'Title' as track_name, 'Energy' as energy" in page


def test_a_workbook_that_is_large_when_unpacked_is_refused(site: Any) -> None:
    file = _workbook([["artist_name", "track_name"], ["Me", "One"]])
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/media/blank", bytes(21_000_000))
    file.seek(0)

    answer = site.post("/single", data={"file": (file, "album.xlsx")})

    assert answer.status_code == 422
    assert "A workbook must hold at most 20 MB" in _visible_text(answer)


def test_the_template_is_ranked_as_it_is(site: Any) -> None:
    template = site.get("/single/template.csv")

    assert template.headers["Content-Disposition"] == 'attachment; filename="album.csv"'
    assert "First Song" in _visible_text(site.post("/single", data={"songs": template.get_data(as_text=True)}))


def test_a_list_is_filtered_searched_sorted_and_paged_by_its_address(site: Any) -> None:
    page = _text(site.get("/lists/releases?q=title&sort=-track_name&per_page=5&page=2&genre=ROCK&min_score=42"))

    assert "11 rows, page 2 of 3" in page
    assert re.findall(r">(New title \d+)</a>", page) == [f"New title {i}" for i in (4, 3, 2, 11, 10)]
    assert 'aria-sort="descending"' in page
    assert 'href="/lists/releases?genre=ROCK&min_score=42&q=title&sort=-track_name&page=3&per_page=5"' in page


def test_a_list_that_nothing_fits_says_so_and_leads_back(site: Any) -> None:
    page = _visible_text(site.get("/lists/releases?q=zebra"))

    assert "0 rows" in page
    assert "No new release fits. Clear the filters" in page
    assert "there is no earlier run to compare with" in _visible_text(site.get("/lists/movers"))


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("since=yesterday", "since must be a date of the form YYYY-MM-DD, however it is 'yesterday'."),
        ("min_score=200", "min_score must be a number from 0 to 100"),
        ("sort=secret", "sort must be one of rank"),
        ("page=-1", "page must be a whole number from 1"),
        (f"page={'9' * 5_000}", "page must be a whole number from 1"),
    ],
)
def test_a_filter_that_is_no_filter_is_said_above_the_list(site: Any, query: str, message: str) -> None:
    answer = site.get(f"/lists/releases?{query}")

    assert answer.status_code == 400
    assert message in _text(answer)
    assert "New title 11" in _text(answer)


def test_a_download_holds_what_is_on_screen_in_its_order(site: Any) -> None:
    query = "q=title&sort=track_name&min_score=42&per_page=5"
    shown = re.findall(r">(New title \d+)</a>", _text(site.get(f"/lists/releases?{query}")))

    of_page = site.get(f"/lists/releases/file/csv?{query}&rows=page")
    whole = site.get(f"/lists/releases/file/parquet?{query}&columns=all")
    rows = list(csv.DictReader(io.StringIO(of_page.get_data(as_text=True))))
    frame = pl.read_parquet(io.BytesIO(whole.data))

    assert [row["track_name"] for row in rows] == shown
    assert list(rows[0])[:6] == ["place", "rank", "previous_rank", "rank_change", "track_name", "artist_name"]
    assert of_page.headers["Content-Disposition"] == 'attachment; filename="releases-2026-11-22.csv"'
    assert frame["track_name"].to_list()[:5] == shown
    assert frame.height == 11
    assert "contribution_sound" in frame.columns


@pytest.mark.parametrize(("name", "column"), [("releases", "genre"), ("singles", "verdict"), ("artists", "n_tracks")])
@pytest.mark.parametrize("sign", ["", "-"])
def test_equal_rows_stand_as_in_an_export(site: Any, home: Settings, name: str, column: str, sign: str) -> None:
    shown = site.get(f"/lists/{name}/file/parquet?sort={sign}{column}&columns=all")
    exported = exports.read_defined(home, ListDefinition(name, sort=(sign + column,))).frame

    assert pl.read_parquet(io.BytesIO(shown.data)).equals(exported)


def test_a_file_of_an_earlier_layout_names_the_remedy(own_site: Any, settings: Settings) -> None:
    publish(settings, "alter table marts.ranked_releases drop column rank_change")

    for path in ("/", "/lists/releases", "/lists/movers", "/lists/releases/file/csv", "/api/v1/lists/releases"):
        answer = own_site.get(path)
        assert answer.status_code == 503, path
        remedy = "must hold the marts of this version of songpop, however it does not. Run `songpop nightly`"
        assert remedy in _visible_text(answer)


def test_a_spreadsheet_notes_model_filters_and_search(site: Any) -> None:
    import openpyxl

    answer = site.get("/lists/releases/file/xlsx?genre=rock&q=title&sort=-score")

    sheet = openpyxl.load_workbook(io.BytesIO(answer.data))["Notes"]
    notes = {row[0]: row[1] for row in sheet.iter_rows(values_only=True) if row[0]}
    assert notes["Model version"] == "keras-1"
    assert notes["Search"] == "title"
    assert notes["Sorted by"] == "score, highest first"


def test_quality_shows_scoreboard_reliability_runs_and_links(site: Any) -> None:
    page = _text(site.get("/quality"))

    assert "Given 30%, came true 30% of 100" in page
    assert "Given 60%, came true 60% of 100" in page
    assert "8.0" in page
    assert "nightly" in page
    assert 'href="/quality/card"' in page
    assert site.get("/quality/card").get_data(as_text=True) == "# keras-1\n"


def test_data_docs_are_shown_from_their_folder_only(own_site: Any, settings: Settings) -> None:
    docs = settings.reports_dir / "data_docs"
    docs.mkdir(parents=True)
    (docs / "index.html").write_text("<style>p{}</style><p>All held")
    (docs.parent / "secret.html").write_text("secret")
    (docs / "link.html").symlink_to(docs.parent / "secret.html")

    shown = own_site.get("/data-docs/")

    assert shown.get_data(as_text=True).endswith("All held")
    assert "script-src" not in shown.headers["Content-Security-Policy"]
    assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
    for path in ("../secret.html", "%2e%2e/secret.html", "link.html", "nothing.html", "x" * 300 + ".html"):
        assert own_site.get(f"/data-docs/{path}").status_code == 404
    assert 'href="/data-docs/"' in _text(own_site.get("/quality"))


def test_a_mistyped_address_is_a_friendly_page(site: Any) -> None:
    answer = site.get("/scoer")

    assert answer.status_code == 404
    assert "There is no page at this address" in _visible_text(answer)
    assert site.get("/score?track_id=nothing").status_code == 404
    assert site.get("/lists/nothing").status_code == 404
    refused = site.post("/score")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")


def test_a_request_addressed_to_another_host_is_refused(site: Any, home: Settings) -> None:
    open_to_all = create_app(home, hosts=None).test_client()
    named = create_app(home, hosts=["songpop.example"]).test_client()

    assert site.get("/", headers={"Host": "rebound.example"}).status_code == 400
    assert site.get("/", headers={"Host": "127.0.0.1:8000"}).status_code == 200
    assert open_to_all.get("/", headers={"Host": "music.example"}).status_code == 200
    assert named.get("/", headers={"Host": "songpop.example"}).status_code == 200
    for path in ("/data-docs", "/lists", "//lists/releases"):
        assert (
            not open_to_all.get(path, headers={"Host": "music.example"}).headers.get("Location", "/").startswith("http")
        )


def test_a_mistake_of_ours_shows_no_inside(own_site: Any, settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    predictions = settings.models_dir / "keras-1" / "eval_predictions.parquet"
    pl.read_parquet(predictions).with_columns(pl.lit("a text").alias("popularity")).write_parquet(predictions)

    answer = own_site.get("/quality")

    assert answer.status_code == 500
    assert "The mistake is ours" in _visible_text(answer)
    assert "Traceback" not in _text(answer)
    assert "A request failed: GET /quality" in caplog.text


def test_without_a_published_file_or_a_champion_the_page_says_what_to_do(settings: Settings) -> None:
    client = create_app(settings).test_client()
    unpublished = client.get("/")
    with opened(settings) as con:
        warehouse.publish(con, settings.published)
    without_marts = client.get("/")

    assert unpublished.status_code == without_marts.status_code == 503
    assert "there is no published.duckdb yet. `songpop nightly` makes it." in _visible_text(unpublished)
    assert "must hold the marts of this version of songpop" in _visible_text(without_marts)


def test_a_model_without_its_folder_leaves_the_lists_readable(settings: Settings) -> None:
    publish(settings)
    client = create_app(settings).test_client()

    assert client.get("/lists/releases").status_code == 200
    missing = client.get("/score")
    assert missing.status_code == 503
    assert "A model version must lie complete in its folder" in _visible_text(missing)


def test_a_swapped_file_is_read_at_once_and_no_request_fails_meanwhile(own_site: Any, settings: Settings) -> None:
    paths = ["/", "/lists/artists", f"/score?track_id={RELEASE}", "/quality", "/single?album_id=newAlbum1"] * 6

    with ThreadPoolExecutor(3) as pool:
        answers = [pool.submit(lambda path: _client_of(own_site).get(path).status_code, path) for path in paths]
        for number in range(3):
            publish(settings, f"update marts.ranked_releases set track_name = 'Swapped {number}' where rank = 1")
            assert f"Swapped {number}" in _text(own_site.get("/lists/releases"))

    assert {answer.result() for answer in answers} == {200}


def _client_of(site: Any) -> Any:
    """Return another client of the same app, as a client is for one thread."""
    return site.application.test_client()


def test_nothing_that_is_sent_is_stored(own_site: Any, settings: Settings) -> None:
    before = _files(settings.home)

    own_site.post("/single", data={"songs": own_site.get("/single/template.csv").get_data(as_text=True)})
    own_site.get("/score?genre=pop")

    assert _files(settings.home) == before


def _files(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


def test_a_copied_file_was_published_when_its_run_ended(own_site: Any, settings: Settings) -> None:
    publish(settings, "update ledger.runs set status = 'done', finished_at = timestamp '2026-11-22 03:20'")
    os.utime(settings.published, (0, 0))

    assert "published 22 Nov 2026, 03:20 UTC" in _visible_text(own_site.get("/"))
    assert own_site.get("/api/v1/quality").get_json()["published_at"] == "2026-11-22T03:20:00+00:00"


def test_a_synthetic_file_says_so_and_links_nothing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(settings, "update ledger.snapshots set file_name = 'synthetic_tracks.csv'")
    plant_model(monkeypatch)

    page = _text(create_app(settings).test_client().get("/lists/releases"))

    assert "Synthetic sample: every artist, song and figure here is made up" in page
    assert "open.spotify.com" not in page


@pytest.mark.parametrize(
    ("row", "linked"),
    [
        ({"track_id": "0hVXuCcriWRGvwMV1r5Yn9"}, True),
        ({"track_id": "newCriWRGvwMV1r5Yn9abc"}, False),
        ({"track_id": "my song"}, False),
        ({"track_id": "newCriWRGvwMV1r5Yn9abc", "release_source": "spotify"}, True),
    ],
)
def test_only_a_track_of_spotify_links_there(row: dict[str, str], linked: bool) -> None:
    assert spotify_link(row, False) == (f"https://open.spotify.com/track/{row['track_id']}" if linked else None)
    assert spotify_link(row, True) is None


def test_numbers_are_written_for_people() -> None:
    assert [signed(value) for value in (1.25, -3.0, -0.01, None)] == ["+1.2", "−3.0", "0.0", "–"]
    assert [duration(value) for value in ("224000", "", "x", 59_999)] == ["3:44", "unknown", "unknown", "1:00"]
    assert [age(hours) for hours in (0.5, 3, 72)] == ["30 minutes ago", "3 hours ago", "3 days ago"]


def _end_run(settings: Settings, *found: Finding, failure: str = "") -> None:
    with suppress(ValueError), open_run(settings, "nightly", as_of_date=date(2026, 11, 24)) as run:
        run.save_findings(found)
        if failure:
            raise ValueError(failure)


def test_every_page_leads_with_a_night_that_failed_after_its_file_was_published(
    own_site: Any, settings: Settings
) -> None:
    publish(settings, "update ledger.runs set status = 'done', finished_at = started_at + interval 9 minute")
    _end_run(settings, Finding("a_rule", "critical", "It must hold."), failure=f"{settings.home}/new.csv must exist.")

    for path in ("/", "/lists/releases", "/quality", "/no-such-page"):
        text = _visible_text(own_site.get(path))
        assert "The night for 2026-11-24 failed. Readers see the list for 2026-11-22" in text
        assert "new.csv must exist. What was found" in text
        assert str(settings.home) not in text
    assert "It must hold." in _text(own_site.get("/findings"))


def test_a_state_of_another_file_or_none_leads_no_page_astray(own_site: Any, settings: Settings) -> None:
    publish(settings, "update ledger.runs set status = 'done', finished_at = started_at + interval 9 minute")
    _end_run(settings, failure="No file.")
    assert "The night for 2026-11-24 failed" in _text(own_site.get("/score"))
    path = settings.published.with_name("published.state.json")
    path.write_text(path.read_text().replace('"published_run_id": "', '"published_run_id": "another-'))
    assert "failed" not in _text(own_site.get("/score"))

    path.unlink()
    assert "failed" not in _text(own_site.get("/score"))


def test_findings_are_shown_by_run_and_an_unknown_run_is_refused(own_site: Any) -> None:
    assert own_site.get("/findings?run=nobody").status_code == 404
    assert own_site.get("/findings?by=colour").status_code == 400
