/* A small map of what a file holds, read anew whenever its columns are chosen otherwise. */

import { ask } from "./ask.js";
import { GridLayer } from "./grid-layer.js";
import { colours } from "./tiles.js";
import { ViewCanvas } from "./view-canvas.js";

const L = window.L;
const DEGREES = 1e5;
const node = document.getElementById("preview-map");
const form = document.getElementById("mapping");
const line = document.getElementById("sample-line");
const map = L.map(node, { zoomControl: false, attributionControl: false, fadeAnimation: false, zoomSnap: 0.25, keyboard: false });
let found = { points: [], rings: [] };
let asked = 0;
let timer = null;

for (const [name, level] of [["grids", 220], ["incidents", 240]]) map.createPane(name).style.zIndex = level;
map.getPane("incidents").style.pointerEvents = "none";
map.setView([30, 110], 3);
new GridLayer(node.dataset.tiles, { maxZoom: 19 }).addTo(map);

const sample = new ViewCanvas((context, view) => {
  const tones = colours(["accent", "halo", "dot"]);
  const place = (x, y) => view.map.project([y / DEGREES, x / DEGREES], view.zoom).subtract(view.origin);
  context.lineJoin = "round";
  for (const ring of found.rings) {
    context.beginPath();
    for (let i = 0; i < ring.length; i += 2) {
      const { x, y } = place(ring[i], ring[i + 1]);
      if (i) context.lineTo(x, y); else context.moveTo(x, y);
    }
    context.closePath();
    context.globalAlpha = 0.15;
    context.fillStyle = tones.accent;
    context.fill();
    context.globalAlpha = 1;
    context.strokeStyle = tones.accent;
    context.lineWidth = 1.2;
    context.stroke();
  }
  context.fillStyle = tones.accent;
  context.strokeStyle = tones.halo;
  context.lineWidth = 0.8;
  for (const [lon, lat] of found.points) {
    const { x, y } = place(lon, lat);
    context.beginPath();
    context.arc(x, y, 2.6, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
  }
}, { pane: "incidents" }).addTo(map);

function fit() {
  const all = [...found.points, ...found.rings.flatMap((ring) => ring.flatMap((_, i) => (i % 2 ? [] : [[ring[i], ring[i + 1]]])))];
  if (!all.length) return;
  const xs = all.map(([x]) => x).sort((a, b) => a - b);
  const ys = all.map(([, y]) => y).sort((a, b) => a - b);
  const cut = found.points.length ? Math.floor(all.length / 200) : 0; /* one stray point must not shrink the rest */
  const bounds = [[ys[cut] / DEGREES, xs[cut] / DEGREES], [ys.at(-1 - cut) / DEGREES, xs.at(-1 - cut) / DEGREES]];
  map.fitBounds(bounds, { padding: [16, 16], animate: false, maxZoom: 16 });
}

async function read() {
  const mine = ++asked;
  line.textContent = node.dataset.loading;
  const answer = await ask(form.dataset.sample, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { Accept: "application/json" } }).catch(() => null);
  const got = await answer?.json().catch(() => null);
  if (mine !== asked) return;
  if (!answer?.ok) {
    found = { points: [], rings: [] };
    line.textContent = got?.error ? got.error.message : node.dataset.failed;
  } else {
    found = got;
    const text = got.rings.length ? node.dataset.areas : node.dataset.points;
    const number = (n) => n.toLocaleString(document.documentElement.lang);
    line.textContent = got.total ? text.replace("{shown}", number(got.shown)).replace("{total}", number(got.total)) : node.dataset.none;
    fit();
  }
  node.dataset.ready = "true";
  sample.redraw();
}

form.addEventListener("change", (event) => {
  if (!event.target.matches("[data-reads]")) return;
  clearTimeout(timer);
  timer = setTimeout(read, 300);
});
document.addEventListener("gridmap:theme", () => sample.redraw());
(document.getElementById("problem") ?? document.getElementById("checked"))?.focus();
read();
