// What stands behind a number: shown when it is pointed at, reached by keyboard or tapped.
const evidence = page.getElementById("evidence");
let explained = null;
let leaving = 0;

function place(box) {
  const gap = 6;
  const { width, height } = evidence.getBoundingClientRect();
  const below = box.bottom + gap + height <= innerHeight || box.top < height + gap;
  evidence.style.left = `${Math.max(8, Math.min(box.left, innerWidth - width - 8))}px`;
  evidence.style.top = `${below ? box.bottom + gap : box.top - gap - height}px`;
}

// A row of a table of rates holds the counts already; a row of comparisons, its finding.
function linesOf(number) {
  if (number.dataset.evidence) return number.dataset.evidence;
  const row = number.closest("tr");
  const table = row.closest("table");
  const heads = [...table.tHead.rows[0].cells].map(cellText);
  const lines = [...row.cells].map((cell, place) => `${heads[place]}: ${cell.textContent.replace(/\s+/g, " ").trim()}`);
  const block = row.closest("tbody").rows[0];
  lines.unshift(table.caption.textContent.replace(/\s+/g, " ").trim(), block.classList.contains("block") ? cellText(block.cells[0]) : "");
  const letter = row.querySelector("sup")?.textContent;
  const notes = [...(table.parentElement.parentElement.querySelectorAll(`[data-notes="${table.caption.id}"] li`))];
  const method = notes.find((note) => letter && note.querySelector("sup")?.textContent === letter);
  return [...lines, method?.textContent.replace(letter, "").replace(/\s+/g, " ").trim(), number.dataset.findings ?? row.dataset.findings ?? table.dataset.findings ?? "No planned comparison rests on this number."].filter(Boolean).join("\n");
}

function explain(number) {
  clearTimeout(leaving);
  if (explained === number) return;
  conceal();
  explained = number;
  evidence.textContent = linesOf(number);
  number.setAttribute("aria-describedby", "evidence");
  evidence.showPopover();
  place(number.getBoundingClientRect());
}

function conceal() {
  if (!explained) return;
  explained.removeAttribute("aria-describedby");
  explained = null;
  evidence.hidePopover();
}

// One stop of the tab key a table, arrow keys within it: hundreds of stops would serve nobody.
function makeReachable(table) {
  table.querySelectorAll(".drill").forEach((number, order) => {
    number.setAttribute("role", "button");
    number.tabIndex = order ? -1 : 0;
  });
}

function step(number, key) {
  const all = [...number.closest("table").querySelectorAll(".drill")];
  const here = all.indexOf(number);
  const moves = { ArrowRight: here + 1, ArrowDown: here + 1, ArrowLeft: here - 1, ArrowUp: here - 1, Home: 0, End: all.length - 1 };
  const next = all[moves[key]];
  if (!next) return;
  number.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

const drillOf = (event) => event.target.closest?.(".drill");
for (const kind of ["focusin", "mouseover", "click"]) {
  page.addEventListener(kind, (event) => {
    const number = drillOf(event);
    if (number) explain(number);
    else if (kind === "mouseover" && event.target === evidence) clearTimeout(leaving);
    else if (kind === "click") conceal();
  });
}
page.addEventListener("mouseout", (event) => {
  if (drillOf(event) || event.target === evidence) leaving = setTimeout(conceal, 250);
});
page.addEventListener("focusout", (event) => drillOf(event) && conceal());
page.addEventListener("keydown", (event) => {
  if (event.key === "Escape") conceal();
  const number = drillOf(event);
  if (!number || !/^(Arrow|Home|End)/.test(event.key)) return;
  event.preventDefault();
  step(number, event.key);
});
addEventListener("scroll", () => explained && place(explained.getBoundingClientRect()), { passive: true, capture: true });
for (const table of page.querySelectorAll("table")) makeReachable(table);
