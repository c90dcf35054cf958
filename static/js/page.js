/* What every page needs: parts swapped without a reload, menus, dialogs, search, keys, messages.
   Every page also works as plain HTML; this only saves the reload. */

import { ask } from "./ask.js";

const PARTS = ["scope", "head", "filters", "measures", "legend", "said", "pane", "drawer", "page-state"];
const KEYS_OFF = "gridmap-single-keys-off";
let running = null;

/** Return the words and addresses that the server put into the page. */
export function pageState() {
  const node = document.getElementById("page-state");
  return node ? JSON.parse(node.textContent) : {};
}

/** Show a message of success for ten seconds, or until the next one. */
export function toast(text) {
  const node = document.getElementById("toast");
  node.textContent = text;
  node.hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { node.hidden = true; }, 10000);
}

/** Tell the map (or whoever listens) that the page has other parts now. */
function announce(detail) {
  document.dispatchEvent(new CustomEvent("gridmap:page", { detail }));
}

function keepFocus(part) {
  const active = document.activeElement;
  return part.contains(active) && active.id ? active.id : null;
}

function swap(next) {
  for (const id of PARTS) {
    const old = document.getElementById(id);
    const fresh = next.getElementById(id);
    if (!old || !fresh) continue;
    const focused = keepFocus(old);
    const scrolled = old.scrollTop;
    const keepsOpen = old.matches("details") ? old.open : null;
    old.replaceWith(document.importNode(fresh, true));
    const now = document.getElementById(id);
    now.scrollTop = scrolled;
    if (keepsOpen !== null) now.open = keepsOpen;
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }
  document.title = next.title;
  const body = document.querySelector(".mapdrawer");
  const fresh = next.querySelector(".mapdrawer");
  if (body && fresh) body.classList.toggle("open", fresh.classList.contains("open"));
}

/** Keep the place on the map and the layers, which only the browser knows. */
function withView(address) {
  const next = new URL(address, location.href);
  const here = new URLSearchParams(location.search);
  const sameScope = (here.get("scope") ?? "") === (next.searchParams.get("scope") ?? "");
  if (here.get("layers") && !next.searchParams.has("layers")) next.searchParams.set("layers", here.get("layers"));
  if (here.get("at") && sameScope) next.searchParams.set("at", here.get("at")); else next.searchParams.delete("at");
  return next.href;
}

/** Return an address with the card that is open now; another scope drops it. */
export function withCard(given) {
  const next = new URL(given, location.href);
  const here = new URLSearchParams(location.search);
  if ((here.get("scope") ?? "") !== (next.searchParams.get("scope") ?? "")) return next.href;
  if (here.get("grid")) next.searchParams.set("grid", here.get("grid")); else next.searchParams.delete("grid");
  return next.href;
}
const openGrid = () => new URLSearchParams(location.search).get("grid");

/** Fetch a page and swap its parts in; falls back to a real visit when that fails. */
export async function go(address, { push = true, focus = null } = {}) {
  running?.abort();
  running = new AbortController();
  const cardBefore = openGrid();
  const main = document.getElementById("main");
  main.setAttribute("aria-busy", "true");
  const slow = setTimeout(() => announce({ kind: "slow" }), 300);
  try {
    const answer = await ask(address, { signal: running.signal, headers: { Accept: "text/html" } });
    const text = await answer.text();
    const next = new DOMParser().parseFromString(text, "text/html");
    if (!answer.ok || !next.getElementById("page-state")) { location.assign(address); return; }
    if (push && openGrid() !== cardBefore) { await go(withCard(address), { push, focus }); return; } // a card was opened or closed meanwhile
    swap(next);
    if (push) history.pushState(null, "", withView(answer.url));
    if (focus) document.getElementById(focus)?.focus();
    announce({ kind: "swapped" });
  } catch (problem) {
    if (problem.name !== "AbortError") announce({ kind: "failed", retry: () => go(address, { push }) });
  } finally {
    clearTimeout(slow);
    main.removeAttribute("aria-busy");
  }
}

function formAddress(form) {
  const address = new URL(form.action, location.href);
  const fields = new FormData(form);
  address.search = new URLSearchParams([...fields].filter(([, value]) => value !== "")).toString();
  return address.href;
}

const plainClick = (event) => !(event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey);
const canSwap = () => Boolean(document.getElementById("page-state"));

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-go]");
  if (link && plainClick(event) && canSwap()) {
    event.preventDefault();
    const menu = link.closest("details.menu");
    if (menu) menu.open = false;
    go(link.href, { focus: link.id || menu?.querySelector("summary")?.id });
  }
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  const opener = event.target.closest("[data-dialog]");
  if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
  const closer = event.target.closest("[data-close]");
  if (closer) closer.closest("dialog")?.close();
  if (event.target.closest("[data-copy]")) copyLink();
  const row = event.target.closest("tr[data-href]");
  if (row && !event.target.closest("a, button, input, select")) row.querySelector("a")?.click();
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("form[data-go]") && canSwap()) {
    event.preventDefault();
    const menu = form.closest("details.menu");
    if (menu) menu.open = false;
    go(formAddress(form), { focus: menu?.querySelector("summary")?.id });
  } else if (form.method === "post") {
    const button = form.querySelector("button[type=submit], button:not([type])");
    button?.setAttribute("aria-busy", "true");
    if (button?.dataset.busy) button.lastChild.textContent = button.dataset.busy;
  }
});

window.addEventListener("popstate", () => { if (canSwap()) go(location.href, { push: false }); });
window.addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("[aria-busy=true]").forEach((node) => node.removeAttribute("aria-busy"));
});

