"use strict";
// A contact sheet. Frames are data; of a few thousand only those in sight are elements of the page.
(() => {
  const byId = (id) => document.getElementById(id);
  const { frames, sorts, id: sheetId } = JSON.parse(byId("frames").textContent);
  const sheet = byId("sheet"), scroll = byId("scroll"), large = byId("large");
  const GAP = 8, PADDING = 14, CAPTION = 44, MARKS = ["false_colour", "zebra", "raw_zebra", "peaking"];
  const shows = { peaking: false, zebra: false, raw_zebra: false, false_colour: false, histogram: false, scopes: false };
  const selected = new Set(remembered());
  const tiles = new Map(); // number of a frame -> its element
  let order = frames.map((_, n) => n); // what is shown, in order
  let at = 0; // place in `order` of the frame that keys go from
  let anchor = 0; // where a range of selected frames begins
  let grid = { columns: 1, wide: 240, tall: 240, picture: 180 };

  // ---- data -------------------------------------------------------------------------------------------------

  /** Pictures and numbers of a frame: text that nothing has parsed until the frame comes into sight. */
  function pictures(n) {
    const block = byId(`p${n}`);
    return block ? JSON.parse(block.textContent) : {};
  }

  function remembered() {
    try {
      return JSON.parse(localStorage.getItem(`tenbit ${sheetId}`) || "[]").filter((n) => n in frames);
    } catch {
      return [];
    }
  }

  function remember() {
    try {
      localStorage.setItem(`tenbit ${sheetId}`, JSON.stringify([...selected]));
    } catch { /* a page from disk may have no store: the selection then lives as long as the page */ }
  }

  const number = (value) => (typeof value === "number" ? value : null);
  const text = new Intl.Collator(undefined, { numeric: true });

  function compared(a, b, key) {
    const one = frames[a][key], other = frames[b][key];
    if (one === other) return 0;
    // What is not known stands last, whichever way round.
    if (one === null || one === undefined) return Infinity;
    if (other === null || other === undefined) return -Infinity;
    return typeof one === "number" ? one - other : text.compare(one, other);
  }

  // ---- what is shown, and in which order --------------------------------------------------------------------

  function arrange() {
    const kept = order[at];
    const words = byId("find").value.toLowerCase().split(/\s+/).filter(Boolean);
    const lens = byId("lens").value, isOnly = byId("only").checked;
    const least = (id) => (byId(id).value.trim() === "" ? null : Number(byId(id).value));
    const focus = least("focus"), clipped = least("clipped"), ettr = least("ettr");
    const passes = (f, n) =>
      (!isOnly || selected.has(n)) &&
      (lens === "" || (f.lens ?? "") === lens.slice(1)) &&
      (focus === null || (number(f.focus) !== null && f.focus >= focus)) &&
      (clipped === null || (number(f.clipped) !== null && 100 * f.clipped <= clipped)) &&
      (ettr === null || (number(f.ettr) !== null && f.ettr >= ettr)) &&
      words.every((word) => f.words.includes(word));
    order = frames.map((_, n) => n).filter((n) => passes(frames[n], n));
    const key = byId("sort").value, sign = byId("turn").getAttribute("aria-pressed") === "true" ? -1 : 1;
    if (key || sign < 0) {
      order.sort((a, b) => {
        const by = key ? compared(a, b, key) : a - b;
        return (Math.abs(by) === Infinity ? Math.sign(by) : sign * by) || a - b;
      });
    }
    at = Math.max(0, order.indexOf(kept));
    anchor = at;
    layOut();
    tell();
  }

  function tell(more) {
    const failed = frames.filter((f) => f.error).length;
    const parts = [`${order.length} of ${frames.length} frames`, `${selected.size} selected`];
    if (failed) parts.push(`${failed} could not be read`);
    if (more) parts.push(more);
    byId("status").textContent = parts.join(" · ");
  }

  // ---- tiles ------------------------------------------------------------------------------------------------

  function layOut() {
    const asked = Number(byId("size").value), room = Math.max(120, scroll.clientWidth - 20);
    const columns = Math.max(1, Math.floor((room + GAP) / (asked + PADDING + GAP)));
    // As many as fit at the size asked for; what is left is shared out.
    const wide = Math.floor((room + GAP) / columns) - GAP;
    const picture = Math.round(((wide - PADDING) * 3) / 4);
    const histogram = shows.histogram ? Math.round((wide - PADDING) / 1.8) + 4 : 0;
    const scopes = shows.scopes ? Math.round((wide - PADDING - 4) / 2.8) + 4 : 0;
    grid = { columns, wide, picture, tall: PADDING + picture + CAPTION + histogram + scopes };
    sheet.style.height = `${Math.ceil(order.length / columns) * (grid.tall + GAP)}px`;
    for (const tile of tiles.values()) tile.remove();
    tiles.clear();
    draw();
  }

  /** Make the tiles in sight, and half a screen around, and let go of all others. */
  function draw() {
    const pitch = grid.tall + GAP, top = scroll.scrollTop, tall = scroll.clientHeight;
    const first = Math.max(0, Math.floor((top - tall / 2) / pitch)) * grid.columns;
    const last = Math.min(order.length, Math.ceil((top + 1.5 * tall) / pitch) * grid.columns);
    const wanted = new Set(order.slice(first, last));
    for (const [n, tile] of tiles) {
      if (!wanted.has(n)) {
        tile.remove();
        tiles.delete(n);
      }
    }
    const fresh = document.createDocumentFragment();
    for (let place = first; place < last; place++) {
      const n = order[place];
      if (!tiles.has(n)) {
        tiles.set(n, tileOf(n, place));
        fresh.append(tiles.get(n));
      }
    }
    sheet.append(fresh);
    markActive();
  }

  function element(kind, name, content) {
    const made = document.createElement(kind);
    if (name) made.className = name;
    if (content !== undefined) made.textContent = content;
    return made;
  }

  function image(url, alt) {
    const made = element("img");
    made.decoding = "async";
    made.draggable = false;
    made.alt = alt;
    made.src = url;
    return made;
  }

  function pictureOf(n, found) {
    const box = element("div", "picture");
    if (frames[n].error) {
      box.append(element("div", "wrong", `⚠ ${frames[n].error}`));
      return box;
    }
    if (found.thumb) box.append(image(found.thumb, ""));
    for (const name of MARKS) {
      if (shows[name] && found.marks && found.marks[name]) {
        const mark = image(found.marks[name], "");
        mark.dataset.mark = name;
        box.append(mark);
      }
    }
    return box;
  }

  function panelsOf(found, names) {
    const row = element("div", "panels");
    for (const name of names) if (found.panels && found.panels[name]) row.append(image(found.panels[name], name));
    return row;
  }

  function tileOf(n, place) {
    const frame = frames[n], found = pictures(n), tile = element("div", "tile");
    tile.id = `t${n}`;
    tile.dataset.n = n;
    tile.setAttribute("role", "option");
    tile.setAttribute("aria-selected", selected.has(n));
    tile.setAttribute("aria-setsize", order.length);
    tile.setAttribute("aria-posinset", place + 1);
    tile.setAttribute("aria-label", [frame.name, frame.error || told(frame)].join(", "));
    tile.style.width = `${grid.wide}px`;
    tile.style.height = `${grid.tall}px`;
    tile.style.left = `${(place % grid.columns) * (grid.wide + GAP)}px`;
    tile.style.top = `${Math.floor(place / grid.columns) * (grid.tall + GAP)}px`;
    const box = pictureOf(n, found);
    box.style.height = `${grid.picture}px`;
    box.append(element("span", "check"));
    tile.append(box, element("div", "name", frame.name), element("div", "told", frame.error ? "" : told(frame)));
    tile.title = frame.path;
    const inner = grid.wide - PADDING;
    if (shows.histogram) {
      const row = panelsOf(found, ["histogram"]);
      for (const one of row.children) one.style.width = `${inner}px`;
      tile.append(row);
    }
    if (shows.scopes) {
      const row = panelsOf(found, ["waveform", "vectorscope"]);
      const tall = Math.round((inner - 4) / 2.8);
      for (const one of row.children) one.style.height = `${tall}px`;
      tile.append(row);
    }
    return tile;
  }

  const part = (value) => `${(100 * value).toFixed(value > 0 && value < 0.001 ? 2 : 1)} %`;
  const stops = (value) => `${value >= 0 ? "+" : "−"}${Math.abs(value).toFixed(1)} EV`;

  function told(frame) {
    const parts = [];
    if (number(frame.focus) !== null) parts.push(`focus ${frame.focus.toFixed(2)}`);
    if (number(frame.clipped) !== null) parts.push(`clip ${part(frame.clipped)}`);
    if (number(frame.ettr) !== null) parts.push(stops(frame.ettr));
    return parts.join(" · ");
  }

  // ---- going about ------------------------------------------------------------------------------------------

  function markActive() {
    for (const tile of sheet.querySelectorAll(".active")) tile.classList.remove("active");
    const tile = tiles.get(order[at]);
    if (tile) {
      tile.classList.add("active");
      sheet.setAttribute("aria-activedescendant", tile.id);
    } else {
      sheet.removeAttribute("aria-activedescendant");
    }
  }

  function goTo(place) {
    if (!order.length) return;
    at = Math.min(Math.max(place, 0), order.length - 1);
    const pitch = grid.tall + GAP, top = Math.floor(at / grid.columns) * pitch;
    if (top < scroll.scrollTop) scroll.scrollTop = top;
    if (top + pitch + 20 > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = top + pitch + 20 - scroll.clientHeight;
    draw();
  }

  function choose(n, isChosen) {
    if (isChosen) selected.add(n);
    else selected.delete(n);
    const tile = tiles.get(n);
    if (tile) tile.setAttribute("aria-selected", isChosen);
  }

  function toggleSelected(n) {
    choose(n, !selected.has(n));
    changed();
  }

  function changed() {
    remember();
    if (byId("only").checked) arrange();
    else tell();
  }

  function toggle(name) {
    shows[name] = !shows[name];
    document.querySelector(`[data-toggle=${name}]`).setAttribute("aria-pressed", shows[name]);
    const top = Math.floor(scroll.scrollTop / (grid.tall + GAP));
    layOut();
    scroll.scrollTop = top * (grid.tall + GAP) + (scroll.scrollTop % 1);
    draw();
    if (large.open) enlarge();
  }

  // ---- one frame --------------------------------------------------------------------------------------------

  function enlarge() {
    const n = order[at];
    if (n === undefined) return;
    const frame = frames[n], found = pictures(n), body = byId("large-body");
    const view = element("div", "view"), facts = element("div", "facts"), rows = element("table");
    const box = pictureOf(n, found);
    if (box.firstChild && box.firstChild.tagName === "IMG") box.firstChild.alt = frame.name;
    view.append(box, panelsOf(found, ["histogram", "waveform", "vectorscope"]));
    facts.append(element("h2", "", frame.name), element("p", "told", selected.has(n) ? "✓ selected" : "not selected"));
    for (const [name, value] of Object.entries(found.numbers || {})) {
      const row = element("tr"), head = element("th", "", name);
      head.scope = "row";
      row.append(head, element("td", "", typeof value === "number" ? String(Number(value.toPrecision(5))) : value));
      rows.append(row);
    }
    facts.append(rows);
    body.replaceChildren(view, facts);
    if (!large.open) large.showModal();
  }

  large.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };
    if (event.key in steps) {
      goTo(at + steps[event.key]);
      enlarge();
    } else if (event.key === " ") {
      toggleSelected(order[at]);
      enlarge();
    } else if (event.key === "Enter") {
      large.close();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  });
  large.addEventListener("close", () => sheet.focus());

  // ---- the clipboard ----------------------------------------------------------------------------------------

  async function copy(key) {
    const chosen = (selected.size ? [...selected] : []).sort((a, b) => a - b).map((n) => frames[n][key]);
    if (!chosen.length) {
      tell("nothing is selected");
      return;
    }
    const list = chosen.join("\n");
    try {
      await navigator.clipboard.writeText(list);
    } catch {
      if (!copiedByHand(list)) {
        byId("list").value = list;
        byId("copy").showModal();
        byId("list").select();
        return;
      }
    }
    tell(`${chosen.length} ${key === "name" ? "names" : "paths"} copied`);
  }

  /** For browsers that keep the clipboard from pages on disk. */
  function copiedByHand(list) {
    const area = element("textarea", "out");
    area.value = list;
    document.body.append(area);
    area.select();
    let isDone = false;
    try {
      isDone = document.execCommand("copy");
    } catch { /* then the list is shown */ }
    area.remove();
    sheet.focus();
    return isDone;
  }

  // ---- events -----------------------------------------------------------------------------------------------

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
    layOut();
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
  new ResizeObserver(() => layOut()).observe(scroll);

  for (const button of document.querySelectorAll("[data-toggle]")) {
    button.addEventListener("click", () => toggle(button.dataset.toggle));
  }
  for (const id of ["find", "focus", "clipped", "ettr"]) byId(id).addEventListener("input", arrange);
  for (const id of ["lens", "only", "sort"]) byId(id).addEventListener("change", arrange);
  byId("size").addEventListener("input", () => layOut());
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

  // ---- begin ------------------------------------------------------------------------------------------------

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
})();
