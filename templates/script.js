"use strict";
// Enhancement only: the page is complete without it.

// A link into a closed <details> opens it.
function show(hash) {
  const target = hash.length > 1 && document.getElementById(decodeURIComponent(hash.slice(1)));
  if (!target) return;
  for (let box = target.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
  target.scrollIntoView();
}
addEventListener("hashchange", () => show(location.hash));
show(location.hash);

// Inside a frame whose document was handed over as text, a fragment would lead to the page around it.
if (location.protocol === "about:") {
  addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#'], a[href^='about:']");
    if (!link) return;
    event.preventDefault();
    show(link.hash);
  });
}

// The contents mark the section that is being read.
const links = new Map([...document.querySelectorAll(".contents a")].map((link) => [link.hash.slice(1), link]));
const parts = [...links.keys()].map((id) => document.getElementById(id));
let chosen = null; // by a click, until the reader scrolls
function mark() {
  // The line that a section must have passed sinks to the lower edge as the page ends, or its last ones could not pass.
  const left = document.documentElement.scrollHeight - innerHeight - scrollY;
  const line = innerHeight * Math.max(.2, 1 - left / innerHeight);
  const seen = parts.filter((part) => part.checkVisibility());
  const current = chosen ?? seen.findLast((part) => part.getBoundingClientRect().top <= line) ?? parts[0];
  for (const [id, link] of links) {
    if (id === current.id) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}
for (const [id, link] of links) link.addEventListener("click", () => { chosen = document.getElementById(id); mark(); });
for (const kind of ["wheel", "touchmove", "keydown", "pointerdown"]) {
  addEventListener(kind, () => { chosen = null; }, { passive: true });
}
addEventListener("scroll", mark, { passive: true });
addEventListener("resize", mark);
mark();

// Buttons that need this script are shown by it.
const theme = document.getElementById("theme");
theme.hidden = false;
theme.addEventListener("click", () => {
  const root = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = root.style.colorScheme || (dark ? "dark" : "light");
  root.style.colorScheme = now === "dark" ? "light" : "dark";
});
const unfold = document.getElementById("unfold");
unfold.hidden = false;
unfold.addEventListener("click", () => {
  const boxes = [...document.querySelectorAll("main details")], open = boxes.some((box) => !box.open);
  for (const box of boxes) box.open = open;
});

// A click on a column's name sorts a table by it, once more turns the order.
const value = (row, place) => {
  const text = row.cells[place].innerText.trim(), number = parseFloat(text.replaceAll(",", "").replace("−", "-").replace(/^[<>]/, ""));
  return Number.isNaN(number) ? text : number;
};
for (const table of document.querySelectorAll(".numbers:not(.confusion, .lined, .stack)")) {
  const body = table.tBodies[0];
  if (body.rows.length < 4 || !table.tHead) continue;
  [...table.tHead.rows[0].cells].forEach((head, place) => {
    if (!head.innerText.trim()) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.ariaSort === "descending" ? 1 : -1;
      for (const other of table.tHead.rows[0].cells) other.ariaSort = null;
      head.ariaSort = down < 0 ? "descending" : "ascending";
      const order = (a, b) => (a < b ? -down : a > b ? down : 0);
      body.append(...[...body.rows].sort((one, other) => order(value(one, place), value(other, place))));
    });
  });
}