/** Copy the page's address; without a secure context the old way still works. */
async function copyLink() {
  const said = document.querySelector("[data-copy]").dataset.copy;
  try {
    await navigator.clipboard.writeText(location.href);
  } catch {
    const field = document.createElement("textarea");
    field.value = location.href;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  toast(said);
}

/* Opened menus: the filter field inside gets the focus, long lists can be narrowed. */
document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (!menu.matches?.("details.menu") || !menu.open) return;
  menu.querySelector("input[type=search]")?.focus();
}, true);
document.addEventListener("input", (event) => {
  const field = event.target.closest("[data-narrow]");
  if (!field) return;
  const wanted = field.value.trim().toLowerCase();
  for (const entry of field.closest(".pop").querySelectorAll("[data-name]")) {
    entry.hidden = wanted !== "" && !entry.dataset.name.toLowerCase().includes(wanted);
  }
});

/* Theme at once, and kept by the server's cookie. */
document.getElementById("theme-switch")?.addEventListener("click", (event) => {
  if (!plainClick(event)) return;
  event.preventDefault();
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme || (dark ? "dark" : "light");
  const next = now === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  document.cookie = `theme=${next}; path=/; max-age=31536000; samesite=lax`;
  document.dispatchEvent(new CustomEvent("gridmap:theme"));
});
document.getElementById("language-switch")?.addEventListener("click", (event) => {
  if (!plainClick(event)) return;
  event.preventDefault();
  const address = new URL(location.href);
  address.searchParams.set("lang", event.currentTarget.lang === "en" ? "en" : "zh_Hans");
  location.assign(address.href);
});
{
  const address = new URL(location.href);
  if (address.searchParams.has("lang") || address.searchParams.has("theme")) {
    address.searchParams.delete("lang");
    address.searchParams.delete("theme");
    history.replaceState(null, "", address.href);
  }
}

/* Keys: single letters can be switched off (WCAG 2.1.4). */
const typing = (node) => node.closest?.("input, textarea, select, [contenteditable]");
const keysOff = () => localStorage.getItem(KEYS_OFF) === "1";
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const menu = document.querySelector("details.menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
      event.stopImmediatePropagation();
    }
    return;
  }
  if (keysOff() || event.altKey || event.ctrlKey || event.metaKey || typing(event.target)) return;
  if (event.key === "/") {
    event.preventDefault();
    document.querySelector(".search input")?.focus();
  } else if (event.key === "?") {
    document.getElementById("keys")?.showModal();
  } else if (event.key === "j" || event.key === "k") {
    document.querySelector(event.key === "j" ? "[data-step=next]" : "[data-step=previous]")?.click();
  }
}, true);
const keysSwitch = document.getElementById("keys-on");
if (keysSwitch) {
  keysSwitch.checked = !keysOff();
  keysSwitch.addEventListener("change", () => localStorage.setItem(KEYS_OFF, keysSwitch.checked ? "0" : "1"));
}

/* Search: a combobox fed by the server, which says what kind each hit is. */
for (const form of document.querySelectorAll("[data-search]")) {
  const field = form.querySelector("input");
  const list = document.createElement("ul");
  let timer = null;
  let asked = 0;
  list.className = "hits";
  list.id = "hits";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", field.getAttribute("aria-label"));
  form.append(list);
  for (const [name, value] of [["role", "combobox"], ["aria-expanded", "false"], ["aria-controls", "hits"], ["aria-autocomplete", "list"]]) {
    field.setAttribute(name, value);
  }
  const close = () => {
    list.hidden = true;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  };
  const choose = (item) => {
    close();
    if (!item?.dataset.href) return;
    field.value = "";
    field.blur();
    if (canSwap()) go(item.dataset.href); else location.assign(item.dataset.href);
  };
  const mark = (index) => {
    const items = [...list.querySelectorAll("[role=option]")];
    items.forEach((item, i) => item.setAttribute("aria-selected", String(i === index)));
    if (items[index]) {
      field.setAttribute("aria-activedescendant", items[index].id);
      items[index].scrollIntoView({ block: "nearest" });
    }
  };
  const chosen = () => [...list.querySelectorAll("[role=option]")].findIndex((item) => item.getAttribute("aria-selected") === "true");
  field.addEventListener("input", () => {
    clearTimeout(timer);
    const words = field.value.trim();
    if (!words) { close(); return; }
    timer = setTimeout(async () => {
      const mine = ++asked;
      const address = new URL(form.dataset.search, location.href);
      address.search = new URLSearchParams({ ...Object.fromEntries(new URLSearchParams(location.search)), q: words, part: "1" });
      const answer = await ask(address).catch(() => null);
      if (mine !== asked || !answer?.ok) return;
      const next = new DOMParser().parseFromString(await answer.text(), "text/html");
      list.replaceChildren(...[...next.body.children].map((node) => document.importNode(node, true)));
      list.hidden = false;
      field.setAttribute("aria-expanded", "true");
    }, 150);
  });
  field.addEventListener("keydown", (event) => {
    const count = list.querySelectorAll("[role=option]").length;
    if (event.key === "Escape") { close(); return; }
    if (list.hidden || !count) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      mark((chosen() + step + count) % count);
    } else if (event.key === "Enter") {
      event.preventDefault();
      choose(list.querySelectorAll("[role=option]")[Math.max(0, chosen())]);
    }
  });
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => choose(event.target.closest("[role=option]")));
  field.addEventListener("blur", () => setTimeout(close, 150));
}
