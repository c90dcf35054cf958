/* Names of grids: inside the grid or not at all; the selection and significant grids first. */

import { colours } from "./tiles.js";
import { ViewCanvas } from "./view-canvas.js";

const WEIGHT = { hot99: 3, hot95: 2, hot90: 1, cold90: 1, cold95: 2, cold99: 3 };
const SIGN = { hot99: "▲▲▲", hot95: "▲▲", hot90: "▲", cold90: "▼", cold95: "▼▼", cold99: "▼▼▼" };
const CHINESE = /[\u3400-\u9fff]/;

/** Break a name into one or two lines: at the space nearest the middle, or amid Chinese signs. */
export function breakName(name, fits) {
  if (fits(name)) return [name];
  const middle = name.length / 2;
  const spaces = [...name.matchAll(/ /g)].map((hit) => hit.index);
  if (spaces.length) {
    const at = spaces.reduce((best, here) => (Math.abs(here - middle) < Math.abs(best - middle) ? here : best));
    return [name.slice(0, at), name.slice(at + 1)];
  }
  if (CHINESE.test(name) && name.length >= 5) return [name.slice(0, Math.ceil(middle)), name.slice(Math.ceil(middle))];
  return [name];
}

const overlaps = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];

/** Return the boxes of the panels that stand on the map, in the canvas's pixels. */
function covered(map, room) {
  const frame = map.getContainer().getBoundingClientRect();
  return [...document.querySelectorAll("[data-covers]")]
    .map((node) => node.getBoundingClientRect())
    .filter((box) => box.width > 0)
    .map((box) => [box.left - frame.left + room.x, box.top - frame.top + room.y, box.right - frame.left + room.x, box.bottom - frame.top + room.y]);
}

/** Make the layer. `state()` returns { classOf, classes, selected, on }. */
export function labelLayer(grids, state) {
  return new ViewCanvas((context, view) => {
    const { classOf, classes, selected, on } = state();
    if (!on) return;
    const tones = colours(["map-text", "halo"]);
    const family = getComputedStyle(document.body).fontFamily;
    const metres = 40075016.68 / (256 * 2 ** view.zoom);
    const candidates = grids.labels().map((label) => {
      const name = classes[classOf.get(label.id)];
      const scale = view.map.getZoomScale(view.zoom, label.zoom);
      return {
        ...label, class: name, weight: (WEIGHT[name] ?? 0) + (label.id === selected ? 10 : 0),
        room: label.width / metres, inside: classOf.has(label.id),
        x: label.place.x * scale - view.origin.x, y: label.place.y * scale - view.origin.y,
      };
    });
    candidates.sort((a, b) => b.weight - a.weight || b.room - a.room);
    const taken = covered(view.map, view.room);
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    for (const label of candidates) {
      const box = layOut(context, label, family, (offsets) => grids.inside(label, offsets));
      if (!box || taken.some((other) => overlaps(box.box, other))) continue;
      taken.push(box.box);
      write(context, label, box, tones);
    }
  }, { pane: "names" });
}

/** Return lines and the box of a label, or null when it does not fit into its grid. */
function layOut(context, label, family, inside) {
  const strong = label.weight > 0;
  const size = strong ? 12.5 : 11;
  const sign = SIGN[label.class];
  const line = size + 2;
  context.font = `${strong ? 700 : 500} ${size}px ${family}`;
  const width = (text) => context.measureText(text).width;
  const whole = (lines) => {
    const high = (lines.length * line) / 2;
    return lines.every((text, i) => {
      const half = width(text) / 2 - 1;
      const top = i * line - high + 2;
      return inside([[-half, top], [half, top], [-half, top + line - 4], [half, top + line - 4]]);
    });
  };
  const name = breakName(label.name, (text) => width(text) <= label.room);
  const attempts = [sign ? [...name, sign] : name, sign ? [label.name, sign] : [label.name], sign ? [sign] : []];
  const lines = attempts.find((attempt) => attempt.length && whole(attempt));
  if (!lines) return null;
  const half = Math.max(...lines.map(width)) / 2 + 2;
  const high = (lines.length * line) / 2 + 1;
  return { lines, line, font: context.font, box: [label.x - half, label.y - high, label.x + half, label.y + high] };
}

function write(context, label, { lines, line, font }, tones) {
  context.font = font;
  context.globalAlpha = label.inside ? 1 : 0.75;
  const first = label.y - ((lines.length - 1) * line) / 2;
  context.strokeStyle = tones.halo;
  context.lineWidth = 3;
  lines.forEach((text, i) => context.strokeText(text, label.x, first + i * line));
  context.fillStyle = tones["map-text"];
  lines.forEach((text, i) => context.fillText(text, label.x, first + i * line));
  context.globalAlpha = 1;
}
