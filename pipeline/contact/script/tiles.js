// Of a few thousand frames only those in sight are elements of the page.

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

/** Lay out at another size: the row of the active frame stays in its place, or that on top if it is out of sight. */
function refit() {
  const { columns, tall } = grid, pitch = tall + GAP, top = scroll.scrollTop;
  const row = Math.floor(at / columns);
  const isInSight = (row + 1) * pitch > top && row * pitch < top + scroll.clientHeight;
  const place = isInSight ? at : Math.round(top / pitch) * columns;
  const above = isInSight ? Math.max(0, row * pitch - top) : 0;
  layOut();
  const room = Math.max(0, scroll.clientHeight - grid.tall - GAP);
  scroll.scrollTop = Math.floor(place / grid.columns) * (grid.tall + GAP) - Math.min(above, room);
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
