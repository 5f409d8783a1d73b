// Scores the song anew as its values change, over the JSON API, and draws what came back into the page.
import { drawCurve } from "./curve.js";
import { findTracks } from "./finder.js";

const api = `${document.body.dataset.root}/api/v1`;
const desk = document.getElementById("desk");
const form = document.getElementById("song");
const track = desk.dataset.track || null;
const controls = [...form.querySelectorAll(".control")];
let last = 0; // number of the newest request; an answer that comes late is dropped
let spoken; // waits with the text for a screen reader until the slider rests

const fixed = (value, digits = 1) => value.toFixed(digits);
const signed = (value) => (Math.abs(value) < 0.05 ? "0.0" : `${value < 0 ? "−" : "+"}${fixed(Math.abs(value))}`);
const percent = (value) => `${Math.round(100 * value)} %`;
const field = (control) => form.elements[control.dataset.name];
const bind = (name) => desk.querySelector(`[data-bind=${name}]`);

async function ask(path, body) {
  const answer = await fetch(`${api}${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const content = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(content.detail), { faults: content.errors ?? {} });
  return content;
}

function changed() {
  const values = {};
  for (const control of controls) {
    const text = field(control).value.trim();
    const is_changed = text !== control.dataset.base;
    control.classList.toggle("changed", is_changed);
    control.classList.toggle("unknown", text === "");
    if (is_changed) values[control.dataset.name] = text === "" ? null : text;
  }
  if ("artist_name" in values && !("artist_popularity" in values)) {
    values.artist_popularity = form.elements.artist_popularity.value || null;
  }
  return values;
}

function remember(values) {
  const query = new URLSearchParams(track ? { track_id: track } : {});
  for (const [name, value] of Object.entries(values)) query.set(name, value ?? "");
  const text = query.toString();
  history.replaceState(null, "", text ? `?${text}` : location.pathname);
}

async function score() {
  const number = ++last;
  const values = changed();
  remember(values);
  try {
    const whatIf = await ask("/score", { track_id: track, values });
    if (number === last) show(whatIf);
  } catch (error) {
    if (number === last) refuse(error);
  }
}

function show(whatIf) {
  document.getElementById("problem").hidden = true;
  document.getElementById("score").textContent = fixed(whatIf.score);
  const ends = `${Math.round(whatIf.score_low)}–${Math.round(whatIf.score_high)}`;
  bind("interval").textContent = ends;
  bind("reference").textContent = fixed(whatIf.reference_score);
  bind("benchmark").textContent = fixed(whatIf.benchmark_score);
  bind("difference").hidden = whatIf.changes.length === 0;
  bind("difference").textContent =
    `${signed(whatIf.difference)} against ${fixed(whatIf.before.score)} ${track ? "as it is" : "at the start"}`;
  const scale = document.querySelector("#scale svg");
  place(scale.querySelector(".range"), whatIf.score_low, Math.max(whatIf.score_high - whatIf.score_low, 0.5));
  place(scale.querySelector(".point"), Math.min(Math.max(whatIf.score - 0.6, 0), 98.8), 1.2);
  scale.setAttribute("aria-label", `Score ${fixed(whatIf.score)}, 90 % interval ${ends.replace("–", " to ")}`);
  for (const cell of desk.querySelectorAll("[data-bin]")) {
    const share = whatIf[cell.dataset.bin];
    cell.querySelector("rect:last-child").setAttribute("width", 100 * share);
    cell.querySelector("span").textContent = percent(share);
  }
  const largest = Math.max(Number(desk.dataset.largest), ...whatIf.contributions.map((part) => Math.abs(part.after)));
  for (const { group, after } of whatIf.contributions) push(group, after, largest);
  for (const control of controls) mark(control, whatIf.outside[control.dataset.name]);
  list(whatIf.remarks.length ? whatIf.remarks : ["Nothing out of the ordinary about this song."]);
  clearTimeout(spoken);
  spoken = setTimeout(() => {
    document.getElementById("spoken").textContent = `Score ${fixed(whatIf.score)}, 90 % interval ${ends.replace("–", " to ")}.`;
  }, 600);
}

function place(rect, x, width) {
  rect.setAttribute("x", x);
  rect.setAttribute("width", width);
}

function push(group, points, largest) {
  const cell = desk.querySelector(`[data-group="${CSS.escape(group)}"]`);
  const rect = cell.querySelector("rect");
  const size = (50 * Math.abs(points)) / largest;
  rect.setAttribute("class", points < 0 ? "down" : "up");
  place(rect, points < 0 ? 50 - size : 50, size);
  cell.querySelector("span").textContent = signed(points);
}

function mark(control, message, is_fault = false) {
  const place = control.querySelector("[data-mark]");
  place.hidden = !message;
  place.textContent = message ?? "";
  if (is_fault) field(control).setAttribute("aria-invalid", "true");
  else field(control).removeAttribute("aria-invalid");
}

function list(remarks) {
  document.getElementById("remarks").replaceChildren(
    ...remarks.map((remark) => Object.assign(document.createElement("li"), { textContent: remark })),
  );
}

function refuse(error) {
  const problem = document.getElementById("problem");
  const faults = error.faults ?? {};
  for (const control of controls) if (faults[control.dataset.name]) mark(control, faults[control.dataset.name], true);
  problem.hidden = false;
  problem.textContent = Object.keys(faults).length
    ? "The score is that of the values before: one of the new ones can't be used."
    : `The score could not be had: ${error.message}`;
}

// the curve of the feature that was touched last
let curve = { name: null, timer: null, number: 0 };

function askCurve(name, wait = 160) {
  const control = controls.find((other) => other.dataset.name === name);
  if (!control || (!control.classList.contains("slider") && name !== "year")) return;
  clearTimeout(curve.timer);
  curve.name = name;
  curve.timer = setTimeout(async () => {
    const number = ++curve.number;
    try {
      const sweep = await ask("/sweep", { track_id: track, values: changed(), feature: name });
      if (number !== curve.number) return;
      document.getElementById("curve").hidden = false;
      document.getElementById("curve-title").textContent =
        `Score over ${control.querySelector("label").firstChild.textContent.trim().toLowerCase()}`;
      drawCurve(document.getElementById("curve-plot"), sweep);
    } catch {
      document.getElementById("curve").hidden = true;
    }
  }, wait);
}

let pending;
function soon(wait) {
  clearTimeout(pending);
  pending = setTimeout(score, wait);
}

// a what-if that names an artist brings the popularity along; the form takes it from there
async function takePopularity() {
  const slot = form.elements.artist_popularity;
  if (form.elements.artist_name.value.trim()) {
    const values = changed();
    delete values.artist_popularity;
    try {
      const { changes } = await ask("/score", { track_id: track, values });
      const change = changes.find(({ name }) => name === "artist_popularity");
      slot.value = change ? change.after ?? "" : slot.closest(".control").dataset.base;
      follow(slot);
    } catch {
      // what can't be used is said with the score
    }
  }
  score();
}

async function suggestArtists() {
  const name = form.elements.artist_name.value.trim();
  if (name.length < 2) return;
  const answer = await fetch(`${api}/artists?q=${encodeURIComponent(name)}`);
  if (!answer.ok) return;
  const { artists } = await answer.json();
  document.getElementById("artists").replaceChildren(
    ...artists.map(({ artist_name }) => Object.assign(document.createElement("option"), { value: artist_name })),
  );
}

function follow(input) {
  const control = input.closest(".control");
  const slider = control.querySelector("input[type=range]");
  if (slider) slider.value = input.value === "" ? (Number(slider.min) + Number(slider.max)) / 2 : input.value;
  const length = control.querySelector("[data-length]");
  if (length) {
    const seconds = Math.round(Number(input.value) / 1000);
    length.textContent = input.value === "" ? "unknown" : `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }
}

