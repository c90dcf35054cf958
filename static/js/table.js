/* The table view: the same card as on the map, the open grid marked in its row. */

import { connectCard, setOpen } from "./card.js";
import { toast, pageState } from "./page.js";

function mark(selection) {
  for (const row of document.querySelectorAll("tr[data-href]")) {
    const link = row.querySelector("[data-grid]");
    row.classList.toggle("sel", Boolean(selection) && link?.dataset.grid === selection.code);
  }
}

connectCard({
  selected: mark,
  failed: () => toast(pageState().text.failed),
  fallback: () => document.querySelector(".tablepane .tw"),
});
document.addEventListener("gridmap:page", ({ detail }) => {
  if (detail.kind === "failed") toast(pageState().text.failed);
  if (detail.kind === "swapped") setOpen(!document.getElementById("drawer").hidden);
});
