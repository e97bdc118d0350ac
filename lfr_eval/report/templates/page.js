// Picks finished strings and places from the page's data; writes no number of its own.
const page = document;
const find = (name) => page.getElementById(name);
const data = JSON.parse(find("data").textContent);

function make(tag, attributes, ...children) {
  const element = page.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// The threshold slider, the watchlist and the groups.
const controls = find("controls");
if (controls) {
  const [slider, size, factor] = ["threshold", "size", "factor"].map(find);
  const where = page.querySelector("#explored-picture .where");

  const barOf = ([rate, behind, low, middle, high]) => {
    const state = `bar${low < 0 ? " bar-none" : ""}${middle < 0 ? " bar-open" : ""}${high > 1000 ? " bar-beyond" : ""}`;
    const bar = make("span", { class: state, "aria-hidden": "true", style: `--l:${low};--m:${middle};--h:${high}` });
    const said = make("span", { class: "said" }, make("b", {}, data.words[rate]), " ", make("span", { class: "quiet" }, data.words[behind]));
    return [bar, said];
  };

  const explore = () => {
    const place = Number(slider.value);
    const key = `${size.value}|${factor.value}`;
    const part = data.parts[key];
    const threshold = data.thresholds[place];
    find("threshold-shown").textContent = threshold;
    slider.setAttribute("aria-valuetext", threshold);
    const shown = part ? `Errors at ${data.cut}\u00a0${threshold}, watchlist: ${size.selectedOptions[0].text}, groups by ${factor.selectedOptions[0].text}.` : "Nothing was measured here.";
    where.textContent = find("explored").textContent = shown;
    const table = page.querySelector("#explored-picture table");
    table.tBodies[0].replaceChildren(...(part?.rows ?? []).map(([name, sides]) => make("tr", {}, make("th", { scope: "row" }, name),
      ...sides.map((bars, side) => make("td", { class: side ? "two" : "one" }, ...barOf(bars[place]))))));
    const errors = size.selectedOptions[0].dataset.errors.split("|");
    table.tHead.querySelectorAll("th + th").forEach((head, side) => { head.textContent = errors[side]; });
    table.tFoot.querySelectorAll(".end").forEach((end, side) => { end.textContent = part ? data.words[part.ends[place][side]] : ""; });
    find("explored-crowd").textContent = part?.crowd[place] ?? "";
    find("explored-crowd").hidden = !part?.crowd[place];
    const verdicts = (part?.verdicts ?? []).map(([error, groups, told]) => make("tr", {}, make("td", {}, error), make("th", { scope: "row" }, groups), make("td", {}, data.words[told[place]])));
    if (!verdicts.length) verdicts.push(make("tr", {}, make("td", { colspan: "3" }, "No comparison of these groups was named here.")));
    find("explored-verdicts").tBodies[0].replaceChildren(...verdicts);
    for (const each of page.querySelectorAll(".part")) {
      each.hidden = each.dataset.part !== key;
      if (!each.hidden) for (const line of each.querySelectorAll(".at")) line.setAttribute("transform", `translate(${data.across[place]} 0)`);
    }
  };
  controls.hidden = false;
  page.querySelector("#explore .no-script").remove();
  controls.addEventListener("input", explore);
  controls.addEventListener("submit", (event) => event.preventDefault());
  for (const button of controls.querySelectorAll("button")) {
    button.addEventListener("click", () => { slider.value = button.dataset.place; explore(); });
  }
}

// Tables that can be sorted by any column.
for (const table of page.querySelectorAll("table.sortable")) {
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = make("button", { type: "button", class: "sort" }, ...head.childNodes);
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const turned = head.getAttribute("aria-sort") === "descending" ? "ascending" : "descending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", turned);
      const sign = turned === "ascending" ? 1 : -1;
      const of = (row) => row.cells[column].dataset.sort ?? row.cells[column].textContent;
      const compare = (a, b) => (Number.isNaN(Number(of(a))) ? of(a).localeCompare(of(b)) : of(a) - of(b));
      table.tBodies[0].append(...[...table.tBodies[0].rows].sort((a, b) => sign * compare(a, b)));
    });
  });
}

// The comparisons, narrowed by kind or by any text of theirs.
const filters = find("filters");
if (filters) {
  const rows = [...page.querySelectorAll(".comparisons tbody tr")];
  const plain = (text) => text.toLowerCase().replaceAll("\u00a0", " ");
  const narrow = () => {
    const search = plain(find("search").value.trim());
    const chosen = [...filters.querySelectorAll("select")].filter((each) => each.value);
    for (const row of rows) {
      row.hidden = !chosen.every((each) => row.dataset[each.dataset.filter] === each.value) || !plain(row.textContent).includes(search);
    }
    find("comparisons").open = true;
    find("filtered").textContent = rows.some((row) => !row.hidden) ? "" : "No comparison fits.";
  };
  filters.hidden = false;
  filters.addEventListener("input", narrow);
  filters.addEventListener("submit", (event) => event.preventDefault());
}

// A link to something folded away opens what holds it; printing everything is asked for.
const unfold = () => {
  const target = location.hash.length > 1 ? find(decodeURIComponent(location.hash.slice(1))) : null;
  for (let each = target; each; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true;
  target?.querySelector(":scope details")?.setAttribute("open", "");
  target?.scrollIntoView();
};
addEventListener("hashchange", unfold);
if (location.hash) unfold();
const print = find("print-all");
if (print) {
  print.hidden = false;
  print.addEventListener("click", () => {
    for (const each of page.querySelectorAll("details")) each.open = true;
    window.print();
  });
}
