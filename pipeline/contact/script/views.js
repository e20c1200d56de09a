// Going from frame to frame, choosing, one frame by itself.

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
  if (byId("only").checked) {
    const n = order[at], place = at;
    arrange();
    // Who takes a frame out goes on with the next.
    if (order[at] !== n) goTo(place);
    anchor = at;
  } else {
    tell();
  }
  if (large.open) enlarge();
}

function toggle(name) {
  shows[name] = !shows[name];
  document.querySelector(`[data-toggle=${name}]`).setAttribute("aria-pressed", shows[name]);
  refit();
  if (large.open) enlarge();
}

function enlarge() {
  const n = order[at];
  if (n === undefined) {
    large.close();
    return;
  }
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
  } else if (event.key === "Enter") {
    large.close();
  } else {
    return;
  }
  event.preventDefault();
  event.stopPropagation();
});
large.addEventListener("close", () => sheet.focus());
