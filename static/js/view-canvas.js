/* A canvas as large as the view and a margin, drawn anew when the map comes to rest. */

const L = window.L;

export const ViewCanvas = L.Layer.extend({
  options: { margin: 0.2, pane: "overlayPane" },

  initialize(draw, options) {
    L.setOptions(this, options);
    this.drawOn = draw;
  },

  onAdd(map) {
    this.canvas = L.DomUtil.create("canvas", "leaflet-zoom-animated", this.getPane());
    this.canvas.style.pointerEvents = "none";
    this.canvas.setAttribute("aria-hidden", "true");
    this.redraw();
    return map;
  },

  onRemove() {
    this.canvas.remove();
    this.canvas = null;
  },

  getEvents() {
    return { moveend: this.redraw, viewreset: this.redraw, resize: this.redraw, zoomanim: this.follow, zoom: this.follow };
  },

  /** Draw when the browser is ready to paint, once however often it was asked for. */
  redraw() {
    if (!this.waiting) {
      this.waiting = requestAnimationFrame(() => { this.waiting = null; this.drawNow(); });
    }
    return this;
  },

  drawNow() {
    if (!this._map || !this.canvas) return;
    const map = this._map;
    const size = map.getSize();
    const ratio = window.devicePixelRatio || 1;
    const room = size.multiplyBy(this.options.margin).floor();
    const whole = size.add(room.multiplyBy(2));
    this.center = map.getCenter();
    this.zoom = map.getZoom();
    this.canvas.width = Math.round(whole.x * ratio);
    this.canvas.height = Math.round(whole.y * ratio);
    this.canvas.style.width = `${whole.x}px`;
    this.canvas.style.height = `${whole.y}px`;
    const corner = map.containerPointToLayerPoint(room.multiplyBy(-1)).round();
    L.DomUtil.setTransform(this.canvas, corner, 1);
    const context = this.canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const origin = map.getPixelOrigin().add(corner);
    this.drawOn(context, { map, origin, zoom: this.zoom, ratio, room, size: whole });
  },

  /** Keep step with a zoom that is under way, as Leaflet's own renderers do. */
  follow(event) {
    if (!this.canvas || !this.center) return;
    const map = this._map;
    const center = event.center ?? map.getCenter();
    const zoom = event.zoom ?? map.getZoom();
    const scale = map.getZoomScale(zoom, this.zoom);
    const half = map.getSize().multiplyBy(0.5 + this.options.margin);
    const offset = half.multiplyBy(-scale).add(map.project(this.center, zoom)).subtract(map._getNewPixelOrigin(center, zoom));
    L.DomUtil.setTransform(this.canvas, offset, scale);
  },
});
