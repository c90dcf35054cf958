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

/** Make the layer. `state()` returns { classOf, classes, selected, on }; `obstacles(view)` boxes. */
export function labelLayer(grids, state, obstacles = () => []) {
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
    const taken = covered(view.map, view.room).concat(obstacles(view));
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    const free = (box) => !taken.some((other) => overlaps(box, other));
    for (const label of candidates) {
      const found = layOut(context, label, family, (offsets) => grids.inside(label, offsets), free);
      if (!found) continue;
      taken.push(found.box);
      write(context, label, found, tones);
    }
  }, { pane: "names" });
}

const SHIFTS = [0, -13, 13, -25, 25];

/** What may be written, best first: the name in two lines or one, its sign below; the sign alone. */
function wordings(label, measure) {
  const sign = SIGN[label.class] ? [SIGN[label.class]] : [];
  const broken = breakName(label.name, (text) => measure(text) <= label.room);
  const full = [{ lines: [...broken, ...sign] }, { lines: [label.name, ...sign] }];
  return sign.length ? [...full, { lines: sign }, { lines: sign, size: 8.5 }] : full;
}

/** Return lines, font and box of a label where it lies free inside its grid, or null. */
function layOut(context, label, family, inside, free) {
  const strong = label.weight > 0;
  const font = (size) => `${strong ? 700 : 500} ${size}px ${family}`;
  const usual = strong ? 12.5 : 11;
  context.font = font(usual);
  const measure = (text) => context.measureText(text).width;
  for (const { lines, size = usual } of wordings(label, measure)) {
    context.font = font(size);
    const line = size + 2;
    const widths = lines.map(measure);
    const high = (lines.length * line) / 2;
    for (const shift of SHIFTS) {
      const fits = widths.every((width, i) => {
        const half = width / 2 - 1;
        const top = shift + i * line - high + 2;
        const foot = top + line - 4;
        return inside([[-half, top], [half, top], [-half, foot], [half, foot]]);
      });
      const half = Math.max(...widths) / 2 + 2;
      const y = label.y + shift;
      const box = [label.x - half, y - high - 1, label.x + half, y + high + 1];
      if (fits && free(box)) return { lines, line, y, font: context.font, box };
    }
  }
  return null;
}

function write(context, label, { lines, line, y, font }, tones) {
  context.font = font;
  context.globalAlpha = label.inside ? 1 : 0.75;
  const first = y - ((lines.length - 1) * line) / 2;
  context.strokeStyle = tones.halo;
  context.lineWidth = 3;
  lines.forEach((text, i) => context.strokeText(text, label.x, first + i * line));
  context.fillStyle = tones["map-text"];
  lines.forEach((text, i) => context.fillText(text, label.x, first + i * line));
  context.globalAlpha = 1;
}
