/* The card of one grid beside the map or the table: opened without a reload, kept in the address. */

import { ask } from "./ask.js";
import { pageState, withCard } from "./page.js";

const drawer = () => document.getElementById("drawer");
const frame = document.querySelector(".mapdrawer");
let opener = null;
let hooks = { selected() {}, resized() {}, failed() {}, fallback: () => null };

/** Say what happens around the card: `selected(selection, opened)`, `resized()`, `failed()`, `fallback()`. */
export function connectCard(given) {
  hooks = { ...hooks, ...given };
}

/** Return the address of this page with some parameters changed; null drops one. */
export function address(changes) {
  const here = new URL(location.href);
  for (const [name, value] of Object.entries(changes)) {
    if (value) here.searchParams.set(name, value); else here.searchParams.delete(name);
  }
  return here;
}

export function setOpen(open) {
  const was = frame.classList.contains("open");
  frame.classList.toggle("open", open);
  drawer().hidden = !open;
  if (was !== open) hooks.resized();
}

/** Tell the links and forms of this page which card is open, so that the next filter keeps it. */
function tellLinks() {
  for (const link of document.querySelectorAll("a[data-go], #view-map, #view-table")) link.href = withCard(link.href);
  const code = new URLSearchParams(location.search).get("grid");
  for (const form of document.querySelectorAll("form[data-go]")) {
    form.querySelector("input[name=grid]")?.remove();
    if (!code) continue;
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: "grid", value: code });
    form.append(field);
  }
}

export async function openCard(code, { push = true } = {}) {
  const query = new URLSearchParams(location.search);
  query.delete("grid");
  query.set("view", document.getElementById("map-pane") ? "map" : "table");
  try {
    const page = pageState();
    const answer = await ask(`${page.cards.replace("CODE", encodeURIComponent(code))}?${query}`, { headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(`card ${answer.status}`);
    const next = new DOMParser().parseFromString(await answer.text(), "text/html");
    drawer().replaceChildren(...[...next.body.children].map((node) => document.importNode(node, true)));
  } catch {
    hooks.failed();
    return;
  }
  setOpen(true);
  hooks.selected(JSON.parse(drawer().querySelector("[data-selected]").dataset.selected), true);
  if (push) history.pushState(null, "", address({ grid: code }));
  tellLinks();
  drawer().querySelector("h2")?.focus({ preventScroll: true });
}

/** Put something else into the drawer; `from` gets the focus back when it closes. */
export function fillDrawer(content, from) {
  opener = from;
  drawer().replaceChildren(content);
  setOpen(true);
  drawer().querySelector("h2")?.focus({ preventScroll: true });
}

export function closeCard() {
  if (drawer().hidden) return;
  setOpen(false);
  drawer().replaceChildren();
  hooks.selected(null, false);
  history.pushState(null, "", address({ grid: null }));
  tellLinks();
  (opener?.isConnected ? opener : hooks.fallback())?.focus({ preventScroll: true });
  opener = null;
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-drawer-close]")) { event.preventDefault(); closeCard(); return; }
  const wanted = event.target.closest("[data-grid]");
  if (!wanted || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (!drawer().contains(wanted)) opener = wanted;
  openCard(wanted.dataset.grid);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) closeCard();
});

/** Open the card that something without a link stands for (a grid on the map). */
export function openFrom(node, code) {
  opener = node;
  openCard(code);
}
