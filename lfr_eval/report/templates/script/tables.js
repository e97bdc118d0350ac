// Tables as downloads, and the numbers behind charts as tables.
const page = document;
const data = JSON.parse(page.getElementById("data").textContent);

function make(tag, settings = {}, ...children) {
  const element = page.createElement(tag);
  for (const [name, value] of Object.entries(settings)) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const figure = (value, text) => (value === null ? "–" : make("data", { value }, text));

const drill = (value, text) => (value === null ? "–" : make("data", { class: "drill", value }, text));

// A spreadsheet runs text that begins so as a formula; an apostrophe makes it text again.
function csvCell(value) {
  let text = String(value ?? "");
  const isNumber = text.trim() !== "" && Number.isFinite(Number(text));
  if (!isNumber && /^\s*[=+\-@\t\r＝＋－＠]/.test(text)) text = `'${text}`;
  return `"${text.replaceAll('"', '""')}"`;
}

function csvOf(rows) {
  const marked = data.mark ? rows.map((row, place) => [...row, place ? data.mark.toLowerCase() : "data"]) : rows;
  return `\ufeff${marked.map((row) => row.map(csvCell).join(",")).join("\r\n")}\r\n`;
}

// A cell with one number gives the number, every other cell its text.
function cellText(cell) {
  const figures = cell.querySelectorAll("data");
  return figures.length === 1 ? figures[0].value : cell.textContent.replace(/\s+/g, " ").trim();
}

// Headings that span the table (a threshold, a factor) become a first column of their rows.
function rowsOf(table) {
  const [head, ...rest] = [...table.rows];
  const has = rest.some((row) => row.classList.contains("block"));
  let block = "";
  const rows = [[...(has ? ["setting"] : []), ...[...head.cells].map(cellText)]];
  for (const row of rest) {
    if (row.classList.contains("block")) block = cellText(row.cells[0]);
    else rows.push([...(has ? [block] : []), ...[...row.cells].map(cellText)]);
  }
  return rows;
}

function save(rows, title) {
  const name = `${data.mark ? `${data.mark} ` : ""}${data.study} ${title}`.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  const link = make("a", { download: `${name.slice(0, 90)}.csv` });
  link.href = URL.createObjectURL(new Blob([csvOf(rows)], { type: "text/csv" }));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function offerDownload(table) {
  const title = table.caption.textContent.replace(/\s+/g, " ").replace(data.mark ?? "", "").trim();
  const button = make("button", { type: "button", class: "csv" }, "Save as CSV", make("span", { class: "hidden" }, `: ${title}`));
  button.addEventListener("click", () => save(rowsOf(table), title));
  table.closest(".scroll").after(button);
}

// Rates of one group at one place of the sweep.
function rateAt(entry, place) {
  const pick = (value) => (Array.isArray(value) ? value[place] : value);
  const [events, trials] = [pick(entry.events), pick(entry.trials)];
  return {
    group: entry.group, withheld: data.published && events === null, events, trials, people: pick(entry.people), affected: pick(entry.affected),
    rate: events === null || !trials ? null : events / trials,
    lower: entry.lower[place], upper: entry.upper[place],
    method: data.methods[entry.method.charCodeAt(place) - 97] ?? "not stated",
  };
}

function sweepNumbers(name) {
  const [metric] = name.split("|");
  const columns = ["group", "threshold", isSuccess(metric) ? "successes" : "events", "trials", "people", "people with one", metric, "scientific", "lower", "upper", "interval"];
  const rows = data.rates[name].flatMap((entry) => data.thresholds.map((threshold, place) => {
    const each = rateAt(entry, place);
    if (each.trials === null && !each.withheld) return null;
    if (each.withheld) return [each.group, figure(threshold, spokenThreshold(threshold)), "withheld", each.trials ?? "withheld", each.people ?? "withheld", "withheld", "withheld", "–", "–", "–", "–"];
    const [lower, upper] = ["lower", "upper"].map((end) => figure(each[end], spokenRate(metric, each[end], end === "lower" ? "down" : "up")));
    const shown = each.events === 0 && !isSuccess(metric) ? "no event" : spokenRate(metric, each.rate);
    return [each.group, figure(threshold, spokenThreshold(threshold)), each.events, each.trials, each.people, each.affected ?? (data.published ? "withheld" : null), figure(each.rate, shown), scientific(each.rate), lower, upper, each.method];
  }).filter(Boolean));
  return { columns, rows };
}

function showNumbers(part) {
  const name = part.dataset.numbers;
  const { columns, rows } = data.tables[name] ?? sweepNumbers(name);
  const title = `Numbers of: ${part.closest("figure").querySelector("figcaption").textContent.trim()}`;
  const caption = make("caption", {}, title);
  const head = make("thead", {}, make("tr", {}, ...columns.map((each) => make("th", { scope: "col" }, each.replaceAll("_", " ")))));
  const cells = (row) => row.map((value, place) => make(place ? "td" : "th", place ? {} : { scope: "row" }, value instanceof Node ? value : String(value ?? "–")));
  const table = make("table", {}, caption, head, make("tbody", {}, ...rows.map((row) => make("tr", {}, ...cells(row)))));
  part.querySelector(".no-script")?.remove();
  part.append(make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title }, table));
  offerDownload(table);
}

for (const table of page.querySelectorAll("table")) offerDownload(table);
for (const part of page.querySelectorAll("details.numbers")) {
  part.addEventListener("toggle", () => showNumbers(part), { once: true });
}
