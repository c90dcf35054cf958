/* Vector tiles: fetched once, decoded once, kept while there is room. */

import { ask } from "./ask.js";
import { VectorTile } from "../vendor/vector-tile.js";
import { PbfReader } from "../vendor/pbf.js";

const KEPT = 160;
const cache = new Map();

/** Return the promise of a tile's decoded layers; an empty tile has none. */
export function loadTile(address, decode) {
  if (cache.has(address)) {
    const found = cache.get(address);
    cache.delete(address);
    cache.set(address, found);
    return found;
  }
  const coming = fetchTile(address).then((layers) => decode(layers));
  cache.set(address, coming);
  coming.catch(() => cache.delete(address));
  if (cache.size > KEPT) cache.delete(cache.keys().next().value);
  return coming;
}

async function fetchTile(address) {
  const answer = await ask(address);
  if (answer.status === 204) return {};
  if (!answer.ok) throw new Error(`tile ${answer.status}`);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  return bytes.length ? new VectorTile(new PbfReader(bytes)).layers : {};
}

/** Fill in the address of one tile. Tiles are 512 px, so their zoom is one less than the map's. */
export function tileAddress(template, coords) {
  return template.replace("{z}", coords.z - 1).replace("{x}", coords.x).replace("{y}", coords.y);
}

export const EXTENT = 4096;

/** Turn a feature's rings into a path with its box, in units of which a tile has EXTENT. */
export function outline(feature) {
  const unit = EXTENT / feature.extent;
  const path = new Path2D();
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  const closed = feature.type === 3;
  for (const ring of feature.loadGeometry()) {
    ring.forEach((point, index) => {
      const x = point.x * unit;
      const y = point.y * unit;
      if (index) path.lineTo(x, y); else path.moveTo(x, y);
      if (x < box[0]) box[0] = x;
      if (y < box[1]) box[1] = y;
      if (x > box[2]) box[2] = x;
      if (y > box[3]) box[3] = y;
    });
    if (closed) path.closePath();
  }
  return { path, box };
}

/** Read colours from the style sheet, so that themes need no second list. */
export function colours(names) {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}
