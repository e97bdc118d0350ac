// The threshold slider: tables, verdicts and marks in the charts follow it.
const find = (name) => page.getElementById(name);
const slider = find("threshold");
const chosen = () => ({ place: Number(slider.value), size: find("size")?.value ?? "", factor: find("factor").value });
const LETTERS = { d: "different", e: "equivalent", i: "inconclusive", u: "untestable", w: "withheld" };

function watchlist(size) {
  return size ? `, watchlist of ${grouped(Number(size))}` : "";
}

function evidenceOf(metric, rate, threshold, state) {
  const one = isSuccess(metric) ? ["successes", "a success"] : ["events", "an event"];
  const lines = [`${metric} of ${rate.group}, threshold ${spokenThreshold(threshold)}${watchlist(state.size)}`];
  if (rate.rate !== null) {
    lines.push(`${grouped(rate.events)} ${one[0]} in ${grouped(rate.trials)} ${data.metrics[metric][1]}`);
    if (rate.affected !== null) lines.push(`${grouped(rate.affected)} of ${grouped(rate.people)} people had ${one[1]}`);
    lines.push(`Rate ${rate.events ? spokenRate(metric, rate.rate) : "no event"} (${scientific(rate.rate)})`);
    if (rate.upper !== null) lines.push(`${100 * data.level} % interval ${spokenRate(metric, rate.lower, "down")} to ${spokenRate(metric, rate.upper, "up")} (${scientific(rate.lower)} to ${scientific(rate.upper)})`);
    lines.push(`Method: ${rate.method}`);
  }
  return [...lines, ...findingsOf(metric, rate.group, state)].join("\n");
}

function comparisons(metric, { size, factor }) {
  const same = metric === "TPIR" ? ["TPIR", "FNIR"] : [metric];
  for (const code of same) {
    const found = data.verdicts[`${code}|${size}|${factor}`];
    if (found) return found.map((each) => ({ ...each, metric: code }));
  }
  return [];
}

function findingId(each, place) {
  const threshold = spokenThreshold(data.thresholds[place]).replace("−", "-");
  return typeof each.id === "string" ? each.id.replace("@", threshold) : each.id[place];
}

function findingsOf(metric, group, state) {
  const found = comparisons(metric, state).filter((each) => [each.a, each.b].includes(group) && each.verdict[state.place] !== "-");
  const lines = found.slice(0, 3).map((each) => `Finding ${findingId(each, state.place)}: ${LETTERS[each.verdict[state.place]]}${each.primary[state.place] === "1" ? "" : " (exploratory)"}`);
  if (found.length > 3) lines.push(`and ${found.length - 3} further findings`);
  return lines.length ? lines : ["No planned comparison rests on this number."];
}

function rateCell(metric, rate, state) {
  if (rate?.withheld) return make("td", {}, make("span", { class: "withheld" }, "withheld"));
  if (!rate || rate.rate === null) return make("td", {}, rate ? "no trials" : "not measured");
  const none = rate.events === 0 && !isSuccess(metric);
  const number = make("data", { class: "drill", value: rate.rate, "data-evidence": evidenceOf(metric, rate, data.thresholds[state.place], state) }, none ? "no event" : spokenRate(metric, rate.rate));
  const upper = spokenRate(metric, rate.upper, "up");
  const range = rate.upper === null ? "interval withheld" : rate.lower <= 0 && !isSuccess(metric) ? `at most ${upper}` : `${spokenRate(metric, rate.lower, "down")} to ${upper}`;
  return make("td", {}, number, none ? ` in ${grouped(rate.trials)} ` : " ", make("span", { class: "range" }, range));
}

function ratesOf(metric, { place, size, factor }) {
  return (data.rates[`${metric}|${size}|${factor}`] ?? []).map((entry) => rateAt(entry, place));
}

function showRates(state) {
  const body = find("explore-rates").tBodies[0];
  const codes = [body.dataset.wrong, body.dataset.right];
  const [wrong, right] = codes.map((code) => ratesOf(code, state));
  const groups = [...new Set([...wrong, ...right].map((each) => each.group))];
  body.replaceChildren(...groups.map((group) => make("tr", {}, make("th", { scope: "row" }, group),
    ...[wrong, right].map((rates, side) => rateCell(codes[side], rates.find((each) => each.group === group), state)))));
  makeReachable(find("explore-rates"));
  const names = codes.map((code) => data.metrics[code][0]);
  const at = `threshold ${spokenThreshold(data.thresholds[state.place])}${watchlist(state.size)}`;
  find("explored-where").textContent = `${names[0]} and ${names[1].toLowerCase()} at ${at}, groups by ${state.factor}.`;
  const all = codes.map((code) => ratesOf(code, { ...state, factor: "overall" })[0]);
  const spoken = all.map((each, side) => each && `${names[side]} of everybody: ${each.withheld ? "withheld" : each.events || isSuccess(codes[side]) ? spokenRate(codes[side], each.rate) : "no event"}.`);
  return `At ${at}. ${spoken.filter(Boolean).join(" ")}`;
}

