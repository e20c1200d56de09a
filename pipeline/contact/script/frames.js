// What is known of frames, which are shown, and in which order. Scripts of a sheet are one function: see __init__.py.

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
