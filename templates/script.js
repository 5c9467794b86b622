// Enhancement only: the page is complete without it.
const page = document, root = page.documentElement, put = Object.assign, named = (id) => page.getElementById(id),
  every = (query, within = page) => [...within.querySelectorAll(query)],
  on = (target, kinds, act) => kinds.split(" ").forEach((kind) => target.addEventListener(kind, act));
const texts = JSON.parse(named("main").dataset.words),
  make = (tag, className, given) => put(page.createElement(tag), { className, ...given }),
  { floor, ceil, min, max } = Math, rect = (one) => one.getBoundingClientRect();

// A link into a closed <details> opens it.
function show(hash) {
  const target = hash.length > 1 && named(decodeURIComponent(hash.slice(1)));
  if (!target) return;
  for (const box of every("details")) box.open ||= box.contains(target);
  target.scrollIntoView();
}
const go = () => show(location.hash);
on(window, "hashchange", go);
go();

// Inside a frame whose document was handed over as text, a fragment would lead to the page around it.
if (location.protocol === "about:") {
  on(window, "click", (event) => {
    const link = event.target.closest("a[href^='#'], a[href^='about:']");
    if (!link) return;
    event.preventDefault();
    show(link.hash);
  });
}

// The contents mark the section that is being read.
const links = new Map(every(".contents a").map((link) => [link.hash.slice(1), link])),
  parts = [...links.keys()].map(named);
let hit = null; // by a click, until the reader scrolls
function mark() {
  // The line that a section must have passed sinks to the lower edge as the page ends, or its last ones could not pass.
  const most = root.scrollHeight - innerHeight, line = innerHeight * max(.2, 1 - (most - scrollY) / min(most, innerHeight)),
    now = hit ?? parts.findLast((part) => part.checkVisibility() && rect(part).top <= line) ?? parts[0];
  for (const [id, link] of links) link.ariaCurrent = id === now.id || null;
}
for (const [id, link] of links) on(link, "click", () => { hit = named(id); mark(); });
on(window, "wheel touchmove keydown pointerdown", () => { hit = null; mark(); });
on(window, "scroll resize", mark);
mark();

// Buttons that need this script are shown by it.
const theme = named("theme"), unfold = named("unfold");
theme.hidden = false;
unfold.hidden = !document.querySelector("main details");
on(theme, "click", () => {
  const { style } = root, dark = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  style.colorScheme = (style.colorScheme || dark) === "dark" ? "light" : "dark";
});
on(unfold, "click", () => {
  const boxes = every("main details"), open = boxes.some((box) => !box.open);
  for (const box of boxes) box.open = open;
});

// A click on a column's name sorts a table by it, once more turns the order. Its buttons come when the table is pointed at or focused.
const value = (row, place) => {
  const { dataset, innerText } = row.cells[place], text = dataset.value ?? innerText.trim(), number = parseFloat(text.replace(/[,<>]/g, "").replace("−", "-"));
  return isNaN(number) ? text : number;
};
for (const { tBodies: [body], tHead, parentNode } of every(".numbers:not(.confusion, .lined, .stack)")) {
  if (body.rows.length > 5 && tHead) on(parentNode, "pointerenter focusin", () => {
  if (tHead.querySelector(".sort")) return;
  const heads = [...tHead.rows[0].cells];
  heads.forEach((head, place) => {
    if (!head.firstChild?.data) return; // nothing to see or to click
    const button = make("button", "sort");
    button.append(...head.childNodes);
    head.append(button);
    on(button, "click", () => {
      const down = head.ariaSort === "descending" ? 1 : -1;
      for (const other of heads) other.ariaSort = null;
      head.ariaSort = down < 0 ? "descending" : "ascending";
      body.append(...[...body.rows].sort((one, other) => {
        const [a, b] = [value(one, place), value(other, place)];
        return a < b ? -down : a > b ? down : 0;
      }));
    });
  });
  });
}

// Long tables are filtered by what is typed above them.
for (const table of every("table").filter((one) => one.rows.length > 13)) {
  const box = make("input", "", { type: "search", placeholder: texts.filter });
  on(box, "input", () => { for (const row of table.tBodies[0].rows) row.hidden = !row.textContent.toLowerCase().includes(box.value.toLowerCase()); });
  table.before(box);
}

// A figure's picture can be saved, by a link in the figure that is pointed at or holds the focus.
const save = make("a", "button readout", { textContent: texts.save });
put(save.style, { right: 0, bottom: 0 });
for (const figure of every("main figure:has(img)")) {
  on(figure, "pointerenter focusin", () => {
    const image = every("img", figure).find((one) => one.checkVisibility()), drawn = image?.src.startsWith("data:image/svg");
    if (!image || save.parentNode === figure) return;
    put(save, { href: image.src, download: figure.id + (drawn ? ".svg" : ".png") });
    figure.append(save);
  });
  on(figure, "pointerleave", () => figure.contains(page.activeElement) || save.remove());
}

