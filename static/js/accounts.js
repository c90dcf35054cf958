/* The scope of a role: names and codes of divisions and grids while somebody types. */

import { ask } from "./ask.js";

const field = document.querySelector("[data-places]");
let timer = null;
let asked = 0;

/** Put what fits the last word into the list; what stands before it stays. */
async function suggest() {
  const parts = field.value.split(",");
  const words = parts.pop().trim();
  if (words.length < 1) return;
  const mine = ++asked;
  const address = `${field.dataset.places}?${new URLSearchParams({ q: words })}`;
  const answer = await ask(address, { headers: { Accept: "application/json" } }).catch(() => null);
  if (mine !== asked || !answer?.ok) return;
  const before = parts.length ? `${parts.map((part) => part.trim()).join(", ")}, ` : "";
  const found = (await answer.json()).places.map((place) => {
    const option = document.createElement("option");
    option.value = `${before}${place.code} ${place.name}`;
    return option;
  });
  field.list.replaceChildren(...found);
}

field?.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(suggest, 150);
});
if (document.querySelector("[role=alert]")) document.querySelector("details.more")?.setAttribute("open", "");