function followDate() {
  const day = form.elements.release_date.value;
  form.elements.year.readOnly = Boolean(day);
  if (day) form.elements.year.value = day.slice(0, 4);
}

let typing;
form.addEventListener("input", (event) => {
  const target = event.target;
  const control = target.closest(".control");
  if (!control) return;
  if (target.type === "range") field(control).value = target.value;
  follow(field(control));
  const name = control.dataset.name;
  if (name === "release_date") followDate();
  if (name === "artist_name") {
    clearTimeout(typing);
    typing = setTimeout(suggestArtists, 150);
    return;
  }
  soon(target.type === "range" ? 30 : 250);
  askCurve(name);
});
form.elements.artist_name.addEventListener("change", takePopularity);
form.addEventListener("focusin", (event) => {
  if (event.target.type === "range") askCurve(event.target.closest(".control").dataset.name, 0);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  score();
});
document.getElementById("reset").addEventListener("click", () => {
  for (const control of controls) {
    field(control).value = control.dataset.base;
    follow(field(control));
  }
  document.getElementById("curve").hidden = true;
  followDate();
  score();
});
document.getElementById("no-sound").addEventListener("click", () => {
  for (const control of controls) {
    if (control.closest("fieldset").contains(document.getElementById("no-sound")) && control.dataset.name !== "duration_ms") {
      field(control).value = "";
      follow(field(control));
    }
  }
  score();
});
findTracks(document.querySelector("[role=combobox]"), document.getElementById("found"), api, (id) => {
  location.href = `${document.body.dataset.root}/score?track_id=${encodeURIComponent(id)}`;
});
followDate();
changed();
