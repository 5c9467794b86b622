// Enhancement only: the page is complete without it.
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const named = (id) => document.getElementById(id);
const on = (target, kinds, act) => kinds.split(" ").forEach((kind) => target.addEventListener(kind, act));
const put = Object.assign, root = document.documentElement;
const make = (tag, given) => put(document.createElement(tag), given);

// A link into a closed <details> opens it.
function show(hash) {
  const target = hash.length > 1 && named(decodeURIComponent(hash.slice(1)));
  if (!target) return;
  for (const box of all("details")) box.open ||= box.contains(target);
  target.scrollIntoView();
}
on(window, "hashchange", () => show(location.hash));
show(location.hash);

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
const links = new Map(all(".contents a").map((link) => [link.hash.slice(1), link]));
const parts = [...links.keys()].map(named);
let chosen = null; // by a click, until the reader scrolls
function mark() {
  // The line that a section must have passed sinks to the lower edge as the page ends, or its last ones could not pass.
  const most = root.scrollHeight - innerHeight, line = innerHeight * Math.max(.2, 1 - (most - scrollY) / Math.min(most, innerHeight));
  const current = chosen ?? parts.findLast((part) => part.checkVisibility() && part.getBoundingClientRect().top <= line) ?? parts[0];
  for (const [id, link] of links) link.ariaCurrent = id === current.id || null;
}
for (const [id, link] of links) on(link, "click", () => { chosen = named(id); mark(); });
on(window, "wheel touchmove keydown pointerdown", () => { chosen = null; });
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
  const boxes = all("main details"), open = boxes.some((box) => !box.open);
  for (const box of boxes) box.open = open;
});

