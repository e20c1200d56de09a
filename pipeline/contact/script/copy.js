// The list of what is chosen, to the clipboard.

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