function markOf(name) {
  return make("span", { class: `mark mark-${name}` }, make("span", { class: "symbol", "aria-hidden": "true" }, data.marks[name]), ` ${name}`);
}

function verdictRow(each, place) {
  const other = each.b === "rest" ? "the rest" : each.b;
  const title = `${each.metric}: ${each.omnibus ? "all groups at once" : `${each.a} compared with ${other}`}`;
  const standing = each.primary[place] === "1" ? [] : [" ", make("span", { class: "quiet" }, "exploratory")];
  const [value, lower, upper, found] = [each.ratio, each.lower, each.upper, each.possible].map((values) => values[place]);
  const range = lower === null || upper === null ? "" : upper > ENDLESS ? `${ratio(lower, "down")} or more` : `${ratio(lower, "down")} to ${ratio(upper, "up")}`;
  const behind = `Finding ${findingId(each, place)}: ${LETTERS[each.verdict[place]]}`;
  return make("tr", { "data-findings": behind }, make("th", { scope: "row" }, title), make("td", {}, markOf(LETTERS[each.verdict[place]]), ...standing),
    make("td", {}, drill(value, ratio(value)), " ", make("span", { class: "range" }, range), " ", make("code", { class: "id" }, findingId(each, place))),
    make("td", {}, drill(found, ratio(found, "up"))));
}

function showVerdicts(state) {
  const body = find("explore-rates").tBodies[0].dataset;
  const found = [body.wrong, body.right].flatMap((metric) => comparisons(metric, state)).filter((each) => each.verdict[state.place] !== "-");
  const none = make("tr", {}, make("td", { colspan: "4" }, "The plan names no comparison of these groups here."));
  find("explore-verdicts").tBodies[0].replaceChildren(...(found.length ? found.map((each) => verdictRow(each, state.place)) : [none]));
  makeReachable(find("explore-verdicts"));
}

function scale([low, high, isLog], value) {
  return isLog ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
}

function drawMarks(chart, state) {
  const { link, marks, svg } = chart;
  const shape = (tag, settings) => {
    const element = page.createElementNS(svg.namespaceURI, tag);
    for (const [name, value] of Object.entries(settings)) element.setAttribute(name, value);
    return element;
  };
  const inside = (value) => Number.isFinite(value) && value >= -0.001 && value <= 1.001;
  const rate = (key, group) => {
    const entry = (data.rates[key] ?? []).find((each) => each.group === group);
    return (entry ? rateAt(entry, state.place).rate : null) ?? NaN;
  };
  const drawn = [];
  if (link.kind === "line") {
    for (const panel of link.panels) {
      const across = scale(panel.x, data.thresholds[state.place]);
      const x = panel.left + across * panel.width;
      if (!inside(across)) continue;
      drawn.push(shape("line", { x1: x, x2: x, y1: panel.top, y2: panel.top + panel.height, class: "follow" }));
      drawn.push(shape("path", { d: `M${x - 4} ${panel.top - 6}h8l-4 6z`, class: "follow-head" }));
    }
  } else {
    link.groups.forEach((group, order) => {
      const panel = link.panels[link.panels.length > 1 ? order : 0];
      const [across, upright] = [scale(panel.x, rate(link.across, link.of ?? group)), scale(panel.y, rate(link.upright, group))];
      if (inside(across) && inside(upright)) drawn.push(shape("circle", { cx: panel.left + across * panel.width, cy: panel.top + (1 - upright) * panel.height, r: 6, class: "follow-ring" }));
    });
  }
  marks.replaceChildren(...drawn);
}

const charts = [...page.querySelectorAll("figure[data-link]")].map((figure) => {
  const svg = figure.querySelector("svg");
  const marks = page.createElementNS(svg.namespaceURI, "g");
  svg.append(marks);
  return { link: JSON.parse(figure.dataset.link), svg, marks };
});
let speaking = 0;

function explore() {
  const state = chosen();
  const threshold = spokenThreshold(data.thresholds[state.place]);
  slider.setAttribute("aria-valuetext", threshold);
  find("threshold-shown").textContent = threshold;
  const summary = showRates(state);
  showVerdicts(state);
  showCrowd(state);
  for (const chart of charts) drawMarks(chart, state);
  clearTimeout(speaking);
  speaking = setTimeout(() => { find("explored").textContent = summary; }, 400);
}
