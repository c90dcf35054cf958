/* The city's own base map below the grids: water, parks, railways, streets. Calm on purpose. */

import { CanvasTiles } from "./canvas-tiles.js";
import { colours, outline } from "./tiles.js";

function decode(layers) {
  const found = [];
  for (let i = 0; i < (layers.base?.length ?? 0); i += 1) {
    const feature = layers.base.feature(i);
    found.push({ kind: feature.properties.kind, rank: feature.properties.rank, area: feature.type === 3, ...outline(feature) });
  }
  return found;
}

export const BaseLayer = CanvasTiles.extend({
  options: { pane: "base" },
  decode,
  tones: () => colours(["water", "park", "street", "street-edge", "rail-line"]),

  paint(context, tile, { unit, zoom }) {
    this.paintAreas(context, tile);
    this.paintLines(context, tile, unit, zoom);
  },

  paintAreas(context, tile) {
    for (const kind of ["park", "water"]) {
      context.fillStyle = this.colours[kind];
      for (const feature of tile) if (feature.kind === kind && feature.area) context.fill(feature.path);
    }
  },

  /** Streets grow with the scale: an edge first, then the surface, the small ones below. */
  paintLines(context, tile, unit, zoom) {
    const lines = tile.filter((feature) => !feature.area).sort((a, b) => b.rank - a.rank);
    const width = (feature) => Math.max(0.6, (5 - feature.rank) * 0.55 * 1.45 ** (zoom - 14)) * unit;
    context.strokeStyle = this.colours["street-edge"];
    for (const line of lines.filter(({ kind }) => kind === "street")) {
      context.lineWidth = width(line) + 1.6 * unit;
      context.stroke(line.path);
    }
    for (const line of lines) {
      context.strokeStyle = this.colours[{ water: "water", rail: "rail-line" }[line.kind] ?? "street"];
      context.lineWidth = line.kind === "rail" ? 1.2 * unit : width(line);
      context.stroke(line.path);
    }
  },
});
