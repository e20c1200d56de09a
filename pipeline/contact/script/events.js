// What keys, buttons and the mouse do; the last script, which begins.

function selectShown(isChosen) {
  for (const n of isChosen ? order : [...selected]) choose(n, isChosen);
  changed();
}

function nextSort() {
  const sort = byId("sort");
  sort.selectedIndex = (sort.selectedIndex + 1) % sort.options.length;
  arrange();
}

function turn() {
  const button = byId("turn"), isDown = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", isDown);
  button.firstChild.textContent = isDown ? "↑ " : "↓ ";
  arrange();
}

function resize(by) {
  byId("size").value = Number(byId("size").value) + by;
  refit();
  goTo(at);
}

const perPage = () => Math.max(1, Math.floor(scroll.clientHeight / (grid.tall + GAP))) * grid.columns;
const moves = {
  ArrowLeft: () => at - 1,
  ArrowRight: () => at + 1,
  ArrowUp: () => (at >= grid.columns ? at - grid.columns : at),
  ArrowDown: () => (at + grid.columns < order.length ? at + grid.columns : at),
  Home: () => 0,
  End: () => order.length - 1,
  PageUp: () => at - perPage(),
  PageDown: () => at + perPage(),
};
const keys = {
  p: () => toggle("peaking"),
  z: () => toggle("zebra"),
  w: () => toggle("raw_zebra"),
  f: () => toggle("false_colour"),
  h: () => toggle("histogram"),
  s: () => toggle("scopes"),
  "+": () => resize(40),
  "=": () => resize(40),
  "-": () => resize(-40),
  o: nextSort,
  r: turn,
  "/": () => byId("find").focus(),
  a: () => selectShown(true),
  n: () => selectShown(false),
  c: () => copy("name"),
  C: () => copy("path"),
  "?": () => byId("help").showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const where = event.target instanceof Element ? event.target : document.body;
  const isTyping = where.matches("input:not([type=checkbox]):not([type=range]), textarea, select");
  if (isTyping) {
    if (event.key === "Escape") sheet.focus();
    return;
  }
  if (where.closest("dialog") && !large.contains(where)) return;
  if (event.key in keys) {
    event.preventDefault();
    keys[event.key]();
    return;
  }
  if (where !== sheet && where !== document.body) return;
  if (event.key in moves) {
    goTo(moves[event.key]());
    if (event.shiftKey) choose(order[at], true), changed();
  } else if (event.key === " ") {
    if (order.length) toggleSelected(order[at]);
  } else if (event.key === "Enter") {
    enlarge();
  } else {
    return;
  }
  event.preventDefault();
});

sheet.addEventListener("click", (event) => {
  const tile = event.target.closest(".tile");
  if (!tile) return;
  const n = Number(tile.dataset.n), place = order.indexOf(n);
  if (event.shiftKey) {
    for (let p = Math.min(anchor, place); p <= Math.max(anchor, place); p++) choose(order[p], true);
    changed();
  } else if (event.target.matches(".check") || event.ctrlKey || event.metaKey) {
    toggleSelected(n);
    anchor = place;
  } else {
    anchor = place;
  }
  if (order[place] === n) goTo(place);
});
sheet.addEventListener("dblclick", (event) => {
  if (event.target.closest(".tile") && !event.target.matches(".check")) enlarge();
});
// A double click and a range mark no text.
sheet.addEventListener("mousedown", (event) => {
  event.preventDefault();
  sheet.focus({ preventScroll: true });
});

let isWaiting = false;
scroll.addEventListener("scroll", () => {
  if (isWaiting) return;
  isWaiting = true;
  requestAnimationFrame(() => {
    isWaiting = false;
    draw();
  });
}, { passive: true });
new ResizeObserver(() => refit()).observe(scroll);

for (const button of document.querySelectorAll("[data-toggle]")) {
  button.addEventListener("click", () => toggle(button.dataset.toggle));
}
for (const id of ["find", "focus", "clipped", "ettr"]) byId(id).addEventListener("input", arrange);
for (const id of ["lens", "only", "sort"]) byId(id).addEventListener("change", arrange);
byId("size").addEventListener("input", () => refit());
byId("turn").addEventListener("click", turn);
byId("all").addEventListener("click", () => selectShown(true));
byId("none").addEventListener("click", () => selectShown(false));
byId("names").addEventListener("click", () => copy("name"));
byId("paths").addEventListener("click", () => copy("path"));
byId("help-open").addEventListener("click", () => byId("help").showModal());
byId("reset").addEventListener("click", () => {
  for (const id of ["find", "focus", "clipped", "ettr"]) byId(id).value = "";
  byId("lens").value = "";
  byId("only").checked = false;
  arrange();
});

for (const [key, label] of sorts) byId("sort").append(new Option(label, key));
byId("lens").append(new Option("all", ""));
const lenses = [...new Set(frames.map((f) => f.lens ?? ""))].sort(text.compare);
// A sign before the name tells a lens that is not known from all of them.
for (const lens of lenses) byId("lens").append(new Option(lens || "not known", `=${lens}`));
byId("size").value = Math.min(240, Number(byId("size").max));
for (const frame of frames) {
  frame.words = [frame.name, frame.lens, frame.camera].filter(Boolean).join(" ").toLowerCase();
}
arrange();
sheet.focus({ preventScroll: true });
