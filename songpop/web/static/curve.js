// Draws the score over the range of one feature, with its 90 % interval and where the model has no experience.
const [WIDE, HIGH, LEFT, BOTTOM, TOP] = [360, 170, 30, 24, 8];
const SVG = "http://www.w3.org/2000/svg";

function make(name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

const brief = (value) => (Math.abs(value) >= 1000 ? value.toLocaleString("en", { maximumFractionDigits: 0 }) : String(Number(value.toPrecision(3))));

function label(name, value) {
  if (name === "duration_ms") {
    const seconds = Math.round(value / 1000);
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }
  return name === "year" ? String(value) : brief(value);
}

export function drawCurve(place, { name, points }) {
  const low = points[0].value;
  const high = points.at(-1).value;
  const x = (value) => LEFT + ((WIDE - LEFT - 8) * (value - low)) / (high - low || 1);
  const y = (score) => TOP + (HIGH - TOP - BOTTOM) * (1 - score / 100);
  const scores = points.map((point) => point.score);
  const svg = make("svg", {
    viewBox: `0 0 ${WIDE} ${HIGH}`,
    role: "img",
    "aria-label": `Score from ${Math.min(...scores).toFixed(1)} to ${Math.max(...scores).toFixed(1)} over ${label(name, low)} to ${label(name, high)}`,
  });
  for (const score of [0, 50, 100]) {
    svg.append(make("line", { class: "grid", x1: LEFT, x2: WIDE - 8, y1: y(score), y2: y(score) }));
    svg.append(make("text", { class: "tick end", x: LEFT - 6, y: y(score) + 4 }, String(score)));
  }
  for (let i = 0; i + 1 < points.length; i += 1) {
    if (points[i].outside || points[i + 1].outside) {
      const start = x(points[i].value);
      svg.append(make("rect", { class: "beyond", x: start, y: TOP, width: x(points[i + 1].value) - start, height: HIGH - TOP - BOTTOM }));
    }
  }
  const upper = points.map((point) => `${x(point.value)},${y(point.score_high)}`);
  const lower = points.map((point) => `${x(point.value)},${y(point.score_low)}`).reverse();
  svg.append(make("polygon", { class: "area", points: [...upper, ...lower].join(" ") }));
  svg.append(make("polyline", { class: "sweep", points: points.map((point) => `${x(point.value)},${y(point.score)}`).join(" ") }));
  const here = points.find((point) => point.is_present);
  if (here) svg.append(make("circle", { class: "here", cx: x(here.value), cy: y(here.score), r: 6 }));
  svg.append(make("text", { class: "tick", x: LEFT, y: HIGH - 6 }, label(name, low)));
  svg.append(make("text", { class: "tick end", x: WIDE - 8, y: HIGH - 6 }, label(name, high)));
  place.replaceChildren(svg);
}
