"use strict";
// Enhancement only: the page is complete without it.

// A link into a closed <details> opens it.
function openTarget() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let box = target.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
  target.scrollIntoView();
}
addEventListener("hashchange", openTarget);
openTarget();

// The contents mark the section that is being read, and start closed where there is little room.
const contents = document.querySelector(".contents details");
if (matchMedia("(max-width: 60rem)").matches) contents.open = false;
const links = new Map([...contents.querySelectorAll("a")].map((link) => [link.hash.slice(1), link]));
const visible = new Set();
const observer = new IntersectionObserver((entries) => {
  for (const entry of entries) visible[entry.isIntersecting ? "add" : "delete"](entry.target.id);
  const current = [...links.keys()].find((id) => visible.has(id));
  for (const [id, link] of links) {
    if (id === current) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}, { rootMargin: "-10% 0px -60% 0px" });
for (const id of links.keys()) observer.observe(document.getElementById(id));

// Tables behind <details> and the contents are needed on paper.
addEventListener("beforeprint", () => { for (const box of document.querySelectorAll("details")) box.open = true; });
