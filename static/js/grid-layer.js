/* Grids as canvas tiles: geometry comes once, colours follow the figures.
   Changing the period, the category or the measure repaints; it fetches no tile. */

import { CanvasTiles, SIZE } from "./canvas-tiles.js";
import { colours, EXTENT, outline } from "./tiles.js";

const L = window.L;
const NAMES = [
  "hot99", "hot95", "hot90", "ns", "cold90", "cold95", "cold99", "q1", "q2", "q3", "q4", "q5",
  "none", "sunken", "surface", "border", "border-strong",
];

function decode(layers) {
  const grids = [];
  const labels = [];
  const borders = new Path2D();
  for (let i = 0; i < (layers.grid?.length ?? 0); i += 1) {
    const feature = layers.grid.feature(i);
    const { path, box } = outline(feature);
    borders.addPath(path);
    grids.push({ id: feature.id, code: feature.properties.code, name: feature.properties.name, path, box });
  }
  for (let i = 0; i < (layers.label?.length ?? 0); i += 1) {
    const feature = layers.label.feature(i);
    const [[point]] = feature.loadGeometry();
    const unit = EXTENT / feature.extent;
    labels.push({ id: feature.id, name: feature.properties.name, width: feature.properties.w, x: point.x * unit, y: point.y * unit });
  }
  const sides = grids.map(({ box }) => Math.min(box[2] - box[0], box[3] - box[1])).sort((a, b) => a - b);
  return { grids, labels, borders, usualSide: sides[sides.length >> 1] ?? EXTENT };
}

/** An 8 px square with one diagonal: it divides the tile, so the hatch runs across tiles. */
function hatch(context, ratio, line, ground) {
  const square = document.createElement("canvas");
  const side = Math.round(8 * ratio);
  square.width = side;
  square.height = side;
  const pen = square.getContext("2d");
  pen.fillStyle = ground;
  pen.fillRect(0, 0, side, side);
  pen.strokeStyle = line;
  pen.lineWidth = 1.5 * ratio;
  pen.beginPath();
  for (const shift of [-side, 0, side]) {
    pen.moveTo(shift - 1, side + 1);
    pen.lineTo(shift + side + 1, -1);
  }
  pen.stroke();
  return context.createPattern(square, "repeat");
}

/** 0.8 px, but thinner where grids are small: borders must not drown the colours. */
function borderWidth(side) {
  return Math.min(0.8, Math.max(0.2, side / 28));
}

export const GridLayer = CanvasTiles.extend({
  options: { pane: "grids" },
  decode,
  tones: () => colours(NAMES),
  classOf: new Map(),
  classes: [],

  /** Show other figures: `classOf` maps a grid's id to an index into `classes`. */
  setFigures(classOf, classes) {
    this.classOf = classOf;
    this.classes = classes;
    this.repaint();
  },

  paint(context, tile, { unit, scale }) {
    this.paintFills(context, tile, unit, scale);
    context.strokeStyle = this.colours.border;
    context.lineWidth = borderWidth(tile.usualSide / unit) * unit;
    context.stroke(tile.borders);
  },

  /** Outside the scope first, then the scope's edge (its inner half is covered), then classes. */
  paintFills(context, tile, unit, scale) {
    const inside = new Path2D();
    const outside = new Path2D();
    const byClass = new Map();
    for (const grid of tile.grids) {
      const found = this.classOf.get(grid.id);
      if (found === undefined) { outside.addPath(grid.path); continue; }
      inside.addPath(grid.path);
      if (!byClass.has(found)) byClass.set(found, new Path2D());
      byClass.get(found).addPath(grid.path);
    }
    context.fillStyle = this.colours.sunken;
    context.fill(outside);
    context.strokeStyle = this.colours["border-strong"];
    context.lineWidth = 2.8 * unit;
    context.stroke(inside);
    for (const [index, path] of byClass) {
      const name = this.classes[index] ?? "none";
      context.fillStyle = name === "none" ? this.noData(context, scale) : this.colours[name];
      context.fill(path);
    }
  },

  noData(context, scale) {
    const ratio = window.devicePixelRatio || 1;
    const pattern = hatch(context, ratio, this.colours.none, this.colours.surface);
    pattern.setTransform(new DOMMatrix().scale(1 / scale));
    return pattern;
  },

  /** Return the grid under a place on the map, or null. */
  at(latlng) {
    if (!this._map || this._tileZoom === undefined) return null;
    const point = this._map.project(latlng, this._tileZoom);
    const column = Math.floor(point.x / SIZE);
    const row = Math.floor(point.y / SIZE);
    const x = (point.x / SIZE - column) * EXTENT;
    const y = (point.y / SIZE - row) * EXTENT;
    const tester = (this.tester ??= document.createElement("canvas").getContext("2d"));
    for (const { coords, tile } of this.entries.values()) {
      if (!tile || coords.x !== column || coords.y !== row || coords.z !== this._tileZoom) continue;
      const found = tile.grids.find(({ box, path }) => x >= box[0] && y >= box[1] && x <= box[2] && y <= box[3]
        && tester.isPointInPath(path, x, y));
      if (found) return found;
    }
    return null;
  },

  /** Call `visit(grid, entry)` for each piece of the wanted grids in the tiles of this zoom. */
  eachPiece(wanted, visit) {
    for (const entry of this.entries.values()) {
      if (!entry.tile || entry.coords.z !== this._tileZoom) continue;
      for (const grid of entry.tile.grids) if (wanted.has(grid.id)) visit(grid, entry);
    }
  },

  /** Return the labels of this zoom's tiles, each grid once, with its place in world pixels. */
  labels() {
    const found = new Map();
    for (const { coords, tile } of this.entries.values()) {
      if (!tile || coords.z !== this._tileZoom) continue;
      for (const label of tile.labels) {
        const place = L.point(coords.x + label.x / EXTENT, coords.y + label.y / EXTENT).multiplyBy(SIZE);
        found.set(label.id, { ...label, coords, place, zoom: coords.z, inTile: [label.x, label.y] });
      }
    }
    return [...found.values()];
  },

  /** Tell whether points, given as pixel offsets from a label, lie inside its grid. */
  inside(label, offsets) {
    const unit = (EXTENT / SIZE) * this._map.getZoomScale(label.zoom, this._map.getZoom());
    const tester = (this.tester ??= document.createElement("canvas").getContext("2d"));
    return offsets.every(([dx, dy]) => {
      const x = label.inTile[0] + dx * unit;
      const y = label.inTile[1] + dy * unit;
      const column = Math.floor(x / EXTENT);
      const row = Math.floor(y / EXTENT);
      const piece = this.pieceOf(label, column, row);
      return Boolean(piece) && tester.isPointInPath(piece.path, x - column * EXTENT, y - row * EXTENT);
    });
  },

  /** Return a label's grid as the tile some columns and rows away has it. */
  pieceOf(label, column, row) {
    const key = `${column},${row}`;
    label.pieces ??= new Map();
    if (!label.pieces.has(key)) {
      const { x, y, z } = label.coords;
      const entry = [...this.entries.values()].find(({ coords, tile }) => tile && coords.x === x + column && coords.y === y + row && coords.z === z);
      label.pieces.set(key, entry?.tile.grids.find((grid) => grid.id === label.id) ?? null);
    }
    return label.pieces.get(key);
  },
});
