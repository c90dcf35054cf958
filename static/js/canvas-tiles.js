/* Vector tiles painted on canvases: what grids and the base map have in common. */

import { EXTENT, loadTile, tileAddress } from "./tiles.js";

const L = window.L;
export const SIZE = 512;

/** A layer whose subclasses give `decode(layers)`, `paint(context, tile, scales)` and `tones()`. */
export const CanvasTiles = L.GridLayer.extend({
  options: { tileSize: SIZE, minZoom: 1, updateWhenZooming: false, keepBuffer: 1 },

  initialize(address, options) {
    L.setOptions(this, options);
    this.address = address;
    this.entries = new Map();
    this.colours = this.tones();
    this.on("tileunload", (event) => this.entries.delete(event.tile));
  },

  onAdd(map) {
    L.GridLayer.prototype.onAdd.call(this, map);
    map.on("zoomend", this.repaint, this);
  },

  onRemove(map) {
    map.off("zoomend", this.repaint, this);
    L.GridLayer.prototype.onRemove.call(this, map);
  },

  setAddress(address) {
    if (address === this.address) return;
    this.address = address;
    this.redraw();
  },

  /** Read the colours anew (another theme) and paint again. */
  readColours() {
    this.colours = this.tones();
    this.repaint();
  },

  createTile(coords, done) {
    const canvas = document.createElement("canvas");
    const entry = { coords, tile: null };
    canvas.style.width = `${SIZE + 1}px`; /* one pixel over the next tile: no seam when scaled */
    canvas.style.height = `${SIZE + 1}px`;
    this.entries.set(canvas, entry);
    loadTile(tileAddress(this.address, coords), this.decode).then((tile) => {
      entry.tile = tile;
      this.paintTile(canvas, entry);
      done(null, canvas);
      this.fire("painted");
    }, (problem) => {
      done(problem, canvas);
      this.fire("unreachable", { problem });
    });
    return canvas;
  },

  repaint() {
    for (const [canvas, entry] of this.entries) if (entry.tile) this.paintTile(canvas, entry);
  },

  /** Prepare a canvas in tile units: sharp at fractional zooms, `unit` is one CSS pixel. */
  paintTile(canvas, { coords, tile }) {
    const device = window.devicePixelRatio || 1;
    const zoom = this._map ? this._map.getZoom() : coords.z;
    const zoomed = this._map ? this._map.getZoomScale(zoom, coords.z) : 1;
    const ratio = Math.min(3, Math.max(0.5, device * zoomed));
    const side = Math.ceil((SIZE + 1) * ratio);
    if (canvas.width !== side) { canvas.width = side; canvas.height = side; }
    const context = canvas.getContext("2d");
    const scale = (SIZE * ratio) / EXTENT;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, side, side);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.lineJoin = "round";
    context.lineCap = "round";
    this.paint(context, tile, { unit: device / scale, scale, zoom });
  },
});
