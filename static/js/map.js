/* The map page: Folium made the map, this adds the layers and keeps them in step with the page. */

import { ask } from "./ask.js";
import { BaseLayer } from "./base-layer.js";
import { GridLayer } from "./grid-layer.js";
import { labelLayer } from "./labels.js";
import { loadNames, named } from "./names.js";
import { outlineLayer } from "./outline.js";
import { address, connectCard, fillDrawer, openFrom, setOpen } from "./card.js";
import { pageState } from "./page.js";
import { incidentLayer, KINDS, resourceLayer } from "./points.js";

const L = window.L;
const PANES = { raster: 200, base: 210, grids: 220, incidents: 240, outlines: 250, names: 260, resources: 270 };
const DOTS_FROM_ZOOM = 14;
const RESOURCES_FROM_ZOOM = 13;
const DOTS_CAP = 2000;

const map = window.gridmap.map;
let page = pageState();
let figures = null;
let classOf = new Map();
let position = new Map();
let hovered = null;
const shown = new Set(new URLSearchParams(location.search).get("layers")?.split(" ") ?? ["incidents", "base", "names"]);

if (matchMedia("(prefers-reduced-motion: reduce)").matches) map._zoomAnimated = false;
for (const [name, level] of Object.entries(PANES)) {
  const pane = map.createPane(name);
  pane.style.zIndex = level;
  if (!["raster", "base", "grids"].includes(name)) pane.style.pointerEvents = "none";
}

/* ── where the map begins: before any layer asks for tiles ───────────────── */
function whole() {
  const [west, south, east, north] = page.bounds;
  const bounds = L.latLngBounds([south, west], [north, east]);
  if (window.innerWidth <= 640) {
    map.fitBounds(bounds, { paddingTopLeft: [8, 60], paddingBottomRight: [8, 76], animate: false });
    return;
  }
  /* beside the legend where that costs no zoom, else under it */
  const beside = (left) => map.getBoundsZoom(bounds, false, L.point(left + 52, 42));
  const left = [262, 160, 12].find((room) => beside(room) === beside(12));
  map.fitBounds(bounds, { paddingTopLeft: [left, 12], paddingBottomRight: [52, 30], animate: false });
}
function readView() {
  const parts = new URLSearchParams(location.search).get("at")?.split(",").map(Number);
  return parts?.length === 3 && parts.every(Number.isFinite) ? parts : null;
}
map.setMinZoom(3).setMaxZoom(19);
const begin = readView();
if (begin) map.setView([begin[0], begin[1]], begin[2], { animate: false }); else whole();

/* ── layers ─────────────────────────────────────────────────────────────── */
const raster = page.raster ? L.tileLayer(page.raster, { pane: "raster", maxZoom: 19 }) : null;
const base = page.tiles.base ? new BaseLayer(page.tiles.base, { maxZoom: 19 }) : null;
const grids = new GridLayer(page.tiles.grids, { maxZoom: 19 });
const selectedId = () => page.selected?.id ?? null;
const neighbours = () => new Set(page.selected?.neighbours ?? []);
const outlines = outlineLayer(grids, () => ({ selected: selectedId(), neighbours: neighbours(), hovered }));
const names = labelLayer(grids, () => ({ classOf, classes: figures?.classes ?? [], selected: selectedId(), on: shown.has("names") }), (view) => resources.boxes(view));
const incidents = incidentLayer(map, () => {
  const near = map.getZoom() >= DOTS_FROM_ZOOM || (figures?.incidents ?? Infinity) <= DOTS_CAP;
  return shown.has("incidents") && near ? page.points : null;
}, sayIncidents);
const resources = resourceLayer(map, () => {
  const kinds = KINDS.filter((kind) => shown.has(kind));
  if (!kinds.length || map.getZoom() < RESOURCES_FROM_ZOOM) return null;
  return `${page.resources}${page.resources.includes("?") ? "&" : "?"}${kinds.map((kind) => `kind=${kind}`).join("&")}`;
}, sayResources);

