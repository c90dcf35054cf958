/* Incidents as dots and resources by kind: what is in view, up to a cap that is said. */

import { ask } from "./ask.js";
import { colours } from "./tiles.js";
import { ViewCanvas } from "./view-canvas.js";

const L = window.L;
const DEGREES = 1e5;

/* The outlines of the seven kinds on 18 × 18, as in the legend (macros.html, kind_sign). */
const SHAPES = {
  camera: ["M4 1h10a3 3 0 0 1 3 3v10a3 3 0 0 1-3 3H4a3 3 0 0 1-3-3V4a3 3 0 0 1 3-3z", "M5 7.2h5.2v4H5zM10.5 8.6l3-1.6v4.4l-3-1.6"],
  police_box: ["M9 .6l7.4 2.6v5.3c0 4.6-3.2 7.6-7.4 9-4.2-1.4-7.4-4.4-7.4-9V3.2z", "M9 5v7M5.8 8.5h6.4"],
  street_light: ["M9 1l8.4 15.4H.6z", "M9 7.5v4.2M9 13.8v.1"],
  fire_point: ["M9 .4L17.6 9 9 17.6.4 9z", "M9 5.4c2.2 2 2.6 3.2 2.6 4.4a2.6 2.6 0 0 1-5.2 0c0-1 .5-1.7 1.2-2.3"],
  aed: ["M9 .6a8.4 8.4 0 1 1 0 16.8a8.4 8.4 0 1 1 0-16.8z", "M3.8 9.3h2.4l1.4-3 2.2 5.6 1.5-2.6h2.9"],
  shelter: ["M9 .8l8.2 6.6V17H.8V7.4z", "M6.6 14v-4.2h4.8V14"],
  volunteer_post: ["M4.8 1.4h8.4L17.4 9l-4.2 7.6H4.8L.6 9z", "M9 8.2a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6M5.6 13.2c.4-2 1.7-3 3.4-3s3 1 3.4 3"],
};
export const KINDS = Object.keys(SHAPES);

/** One source of points, asked for the view whenever the map comes to rest. */
class Source {
  constructor(map, address, changed) {
    this.map = map;
    this.address = address;
    this.changed = changed;
    this.points = [];
    this.answer = null;
    map.on("moveend", () => this.refresh());
  }

  /** Ask anew; `wanted()` says whether points are wanted at this scale at all. */
  async refresh() {
    const address = this.address();
    if (!address) { this.clear(); return; }
    const bounds = this.map.getBounds().pad(0.15);
    const corner = (value) => value.toFixed(5);
    const box = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()].map(corner).join(",");
    const whole = `${address}${address.includes("?") ? "&" : "?"}bbox=${box}`;
    if (whole === this.asked) return;
    this.asked = whole;
    try {
      const answer = await ask(whole);
      if (!answer.ok) throw new Error(`points ${answer.status}`);
      const found = await answer.json();
      if (this.asked !== whole) return;
      this.answer = found;
      this.points = found.x.map((x, i) => ({
        place: L.latLng(found.y[i] / DEGREES, x / DEGREES), kind: found.kinds?.[found.k[i]],
        broken: found.s?.[i] === 1, name: found.names?.[i],
      }));
    } catch {
      this.asked = null;
      this.points = [];
      this.answer = { failed: true };
    }
    this.changed();
  }

  clear() {
    if (!this.points.length && !this.answer) { this.asked = null; return; }
    this.asked = null;
    this.points = [];
    this.answer = null;
    this.changed();
  }
}

const place = (view, latlng) => view.map.project(latlng, view.zoom).subtract(view.origin);

/** Incidents: dots of 2.3 px. */
export function incidentLayer(map, address, changed) {
  const source = new Source(map, address, () => { layer.redraw(); changed(source.answer); });
  const layer = new ViewCanvas((context, view) => {
    const tones = colours(["dot", "halo"]);
    context.fillStyle = tones.dot;
    context.strokeStyle = tones.halo;
    context.lineWidth = 0.8;
    for (const point of source.points) {
      const { x, y } = place(view, point.place);
      context.globalAlpha = 0.75;
      context.beginPath();
      context.arc(x, y, 2.3, 0, 2 * Math.PI);
      context.fill();
      context.globalAlpha = 1;
      context.stroke();
    }
  }, { pane: "incidents" });
  layer.refresh = () => source.refresh();
  return layer;
}

/** Resources: an outline a kind, hollow with a bar when out of order. */
export function resourceLayer(map, address, changed) {
  const shapes = Object.fromEntries(Object.entries(SHAPES).map(([kind, [edge, glyph]]) => [kind, { edge: new Path2D(edge), glyph: new Path2D(glyph) }]));
  const source = new Source(map, address, () => { layer.redraw(); changed(source.answer); });
  const layer = new ViewCanvas((context, view) => {
    const tones = colours([...KINDS.map((kind) => `k-${kind}`), "halo", "surface"]);
    context.lineJoin = "round";
    context.lineCap = "round";
    for (const point of source.points) {
      const shape = shapes[point.kind];
      if (!shape) continue;
      const { x, y } = place(view, point.place);
      context.save();
      context.translate(Math.round(x) - 9, Math.round(y) - 9);
      context.lineWidth = 3.2;
      context.strokeStyle = tones.halo;
      context.stroke(shape.edge);
      context.fillStyle = point.broken ? tones.surface : tones[`k-${point.kind}`];
      context.fill(shape.edge);
      context.lineWidth = 1.6;
      context.strokeStyle = point.broken ? tones[`k-${point.kind}`] : tones.surface;
      if (point.broken) {
        context.stroke(shape.edge);
        context.stroke(new Path2D("M4 14L14 4"));
      } else {
        context.stroke(shape.glyph);
      }
      context.restore();
    }
  }, { pane: "resources" });
  layer.refresh = () => source.refresh();
  layer.boxes = (view) => source.points.map((point) => {
    const { x, y } = place(view, point.place);
    return [x - 10, y - 10, x + 10, y + 10];
  });
  layer.at = (latlng) => {
    const here = map.latLngToContainerPoint(latlng);
    return source.points.findLast((point) => map.latLngToContainerPoint(point.place).distanceTo(here) < 10) ?? null;
  };
  return layer;
}
