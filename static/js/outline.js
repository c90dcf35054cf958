/* Selection, hover and neighbours: outlines that outshine every class, drawn from the tiles. */

import { SIZE } from "./canvas-tiles.js";
import { colours, EXTENT } from "./tiles.js";
import { ViewCanvas } from "./view-canvas.js";

/** Make the layer. `state()` returns { selected, neighbours: Set, hovered }, all grid ids. */
export function outlineLayer(grids, state) {
  return new ViewCanvas((context, view) => {
    const { selected, neighbours, hovered } = state();
    const tones = colours(["sel-in", "sel-out", "border-strong"]);
    const strokes = (ids, style, width, dash = []) => {
      if (!ids.size) return;
      grids.eachPiece(ids, (grid, { coords }) => {
        const scale = view.map.getZoomScale(view.zoom, coords.z);
        const side = SIZE * scale;
        const left = coords.x * side - view.origin.x;
        const top = coords.y * side - view.origin.y;
        context.save();
        context.beginPath();
        context.rect(left, top, side, side);
        context.clip();
        context.translate(left, top);
        context.scale(side / EXTENT, side / EXTENT);
        const unit = EXTENT / side;
        context.lineJoin = "round";
        context.lineWidth = width * unit;
        context.strokeStyle = style;
        context.setLineDash(dash.map((length) => length * unit));
        context.stroke(grid.path);
        context.restore();
      });
    };
    strokes(neighbours, tones["sel-out"], 2.4);
    strokes(neighbours, tones["sel-in"], 1.4, [2, 3]);
    if (hovered !== null && hovered !== selected) strokes(new Set([hovered]), tones["border-strong"], 2);
    if (selected !== null) {
      strokes(new Set([selected]), tones["sel-out"], 6);
      strokes(new Set([selected]), tones["sel-in"], 2.6);
    }
  }, { pane: "outlines" });
}
