/* Codes and names of all grids: one list, asked for when the pointer or the keyboard enters the map; tiles from afar carry none. */

import { ask } from "./ask.js";

let coming = null;
let known = new Map();

/** Return the promise of a map from a grid's id to { code, name }. */
export function loadNames(address) {
  coming ??= ask(address).then(async (answer) => {
    if (!answer.ok) throw new Error(`names ${answer.status}`);
    const { runs, codes, names } = await answer.json();
    let at = 0;
    const found = new Map();
    for (const [first, count] of runs) {
      for (let id = first; id < first + count; id += 1, at += 1) found.set(id, { code: codes[at], name: names[at] });
    }
    known = found;
    return found;
  });
  coming.catch(() => { coming = null; });
  return coming;
}

/** Return what is known of a grid by now: from its tile, else from the list. */
export function named(grid) {
  return grid.code ? grid : known.get(grid.id) ?? { code: "", name: "" };
}