// A permalink is copied when it is followed.
const status = make("p", "hidden", { role: "status" });
page.body.append(status);
on(page, "click", (event) => {
  const link = event.target.closest(".permalink");
  if (link) navigator.clipboard?.writeText(link.href).then(() => { status.textContent = texts.copied; }, () => {});
});

// The numbers stand compressed behind the link, which offers them as they are from now on.
const json = named("report-data"), packed = Uint8Array.from(atob(json.href.split(",")[1]), (one) => one.charCodeAt()),
  numbers = await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).blob(),
  { sections } = JSON.parse(await numbers.text());
put(json, { href: URL.createObjectURL(numbers), download: json.download.slice(0, -3) });

// A figure's data-from is the way to its layer among them, as "feature_maps.layers.0".
const results = (name) => sections.find((one) => one.name === name)?.result,
  fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
function said(value) {
  const size = Math.abs(value), digits = max(3, ceil(Math.log10(size)));
  return !size ? "0" : size < 1e-3 || size >= 1e5 ? value.toExponential(2) : value.toLocaleString(root.lang, { minimumSignificantDigits: 3, maximumSignificantDigits: digits });
}
const figures = every("[data-from]").map((figure) => {
  const [section, list, place] = figure.dataset.from.split(".");
  return { figure, section, of: results(section)?.[list]?.[place], images: every("[data-cells]", figure) };
}).filter((one) => one.of && one.images[0]);
const alike = (one, other) => [one.name, one.label, one.source].some((name) => name && [other.name, other.label, other.source].includes(name)),
  // of a picture with several frames the one that is seen, and where
  frame = (image) => image.closest(".film") ?? image,
  pick = (image) => image.dataset.n ?? max(0, every(".chooser input", image.closest(".picked") ?? image).findIndex((one) => one.checked)),
  order = (image, n = pick(image)) => {
    const lists = (image.dataset.channels ?? image.closest("figure").dataset.channels).split(",");
    return (lists[n] ?? lists[0]).split(" ");
  },
  samples = every("#feature_maps .chooser span").map((name) => name.textContent);

// What is known of a channel; of its maps the largest value is that of one sample, where one is given.
function facts(of, channel, sample) {
  const known = [], say = (word, values) => known.push(fill(texts[word], values)),
    maps = results("feature_maps")?.layers.find((layer) => alike(layer, of));
  if (maps?.channels.includes(+channel)) {
    const values = maps.samples.map((one) => one.grid.maxima[channel]);
    say("max", { value: said(values[sample] ?? max(...values)) });
    if (maps.rectified) say("active", { some: values.filter((one) => one > 0).length, all: values.length });
  }
  // the filters shown are those with the largest norms
  const drawn = figures.find((one) => one.section === "filter_grids" && alike(one.of, of)), norms = drawn?.of.norms,
    norm = norms?.[order(drawn.images[0]).indexOf(channel)];
  if (norm) say("norm", { value: said(norm), rank: 1 + norms.filter((one) => one > norm).length, all: drawn.of.trained.total });
  const activity = results("channel_activity"), layer = activity?.layers.find((one) => alike(one, of));
  for (const kind of ["silent", "dormant", "constant", "saturated"]) {
    if (layer?.[kind].includes(+channel)) say(kind, { all: activity.evaluated });
  }
  return known.join(" · ");
}

// Where tiles stand in a picture as it is shown: in a folded one each row is broken into several.
function layout(image) {
  const [x, y, dx, dy, wide, high, full, width, height, folded, fewer] = image.dataset.cells.split(" ").map(Number), box = rect(frame(image)),
    narrow = folded && box.width / box.height < .99 * width / height, unit = box.width / (narrow ? folded : width), columns = narrow ? fewer : full, begin = narrow ? 8 : x, breaks = ceil(full / columns);
  return {
    wide, high, width, height, unit, columns, box,
    left: (place) => begin + place % full % columns * dx,
    top: (place) => y + (floor(place / full) * breaks + floor(place % full / columns)) * dy,
    flat: (place) => [x + place % full * dx, y + floor(place / full) * dy],
    under(event) {
      const column = floor(((event.clientX - box.left) / unit - begin) / dx), row = floor(((event.clientY - box.top) / unit - y) / dy), across = row % breaks * columns + column, place = floor(row / breaks) * full + across;
      return column >= 0 && column < columns && across < full && row >= 0 && order(image)[place] ? +place : -1;
    },
  };
}