function showBase() {
  const on = shown.has("base");
  for (const layer of [raster, base]) {
    if (!layer) continue;
    if (on) layer.addTo(map); else layer.remove();
  }
  const above = Boolean(on && (raster || base));
  map.getPane("grids").style.opacity = above ? "0.75" : "1";
  document.getElementById("map-pane").classList.toggle("above-base", above);
}
showBase();
for (const layer of [grids, incidents, outlines, names, resources]) layer.addTo(map);
let settle = null;
let painted = false;
/** Tell whoever waits (tests, a printing page) that borders and figures are both on the map. */
function ready() {
  if (!painted || !figures) return;
  document.getElementById("map-pane").dataset.ready = "true";
}
grids.on("painted", () => {
  clearTimeout(settle);
  settle = setTimeout(() => { outlines.redraw(); names.redraw(); painted = true; ready(); }, 30);
});
grids.on("unreachable", () => say(page.text.failed, { bad: true }));

/* ── figures ────────────────────────────────────────────────────────────── */
async function loadFigures() {
  const asked = page.figures;
  try {
    const answer = await ask(asked);
    if (!answer.ok) throw new Error(`figures ${answer.status}`);
    const found = await answer.json();
    if (asked !== page.figures) return;
    figures = found;
    classOf = new Map();
    position = new Map();
    let at = 0;
    for (const [first, count] of found.runs) {
      for (let id = first; id < first + count; id += 1, at += 1) {
        classOf.set(id, found.class.charCodeAt(at) - 48);
        position.set(id, at);
      }
    }
    grids.setFigures(classOf, found.classes);
    names.redraw();
    incidents.refresh();
    say(null);
    ready();
  } catch {
    if (asked === page.figures) say(page.text.failed, { bad: true });
  }
}

/* ── messages on the map ────────────────────────────────────────────────── */
function say(text, { bad = false } = {}) {
  const note = document.getElementById("map-note");
  note.querySelector(".said").textContent = text ?? "";
  note.classList.toggle("bad", bad);
  note.querySelector("button").hidden = !bad;
  note.hidden = !text;
}
document.getElementById("map-note").querySelector("button").addEventListener("click", () => {
  say(null);
  grids.redraw();
  loadFigures();
});
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => (values[name] ?? "").toLocaleString(document.documentElement.lang));
function sayIncidents(answer) {
  const line = document.getElementById("dots-line");
  if (!line) return;
  line.hidden = !page.points;
  let text = page.text.dotsFar;
  if (answer?.failed) text = page.text.failed;
  else if (answer) {
    const drawn = fill(answer.total > answer.shown ? page.text.dotsCapped : page.text.dots, { shown: answer.shown, total: answer.total });
    const missing = answer.pointless ? fill(page.text.dotsNone, { n: answer.pointless }) : "";
    text = [answer.total || !missing ? drawn : "", missing].filter(Boolean).join(" ");
  }
  line.textContent = text;
}
function sayResources(answer) {
  const line = document.getElementById("resources-line");
  const wanted = KINDS.some((kind) => shown.has(kind));
  line.hidden = !wanted;
  names.redraw();
  if (!answer) line.textContent = page.text.resourcesFar;
  else line.textContent = fill(answer.total > answer.shown ? page.text.resourcesCapped : page.text.resources, { shown: answer.shown ?? 0, total: answer.total ?? 0 });
}

