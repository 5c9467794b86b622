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

// The contents mark the section that is being read, and are closed where there is little room; a frame may get its room later.
const contents = document.querySelector(".contents details");
const narrow = matchMedia("(max-width: 60rem)");
const fold = () => { contents.open = !narrow.matches; };
narrow.addEventListener("change", fold);
fold();
const links = new Map([...contents.querySelectorAll("a")].map((link) => [link.hash.slice(1), link]));
const parts = [...links.keys()].map((id) => document.getElementById(id));
let chosen = null; // by a click, until the reader scrolls
function mark() {
  // The line that a section must have passed sinks to the lower edge as the page ends, or its last ones could not pass.
  const left = document.documentElement.scrollHeight - innerHeight - scrollY;
  const line = innerHeight * Math.max(.2, 1 - left / innerHeight);
  const current = chosen ?? parts.findLast((part) => part.getBoundingClientRect().top <= line) ?? parts[0];
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

// Tables behind <details> and the contents are needed on paper.
addEventListener("beforeprint", () => { for (const box of document.querySelectorAll("details")) box.open = true; });
