"use strict";
(() => {
  const tip = document.getElementById("tip");

  // The browser's own tips are slow, and never come to who uses a keyboard.
  for (const title of document.querySelectorAll(".chart title")) {
    const owner = title.parentElement;
    if (owner.classList.contains("mark")) {
      owner.setAttribute("aria-label", title.textContent);
      title.remove();
    }
  }

  function show(mark, col, row) {
    tip.textContent = mark.getAttribute("aria-label");
    tip.hidden = false;
    const box = tip.getBoundingClientRect(), beside = 14;
    const left = col + beside + box.width > innerWidth ? col - beside - box.width : col + beside;
    const top = row + beside + box.height > innerHeight ? row - beside - box.height : row + beside;
    tip.style.left = `${Math.max(4, left)}px`;
    tip.style.top = `${Math.max(4, top)}px`;
  }

  const hide = () => { tip.hidden = true; };
  const markOf = (event) => event.target.closest && event.target.closest(".mark");

  document.addEventListener("pointermove", (event) => {
    const mark = markOf(event);
    if (mark) show(mark, event.clientX, event.clientY);
    else hide();
  });
  document.addEventListener("focusin", (event) => {
    const mark = markOf(event);
    if (!mark || !mark.matches(":focus-visible")) return hide();
    const box = mark.getBoundingClientRect();
    show(mark, box.left + Math.min(box.width, 200), box.bottom);
  });
  document.addEventListener("focusout", hide);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  addEventListener("scroll", hide, { passive: true });

  // One of several charts is seen: of every row of buttons one is pressed.
  for (const figure of document.querySelectorAll(".choices")) {
    const rows = [...figure.querySelectorAll(".choose")];
    const choices = [...figure.querySelectorAll(".choice")];
    const pressed = (row) => row.querySelector("[aria-pressed=true]").textContent;
    const choose = () => {
      const wanted = rows.map(pressed).join("\n");
      for (const one of choices) one.classList.toggle("off", one.dataset.choice !== wanted);
    };
    for (const row of rows) {
      row.firstElementChild.setAttribute("aria-pressed", "true");
      row.addEventListener("click", (event) => {
        if (event.target.tagName !== "BUTTON") return;
        for (const one of row.children) one.setAttribute("aria-pressed", String(one === event.target));
        choose();
      });
    }
    choose();
  }

  // By the figures that cells stand for; what is not known stays last, whichever way round.
  function compared(a, b, sign) {
    if (a.dataset.value !== undefined && b.dataset.value !== undefined) return sign * (a.dataset.value - b.dataset.value);
    if (a.dataset.value !== undefined || b.dataset.value !== undefined) return a.dataset.value === undefined ? 1 : -1;
    return sign * a.textContent.localeCompare(b.textContent, undefined, { numeric: true });
  }

  for (const table of document.querySelectorAll("table.sorts")) {
    const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
    heads.forEach((head, n) => head.firstElementChild.addEventListener("click", () => {
      const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      for (const one of heads) one.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
      body.append(...[...body.rows].sort((a, b) => compared(a.cells[n], b.cells[n], sign)));
    }));
  }
})();