// A click on a column's name sorts a table by it, once more turns the order.
const value = (row, place) => {
  const { dataset, innerText } = row.cells[place], text = dataset.value ?? innerText.trim(), number = parseFloat(text.replaceAll(",", "").replace("−", "-").replace(/^[<>]/, ""));
  return isNaN(number) ? text : number;
};
for (const { tBodies: [body], tHead } of all(".numbers:not(.confusion, .lined, .stack)")) {
  if (body.rows.length < 4 || !tHead) continue;
  const heads = [...tHead.rows[0].cells];
  heads.forEach((head, place) => {
    if (!head.firstChild?.data) return; // nothing to see or to click
    const button = make("button", { className: "sort" });
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
}

// What the page's numbers say of a figure's layer; its data-from is the way there, as "feature_maps.layers.0".
const { sections } = JSON.parse(named("report-data").textContent), words = JSON.parse(named("main").dataset.words);
const results = (name) => sections.find((one) => one.name === name)?.result;
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
function said(value) {
  const size = Math.abs(value), digits = Math.max(0, 2 - Math.floor(Math.log10(size)));
  if (!size || size < 1e-3 || size >= 1e5) return size ? value.toExponential(2) : "0";
  return value.toLocaleString(root.lang, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
const figures = all("[data-from]").map((figure) => {
  const [section, list, place] = figure.dataset.from.split(".");
  return { figure, section, of: results(section)?.[list]?.[place], images: all("[data-cells]", figure) };
}).filter((one) => one.of && one.images[0]);
const alike = (one, other) => [one.name, one.label, one.source].some((name) => name && [other.name, other.label, other.source].includes(name));
const channelsOf = (image) => (image.dataset.channels ?? image.closest("figure").dataset.channels).split(" ");
const samples = all("#feature_maps .chooser span").map((name) => name.textContent);

// What is known of a channel; of its maps the largest value is that of one sample, where one is given.
function facts(of, channel, sample) {
  const known = [], say = (word, values) => known.push(fill(words[word], values));
  const maps = results("feature_maps")?.layers.find((layer) => alike(layer, of));
  if (maps?.channels.includes(+channel)) {
    const values = maps.samples.map((one) => one.grid.maxima[channel]);
    say("max", { value: said(values[sample] ?? Math.max(...values)) });
    if (maps.rectified) say("active", { some: values.filter((one) => one > 0).length, all: values.length });
  }
  // the filters shown are those with the largest norms
  const drawn = figures.find((one) => one.section === "filter_grids" && alike(one.of, of)), norms = drawn?.of.norms;
  const norm = norms?.[channelsOf(drawn.images[0]).indexOf(channel)];
  if (norm) say("norm", { value: said(norm), rank: 1 + norms.filter((one) => one > norm).length, all: drawn.of.trained.total });
  const activity = results("channel_activity"), layer = activity?.layers.find((one) => alike(one, of));
  for (const kind of ["silent", "dormant", "constant", "saturated"]) {
    if (layer?.[kind].includes(+channel)) say(kind, { all: activity.evaluated });
  }
  return known.join(" · ");
}

// Where tiles stand in a picture as it is shown: in a folded one half as many stand in a row.
function layout(image) {
  const [x, y, dx, dy, wide, high, full, width, height, folded] = image.dataset.cells.split(" ").map(Number), box = image.getBoundingClientRect();
  const half = folded && box.width / box.height < .99 * width / height, unit = box.width / (half ? folded : width), columns = half ? full / 2 : full;
  return {
    wide, high, width, height, full, unit, columns, box,
    left: (place, n = columns) => x + place % n * dx,
    top: (place, n = columns) => y + Math.floor(place / n) * dy,
    under(event) {
      const column = Math.floor(((event.clientX - box.left) / unit - x) / dx), row = Math.floor(((event.clientY - box.top) / unit - y) / dy);
      return column >= 0 && column < columns && row >= 0 && channelsOf(image)[row * columns + column] ? row * columns + column : -1;
    },
  };
}

// A tile tells what is known of it when pointed at or chosen by arrow keys; a click or Enter shows its channel.
for (const one of figures) {
  const { figure, of, images } = one, { dataset } = all("figcaption", figure)[0], cursor = make("span", { className: "cursor", tabIndex: 0, role: "slider", ariaValueNow: 0, ariaLabel: fill(words.tiles, { layer: of.name ?? of.label }) });
  let place = 0, image = images[0];
  const seen = () => images.filter((one) => one.checkVisibility());
  const open = () => openCard(of, channelsOf(image), place);
  function choose(picture, wanted) {
    const channels = channelsOf(picture), at = layout(picture), around = figure.getBoundingClientRect(), last = channels.length - 1;
    [image, place] = [picture, Math.max(0, Math.min(last, wanted))];
    put(cursor.style, {
      left: at.box.left - around.left + at.unit * at.left(place) + "px", width: at.unit * at.wide + "px",
      top: at.box.top - around.top + at.unit * at.top(place) + "px", height: at.unit * at.high + "px",
    });
    dataset.said = [fill(words.channel, { channel: channels[place] }), facts(of, channels[place], images[1] && images.indexOf(picture))].join(" · ");
    put(cursor, { ariaValueMax: last, ariaValueNow: place, ariaValueText: dataset.said });
  }
  (images.at(-1).closest(".plate") ?? images.at(-1)).after(cursor);
  dataset.said = "";
  on(figure, "pointermove pointerleave", (event) => {
    const over = seen().find((one) => layout(one).under(event) >= 0 && event.target === one);
    figure.classList.toggle("pointed", !!over);
    if (over) choose(over, layout(over).under(event));
  });
  on(figure, "click", () => { if (figure.matches(".pointed")) open(); });
  on(cursor, "focus keydown", (event) => {
    const { key } = event, { columns } = layout(image), steps = { undefined: 0, ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -place, End: 1e6 };
    if (key === "Enter") open();
    else if (key in steps) {
      choose(key ? image : seen()[0], place + steps[key]);
      cursor.scrollIntoView({ block: "nearest" });
    } else return;
    event.preventDefault();
  });
}

// One channel in one place: its kernel, its maps for all samples and its patches, cut out of the page's pictures.
const card = make("dialog"), status = make("p", { className: "hidden", role: "status" });
document.body.append(card, status);
function cut(image, place, caption) {
  const { left, top, wide, high, width, height, full } = layout(image), unit = Math.min(96 / high, 480 / wide);
  const part = make("span", { className: "cut" }), whole = image.cloneNode(), figure = make("figure");
  whole.alt = "";
  put(part.style, { width: unit * wide + "px", height: unit * high + "px" });
  put(whole.style, { width: unit * width + "px", height: unit * height + "px", maxWidth: "none", imageRendering: "pixelated", margin: -unit * top(place, full) + "px 0 0 " + -unit * left(place, full) + "px" });
  part.append(whole);
  figure.append(part, make("figcaption", { textContent: caption }));
  return figure;
}
function openCard(of, channels, place) {
  const channel = channels[place], head = make("h2", { textContent: fill(words.title, { layer: of.name ?? of.label, channel }), tabIndex: -1 });
  const move = (step) => { if (channels[place + step]) openCard(of, channels, place + step); };
  const tools = make("p", { className: "tools" }), pictures = make("div", { className: "kernels" });
  for (const [textContent, ariaLabel, onclick] of [["‹", words.before, () => move(-1)], ["›", words.after, () => move(1)], ["×", words.close, () => card.close()]]) {
    tools.append(make("button", { className: "button", textContent, ariaLabel, onclick }));
  }
  for (const { section, figure, images, of: other } of figures) {
    if (section === "concepts" || !alike(other, of)) continue;
    const kind = ["untrained", "trained"].find((kind) => figure.matches("." + kind)) ?? "patches";
    images.forEach((image, n) => {
      const at = channelsOf(image).indexOf(channel);
      if (at >= 0) pictures.append(cut(image, at, section === "feature_maps" ? samples[n] : words[kind]));
    });
  }
  card.replaceChildren(tools, head, make("p", { textContent: facts(of, channel) }), pictures);
  card.ariaLabel = head.textContent;
  card.onkeydown = (event) => move({ ArrowLeft: -1, ArrowRight: 1 }[event.key]);
  if (!card.open) card.showModal();
  head.focus();
}

// A figure's picture can be saved, by a link in the figure that is pointed at or holds the focus: grids of one pixel a value enlarged, with their channels.
const save = make("a", { className: "button", textContent: words.save });
put(save.style, { position: "absolute", right: 0, bottom: 0, background: "Canvas" });
function readable(image) {
  const { width, height } = image, canvas = make("canvas", { width, height }), pen = canvas.getContext("2d"), { left, top, high } = layout(image), unit = width / image.naturalWidth;
  pen.imageSmoothingEnabled = false;
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, width, height);
  pen.drawImage(image, 0, 0, width, height);
  pen.fillStyle = "#000";
  channelsOf(image).forEach((name, n) => pen.fillText(name, unit * left(n), unit * (top(n) + high) + 10));
  return canvas.toDataURL();
}
for (const figure of all("main figure:has(img)")) {
  figure.style.position = "relative";
  on(figure, "pointerenter focusin", () => {
    const image = all("img", figure).find((one) => one.checkVisibility()), drawn = image?.src.startsWith("data:image/svg");
    if (!image || save.parentNode === figure) return;
    put(save, { href: drawn || !image.dataset.cells ? image.src : readable(image), download: figure.id + (drawn ? ".svg" : ".png") });
    figure.append(save);
  });
  on(figure, "pointerleave", () => figure.contains(document.activeElement) || save.remove());
}

// A permalink is copied when it is followed.
on(document, "click", (event) => {
  const link = event.target.closest(".permalink");
  if (link) navigator.clipboard?.writeText(link.href).then(() => { status.textContent = words.copied; }, () => {});
});
