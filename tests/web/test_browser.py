"""The web page in headless Chromium: real clicks and keys, on a wide screen and on a phone, light and dark."""

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from checked_warehouse import make_settings
from served import RELEASE, plant_model, publish, write_held_out

_CHROMIUM, _DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (_CHROMIUM and _DRIVER), reason="there is no Chromium on this machine"),
]
_FLAGS = (
    *("headless", "no-sandbox", "disable-gpu", "no-first-run", "disable-background-networking"),
    *("disable-component-update", "disable-sync"),
)
_PAGES = (
    *("/", f"/score?track_id={RELEASE}&tempo=240", "/single?album_id=newAlbum1", "/lists/releases?q=title"),
    *("/lists/singles", "/lists/artists", "/quality", "/findings", "/api", "/nothing"),
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a small published home on a loopback port."""
    from songpop.cli.web_command import open_server

    settings = make_settings(tmp_path_factory.mktemp("home"))
    publish(settings)
    write_held_out(settings)
    with pytest.MonkeyPatch.context() as patch:
        plant_model(patch)
        server = open_server(settings, "127.0.0.1", 0)
        thread = threading.Thread(target=server.run)
        thread.start()
        yield f"http://127.0.0.1:{server.effective_port}"
        server.close()
        thread.join(10)


@pytest.fixture(scope="module")
def chromium(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Start headless Chromium with a profile of its own; it ends before the server does, which waits for it."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(_CHROMIUM)
    for flag in (*_FLAGS, f"user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with Path(tmp_path_factory.mktemp("log") / "driver.txt").open("w") as log:
        driver = webdriver.Chrome(options=options, service=Service(_DRIVER, log_output=log))
        yield driver
        driver.quit()


@pytest.fixture
def page(chromium: Any) -> Any:
    """Return the browser with a wide, light window and an empty log."""
    _look(chromium, 1280, "light")
    chromium.get_log("browser")
    return chromium


def _look(driver: Any, width: int, scheme: str) -> None:
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 720}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def _find(driver: Any, css: str) -> Any:
    return driver.find_element("css selector", css)


def _wait(driver: Any, is_so: Callable[[Any], Any]) -> Any:
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(driver, 20, poll_frequency=0.05).until(is_so)


def _score(driver: Any) -> float:
    return float(_find(driver, "#score").text)


def test_a_slider_moves_the_score_the_address_and_what_is_read_out(page: Any, address: str) -> None:
    from selenium.webdriver.common.keys import Keys

    page.get(f"{address}/score?track_id={RELEASE}")
    before = _score(page)
    slider = _find(page, "[data-name=danceability] input[type=range]")

    slider.send_keys(Keys.END)

    _wait(page, lambda driver: _score(driver) > before + 2)
    assert _find(page, "#f-danceability").get_attribute("value") == "1"
    assert page.current_url.endswith(f"?track_id={RELEASE}&danceability=1")
    assert "as it is" in _find(page, "[data-bind=difference]").text
    assert "outside" in _find(page, "[data-name=danceability] .mark").text
    ends = _find(page, "[data-bind=interval]").text.replace("–", " to ")
    _wait(page, lambda driver: ends in _find(driver, "#spoken").get_attribute("textContent"))
    assert _find(page, "#spoken").get_attribute("textContent") == f"Score {_score(page)}, 90 % interval {ends}."
    curve = _wait(page, lambda driver: _find(driver, "#curve-plot svg"))
    assert curve.get_attribute("aria-label").startswith("Score from ")

    page.refresh()
    assert _score(page) > before + 2
    _find(page, "#reset").click()
    _wait(page, lambda driver: _score(driver) == before)
    assert page.current_url.endswith(f"?track_id={RELEASE}")
    assert page.get_log("browser") == []


def test_what_is_drawn_anew_is_what_the_server_draws(page: Any, address: str) -> None:
    page.get(f"{address}/score?track_id={RELEASE}")
    genre = _find(page, "#f-genre")
    genre.clear()
    genre.send_keys("pop")
    _wait(
        page,
        lambda driver: "genre=pop" in driver.current_url and _find(driver, "[data-bind=difference]").is_displayed(),
    )

    drawn = _drawn(page)
    page.refresh()

    assert _drawn(page) == drawn


def _drawn(driver: Any) -> list[Any]:
    texts = [each.text for each in driver.find_elements("css selector", ".headline, .bins dd, .pushes dd, .remarks")]
    rects = driver.execute_script(
        "return [...document.querySelectorAll('.answer .scale rect, .answer dl rect')].map("
        "rect => ['x', 'width'].map(name => Math.round(10 * rect.getAttribute(name)) / 10))"
    )
    return [texts, rects]


def test_a_value_that_cannot_be_used_keeps_the_score_and_is_said(page: Any, address: str) -> None:
    page.get(f"{address}/score")
    before = _score(page)
    tempo = _find(page, "#f-tempo")
    tempo.clear()
    tempo.send_keys("900")

    problem = _wait(page, lambda driver: _find(driver, "#problem").is_displayed() and _find(driver, "#problem"))

    assert "one of the new ones can't be used" in problem.text
    assert "tempo must be a number from 0 to 250" in _find(page, "[data-name=tempo] .mark").text
    assert tempo.get_attribute("aria-invalid") == "true"
    assert _score(page) == before


def test_a_track_is_found_and_chosen_by_keyboard_alone(page: Any, address: str) -> None:
    from selenium.webdriver.common.keys import Keys

    page.get(f"{address}/score")
    box = _find(page, "[role=combobox]")
    box.send_keys("new title 4")
    _wait(page, lambda driver: driver.find_elements("css selector", "[role=option]"))
    assert box.get_attribute("aria-expanded") == "true"

    box.send_keys(Keys.ARROW_DOWN)
    assert box.get_attribute("aria-activedescendant") == _find(page, "[aria-selected=true]").get_attribute("id")
    box.send_keys(Keys.ENTER)

    _wait(page, lambda driver: f"track_id={RELEASE}" in driver.current_url)
    assert "New title 4" in _find(page, ".now").text


def test_naming_a_known_artist_fills_in_the_popularity(page: Any, address: str) -> None:
    from selenium.webdriver.common.keys import Keys

    page.get(f"{address}/score")
    _find(page, "#f-artist_name").send_keys("artist 7", Keys.TAB)

    _wait(page, lambda driver: _find(driver, "#f-artist_popularity").get_attribute("value") == "27")
    _wait(page, lambda driver: "artist_name=artist" in driver.current_url)
    _find(page, "#reset").click()
    _wait(page, lambda driver: driver.current_url.endswith("/score"))
    assert _find(page, "#f-artist_name").get_attribute("value") == ""


def test_the_template_is_put_in_and_its_songs_are_ranked(page: Any, address: str) -> None:
    page.get(f"{address}/single")
    _find(page, "#fill").click()
    _find(page, "#own button:not([type])").click()

    _wait(page, lambda driver: driver.find_elements("css selector", "table.album"))
    assert len(page.find_elements("css selector", "table.album tbody tr")) == 2
    assert "First Song" in _find(page, "table.album").text


def test_a_list_is_sorted_by_a_click_and_filtered_by_a_choice(page: Any, address: str) -> None:
    from selenium.webdriver.support.ui import Select

    page.get(f"{address}/lists/releases?q=title")
    _find(page, "th.track a").click()
    _wait(page, lambda driver: "sort=track_name" in driver.current_url)
    assert _find(page, "th.track").get_attribute("aria-sort") == "ascending"

    Select(_find(page, "#genre")).select_by_visible_text("rock")
    _wait(page, lambda driver: "genre=rock" in driver.current_url)

    assert page.current_url.endswith("?q=title&genre=rock&sort=track_name")
    assert _find(page, "tbody .title").text == "New title 0"
    page.back()
    page.back()
    assert page.current_url.endswith("?q=title")


def test_the_first_key_leads_past_the_navigation(page: Any, address: str) -> None:
    from selenium.webdriver.common.keys import Keys

    page.get(address)
    _find(page, "body").send_keys(Keys.TAB)
    skip = page.switch_to.active_element

    assert skip.text == "Skip to the content"
    assert skip.is_displayed()
    skip.send_keys(Keys.ENTER)
    assert page.switch_to.active_element.get_attribute("id") == "main"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
def test_every_page_fits_is_readable_and_names_its_controls(page: Any, address: str, width: int, scheme: str) -> None:
    _look(page, width, scheme)
    for path in _PAGES:
        page.get(f"{address}{path}")
        found = page.execute_script(_EXAMINE)

        assert found["width"] <= width, path
        assert found["unnamed"] == [], path
        assert found["faint"] == [], path
        assert found["foreign"] == [], path
        assert found["scheme"] == (scheme == "dark"), path
    assert [entry for entry in page.get_log("browser") if "/nothing" not in entry["message"]] == []


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (390, "dark"), (800, "light")])
def test_a_narrow_screen_shows_a_songs_interval_and_reasons_under_it(
    page: Any, address: str, width: int, scheme: str
) -> None:
    _look(page, width, scheme)
    page.get(f"{address}/single?album_id=newAlbum1")
    scrolled, caption = _find(page, ".scroll"), _find(page, "#tint")
    rows = page.find_elements("css selector", "table.album tbody tr")

    assert scrolled.get_property("scrollWidth") <= scrolled.get_property("clientWidth")
    assert caption.is_displayed()
    assert len(rows) == 3
    for row in rows:
        song, interval, *reasons = (_find(row, css) for css in ("th", "td.axis", "th ~ .reasons", "td:last-child"))
        assert song.rect["y"] < interval.rect["y"] < reasons[0].rect["y"] < reasons[1].rect["y"]
        for cell in (song, interval, *reasons):
            assert cell.is_displayed()
            assert cell.rect["x"] + cell.rect["width"] <= width


# width of the page, controls without a name, texts whose contrast is below that of WCAG 2 AA, what came from elsewhere
_EXAMINE = """
const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
function solid(colour, under) {
  probe.fillStyle = `rgb(${under})`; probe.fillRect(0, 0, 1, 1);
  probe.fillStyle = colour; probe.fillRect(0, 0, 1, 1);
  return [...probe.getImageData(0, 0, 1, 1).data].slice(0, 3);
}
function backdrop(element) {
  const over = [];
  for (let at = element; at; at = at.parentElement) over.unshift(getComputedStyle(at).backgroundColor);
  return over.reduce((under, colour) => solid(colour, under), [255, 255, 255]);
}
const part = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
function contrast(element) {
  const under = backdrop(element);
  const [a, b] = [light(solid(getComputedStyle(element).color, under)), light(under)].sort((x, y) => y - x);
  return (a + 0.05) / (b + 0.05);
}
const texts = [...document.querySelectorAll("body *")].filter((element) => element.checkVisibility() &&
  !element.closest("svg") && !["SCRIPT", "OPTION"].includes(element.tagName) &&
  [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()));
const controls = [...document.querySelectorAll("input:not([type=hidden]), select, textarea, button")];
return {
  width: document.documentElement.scrollWidth,
  unnamed: controls.filter((each) => !(each.labels?.length || each.ariaLabel || each.textContent.trim()))
    .map((each) => each.outerHTML),
  faint: texts.filter((each) => contrast(each) < 4.5)
    .map((each) => `${each.textContent.trim().slice(0, 40)} ${contrast(each).toFixed(2)}`),
  foreign: performance.getEntriesByType("resource").map((each) => each.name)
    .filter((name) => !name.startsWith(location.origin)),
  scheme: light(backdrop(document.body)) < 0.2,
};
"""