const note = make("output", "readout");
// A tile tells what is known of it when pointed at or chosen by arrow keys; a click or Enter shows its channel.
for (const one of figures) {
  const { figure, of, images } = one, shown = () => every("[data-cells]", figure).filter((one) => one.checkVisibility()), cursor = make("span", "cursor", { tabIndex: 0, role: "slider", ariaValueNow: 0, ariaLabel: fill(texts.tiles, { layer: of.name ?? of.label }) });
  let place = 0, image = images[0];
  const open = () => openCard(of, order(image), place);
  function choose(picture, wanted) {
    const channels = order(picture), at = layout(picture), around = rect(figure), last = channels.length - 1;
    [image, place] = [picture, max(0, min(last, wanted))];
    put(cursor.style, {
      left: at.box.left - around.left + at.unit * at.left(place) + "px", width: at.unit * at.wide + "px",
      top: at.box.top - around.top + at.unit * at.top(place) + "px", height: at.unit * at.high + "px",
    });
    cursor.after(note);
    note.textContent = [fill(texts.channel, { channel: channels[place] }), facts(of, channels[place], picture.matches(".film *") ? pick(picture) : 0 / 0)].join(" · ");
    put(cursor, { ariaValueMax: last, ariaValueNow: place, ariaValueText: note.textContent });
    put(note.style, { right: around.right - at.box.right + 6 + "px", top: at.box.bottom - around.top - 26 + "px" });
  }
  frame(images.at(-1)).after(cursor);
  on(figure, "pointermove pointerleave", (event) => {
    const over = shown().find((one) => layout(one).under(event) >= 0 && event.target === one);
    figure.classList.toggle("pointed", !!over);
    if (over) choose(over, layout(over).under(event));
  });
  on(figure, "click", () => { if (figure.matches(".pointed")) open(); });
  on(cursor, "focus keydown", (event) => {
    const { key } = event, { columns } = layout(image), steps = { undefined: 0, ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -place, End: 1e6 };
    if (key === "Enter") open();
    else if (key in steps) {
      choose((!key && shown()[0]) || image, place + steps[key]);
      cursor.scrollIntoView({ block: "nearest" });
    } else return;
    event.preventDefault();
  });
}

// One channel in one place: its kernel, its maps for all samples and its patches, cut out of the page's pictures.
const card = make("dialog", "");
page.body.append(card);
function cut(image, n, place, caption) {
  const { flat, wide, high, width, height } = layout(image), [left, top] = flat(place), unit = min(96 / high, 480 / wide),
    part = make("span", "cut"), whole = image.cloneNode(), figure = make("figure", "");
  whole.alt = "";
  put(part.style, { width: unit * wide + "px", height: unit * high + "px" });
  put(whole.style, { width: unit * width + "px", height: unit * image.getAttribute("height") + "px", maxWidth: "none", imageRendering: "pixelated", margin: -unit * (top + n * height) + "px 0 0 " + -unit * left + "px" });
  part.append(whole);
  figure.append(part, make("figcaption", "", { textContent: caption }));
  return figure;
}
function openCard(of, channels, place) {
  const channel = channels[place], head = make("h2", "", { textContent: fill(texts.title, { layer: of.name ?? of.label, channel }), tabIndex: -1 }),
    move = (step) => { if (channels[place + step]) openCard(of, channels, place + step); },
    tools = make("p", "tools"), pictures = make("div", "kernels");
  for (const [textContent, ariaLabel, onclick] of [["‹", texts.before, () => move(-1)], ["›", texts.after, () => move(1)], ["×", texts.close, () => card.close()]]) {
    tools.append(make("button", "button", { textContent, ariaLabel, onclick }));
  }
  for (const { section, figure, images, of: other } of figures) {
    if (section === "concepts" || !alike(other, of)) continue;
    const kind = ["untrained", "trained"].find((kind) => figure.matches("." + kind)) ?? "patches";
    const [image] = images, frames = section === "feature_maps" ? samples : [texts[kind]];
    frames.forEach((name, n) => {
      const at = order(image, n).indexOf(channel);
      if (at >= 0) pictures.append(cut(image, n, at, name));
    });
  }
  card.replaceChildren(tools, head, make("p", "", { textContent: facts(of, channel) }), pictures);
  card.ariaLabel = head.textContent;
  card.onkeydown = (event) => move({ ArrowLeft: -1, ArrowRight: 1 }[event.key]);
  if (!card.open) card.showModal();
  head.focus();
}

// A sample can be kept beside the one that is picked.
for (const block of every(".picked:has(.film)")) {
  const keep = make("button", "button", { textContent: texts.keep });
  block.querySelector(".chooser").append(keep);
  on(keep, "click", () => {
    const kept = every(".copy", block), films = kept[0] ? [] : every(".film", block);
    keep.textContent = texts.keep;
    for (const film of films) {
      const copy = film.cloneNode(true), image = copy.firstElementChild, n = image.dataset.n = pick(film.firstElementChild),
        name = every(".chooser span", block)[n].textContent;
      copy.classList.add("copy");
      image.alt = name;
      image.style.top = -100 * n + "%";
      film.after(copy);
      keep.textContent = fill(texts.kept, { sample: name });
    }
    for (const copy of kept) copy.remove();
    block.classList.toggle("two", films[0]);
  });
}