/* ── hover and click ────────────────────────────────────────────────────── */
const tip = document.getElementById("map-tip");
let tipTimer = null;
function tipFor(grid, resource) {
  const rows = [];
  if (resource) rows.push(resource.name || page.text.kinds[resource.kind], page.text.kinds[resource.kind] + (resource.broken ? ` · ${page.text.broken}` : ""));
  else {
    const index = classOf.get(grid.id);
    rows.push(named(grid).name || named(grid).code);
    if (index === undefined) rows.push(page.text.outside);
    else {
      rows.push(page.text.classes[figures.classes[index]] ?? page.text.noData);
      rows.push(fill(page.text.count, { n: figures.n[position.get(grid.id)] }));
      const value = figures.value?.[position.get(grid.id)];
      if (value !== undefined && value !== null) rows.push(fill(page.text.value, { v: value }));
    }
  }
  tip.replaceChildren(...rows.filter(Boolean).map((text, i) => {
    const row = document.createElement(i ? "div" : "b");
    row.textContent = text;
    return row;
  }));
}
function placeTip(point) {
  const size = map.getSize();
  tip.hidden = false;
  const x = Math.min(point.x + 14, size.x - tip.offsetWidth - 8);
  const y = point.y + 18 + tip.offsetHeight > size.y ? point.y - tip.offsetHeight - 10 : point.y + 18;
  tip.style.left = `${x}px`;
  tip.style.top = `${y}px`;
}
function hover(id) {
  if (id === hovered) return;
  hovered = id;
  outlines.redraw();
  map.getContainer().classList.toggle("hit", id !== null);
}
map.on("mousemove", (event) => {
  const resource = resources.at(event.latlng);
  const grid = grids.at(event.latlng);
  hover(grid?.id ?? null);
  clearTimeout(tipTimer);
  if (!grid && !resource) { tip.hidden = true; return; }
  if (!figures && !resource) return;
  if (!tip.hidden) { tipFor(grid, resource); placeTip(event.containerPoint); }
  else tipTimer = setTimeout(() => { tipFor(grid, resource); placeTip(event.containerPoint); }, 150);
});
map.getContainer().addEventListener("pointerenter", () => loadNames(page.names).catch(() => {}), { once: true });
map.getContainer().addEventListener("focus", () => loadNames(page.names).catch(() => {}), { once: true });
map.on("mouseout zoomstart movestart", () => { clearTimeout(tipTimer); tip.hidden = true; hover(null); });
map.on("click", async (event) => {
  const grid = grids.at(event.latlng);
  if (!grid) return;
  if (!grid.code) await loadNames(page.names).catch(() => say(page.text.failed, { bad: true }));
  if (named(grid).code) openFrom(map.getContainer(), named(grid).code);
});

/* ── the card ───────────────────────────────────────────────────────────── */
const drawer = () => document.getElementById("drawer");
connectCard({
  selected(selection, opened) {
    page = { ...page, selected: selection };
    outlines.redraw();
    names.redraw();
    if (opened) bringIntoView();
  },
  resized: () => map.invalidateSize({ pan: false, animate: false }),
  failed: () => say(page.text.failed, { bad: true }),
  fallback: () => map.getContainer(),
});
/** Pan by no more than is needed to see the selected grid beside the card. */
function bringIntoView() {
  const box = page.selected?.bounds;
  if (!box) return;
  const bounds = L.latLngBounds([box[1], box[0]], [box[3], box[2]]);
  const side = getComputedStyle(drawer()).position === "absolute";
  const phone = window.innerWidth <= 640;
  const right = side && !phone ? drawer().offsetWidth + 16 : 16;
  const below = phone ? drawer().offsetHeight + 16 : 16;
  const view = L.latLngBounds(map.containerPointToLatLng([16, map.getSize().y - below]), map.containerPointToLatLng([map.getSize().x - right, 56]));
  if (!view.contains(bounds.getCenter())) {
    map.panInside(bounds.getCenter(), { paddingTopLeft: [60, 90], paddingBottomRight: [right + 60, below + 40], animate: false });
  }
}

/* ── the keyboard: the map is one stop, Enter goes to the list of what is visible ── */
map.getContainer().addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.target !== map.getContainer()) return;
  event.preventDefault();
  loadNames(page.names).then(listInView, () => say(page.text.failed, { bad: true }));
});
function listInView() {
  const template = document.getElementById("in-view-template");
  const content = document.importNode(template.content, true);
  const bounds = map.getBounds();
  const rank = (grid) => { const i = classOf.get(grid.id); return i === undefined ? 99 : i; };
  const found = new Map();
  for (const { tile } of grids.entries.values()) {
    for (const grid of tile?.grids ?? []) found.set(grid.id, { id: grid.id, ...named(grid) });
  }
  const labels = new Map(grids.labels().map((label) => [label.id, map.unproject(label.place, label.zoom)]));
  const visible = [...found.values()].filter((grid) => classOf.has(grid.id) && (!labels.has(grid.id) || bounds.contains(labels.get(grid.id))))
    .sort((a, b) => rank(a) - rank(b) || (a.name || a.code).localeCompare(b.name || b.code)).slice(0, 100);
  const list = content.querySelector("ul");
  list.replaceChildren(...visible.map((grid) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    const name = figures.classes[classOf.get(grid.id)] ?? "none";
    const swatch = document.querySelector(`#swatches [data-class="${name}"]`).content.cloneNode(true);
    const label = document.createElement("span");
    const count = document.createElement("span");
    label.textContent = grid.name || grid.code;
    count.textContent = (figures.n[position.get(grid.id)] ?? "").toLocaleString(document.documentElement.lang);
    count.className = "num t2";
    button.type = "button";
    button.dataset.grid = grid.code;
    button.append(swatch, label, count);
    item.append(button);
    return item;
  }));
  content.querySelector("[data-count]").textContent = fill(page.text.inView, { n: visible.length });
  fillDrawer(content, map.getContainer());
}

/* ── controls ───────────────────────────────────────────────────────────── */
document.getElementById("zoom-in").addEventListener("click", () => map.zoomIn());
document.getElementById("zoom-out").addEventListener("click", () => map.zoomOut());
document.getElementById("zoom-scope").addEventListener("click", whole);
for (const box of document.querySelectorAll("[data-layer]")) {
  box.checked = shown.has(box.dataset.layer);
  box.addEventListener("change", () => {
    if (box.checked) shown.add(box.dataset.layer); else shown.delete(box.dataset.layer);
    history.replaceState(null, "", address({ layers: [...shown].sort().join(" ") }));
    showBase();
    names.redraw();
    incidents.refresh();
    resources.refresh();
    sayResources(null);
  });
}

/** The scale bar: the roundest length that fits into 90 px. */
function drawScale() {
  const middle = map.getSize().divideBy(2);
  const metres = map.containerPointToLatLng(middle).distanceTo(map.containerPointToLatLng(middle.add([90, 0])));
  const power = 10 ** Math.floor(Math.log10(metres));
  const length = [5, 2, 1].map((step) => step * power).find((step) => step <= metres) ?? power;
  const pixels = Math.round((90 * length) / metres);
  const bar = document.getElementById("scale-bar");
  bar.setAttribute("width", pixels + 2);
  bar.setAttribute("viewBox", `0 0 ${pixels + 2} 8`);
  bar.firstElementChild.setAttribute("d", `M1 1v6h${pixels}V1`);
  document.getElementById("scale-text").textContent = length >= 1000 ? fill(page.text.km, { n: length / 1000 }) : fill(page.text.m, { n: length });
}

/* ── the address holds the view; the view follows the address ───────────── */
let moved = false;
map.on("dragstart zoomstart keydown", () => { moved = true; });
map.on("moveend", () => {
  drawScale();
  if (!moved) return;
  const { lat, lng } = map.getCenter();
  history.replaceState(null, "", address({ at: `${lat.toFixed(5)},${lng.toFixed(5)},${map.getZoom()}` }));
});

document.addEventListener("gridmap:theme", () => {
  grids.readColours();
  base?.readColours();
  for (const layer of [outlines, names, incidents, resources]) layer.redraw();
});
document.addEventListener("gridmap:page", ({ detail }) => {
  if (detail.kind === "slow") say(page.text.loading);
  if (detail.kind === "failed") say(page.text.failed, { bad: true });
  if (detail.kind !== "swapped") return;
  say(null);
  const before = page;
  page = pageState();
  foldLegend();
  setOpen(!drawer().hidden);
  grids.setAddress(page.tiles.grids);
  if (String(before.bounds) !== String(page.bounds)) whole();
  else if (page.selected && page.selected.id !== before.selected?.id) bringIntoView();
  outlines.redraw();
  loadFigures();
});

/** On a phone the legend begins as one line. */
function foldLegend() {
  const legend = document.getElementById("legend");
  if (window.innerWidth <= 640 && !legend.dataset.touched) legend.open = false;
  legend.addEventListener("toggle", () => { legend.dataset.touched = "1"; names.redraw(); });
}

sayIncidents(null);
foldLegend();
if (page.selected) bringIntoView();
drawScale();
loadFigures();
window.gridmap.state = () => ({ figures, page, zoom: map.getZoom() });
