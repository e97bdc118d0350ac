// False alerts to expect in a crowd; the sums are those of lfr_eval/report/crowd.py.
const MOST_NAMED = 4;
let composed = "";

function expected(people, rates, shares) {
  const groups = rates.map((rate, place) => {
    const [alerts, lower, upper] = [rate.rate, rate.lower, rate.upper].map((value) => (value === null ? null : people * shares[place] * value));
    return { group: rate.group, share: shares[place], alerts, lower, upper };
  });
  const known = groups.filter((each) => each.alerts !== null);
  const sum = (value) => known.reduce((all, each) => all + value(each), 0);
  const alerts = sum((each) => each.alerts);
  const lower = Math.max(0, alerts - Math.sqrt(sum((each) => (each.alerts - each.lower) ** 2)));
  const upper = alerts + Math.sqrt(sum((each) => (each.upper - each.alerts) ** 2));
  return { groups, total: { group: "all together", share: 1, alerts, lower, upper } };
}

function crowdSentence(people, { groups, total }, where) {
  const seldom = total.alerts > 0 && total.alerts < 1 ? `, that is one in ${ratio(1 / total.alerts)} such days` : "";
  const named = [...groups].filter((each) => each.alerts > 0).sort((a, b) => b.alerts - a.alerts).slice(0, MOST_NAMED);
  const whom = named.length ? `, of whom about ${named.map((each) => `${ratio(each.alerts)} ${each.group}`).join(", ")}` : "";
  const about = total.alerts > 0 ? `about ${ratio(total.alerts)} false alerts a day${seldom}` : "no false alert is to be expected from what was seen";
  return `In a crowd of ${grouped(people)} like this, ${about} (${100 * data.level} % interval ${ratio(total.lower, "down")} to ${ratio(total.upper, "up")})${whom}, at ${where}.`;
}

const ORIGIN = "The sum over the groups. Its interval recovers their variances from theirs (MOVER): groups share no people.";

function crowdCell(each) {
  if (each.alerts === null) return make("td", {}, "not measured");
  const range = each.lower > 0 ? `${ratio(each.lower, "down")} to ${ratio(each.upper, "up")}` : `at most ${ratio(each.upper, "up")}`;
  return make("td", {}, make("data", { class: "drill", value: each.alerts }, each.alerts > 0 ? ratio(each.alerts) : "none seen"), " ", make("span", { class: "range" }, range));
}

function compose(rates, factor) {
  const people = rates.reduce((all, each) => all + (each.people ?? 0), 0);
  const fields = rates.map((each, place) => {
    const input = make("input", { type: "number", id: `share-${place}`, min: "0", max: "100", step: "any", inputmode: "decimal", value: Number((100 * (each.people ?? 0) / people).toPrecision(4)) });
    // The study's own shares are exact until somebody writes another number.
    input.exact = (each.people ?? 0) / people;
    input.addEventListener("input", () => { input.exact = Math.max(0, Number(input.value) || 0) / 100; explore(); });
    return make("div", {}, make("label", { for: `share-${place}` }, each.group), input);
  });
  find("composition").replaceChildren(find("composition").firstElementChild, ...fields, make("p", { id: "composition-note" }));
  composed = factor;
}

function showCrowd(state) {
  const table = find("crowd-table");
  if (!table) return;
  const rates = ratesOf("FPIR", state);
  if (composed !== state.factor) compose(rates, state.factor);
  const given = [...find("composition").querySelectorAll("input")].map((input) => input.exact);
  const sum = given.reduce((all, each) => all + each, 0);
  const isWhole = Math.abs(sum - 1) < 0.0005;
  find("composition-note").textContent = isWhole ? "" : sum > 0 ? `The shares add up to ${ratio(100 * sum)} %. They are scaled to 100 %.` : "Give at least one group a share.";
  const people = Math.max(1, Math.floor(Number(find("crowd-size").value) || data.crowd));
  if (data.published && rates.some((each) => each.upper === null)) {
    table.tBodies[0].replaceChildren(make("tr", {}, make("th", { scope: "row" }, "all together"), make("td", { class: "n" }, "100 %"), make("td", {}, make("span", { class: "withheld" }, "withheld"))));
    find("crowd-sentence").lastElementChild.textContent = "Rates of some groups are withheld at this threshold, so that no sum is given.";
    return;
  }
  const result = expected(people, rates, given.map((each) => (sum > 0 ? each / sum : 0)));
  table.tBodies[0].replaceChildren(...[...result.groups, result.total].map((each) =>
    make("tr", each === result.total ? { class: "overall", "data-findings": ORIGIN } : { "data-findings": evidenceOf("FPIR", rates.find((rate) => rate.group === each.group), data.thresholds[state.place], state) }, make("th", { scope: "row" }, each.group), make("td", { class: "n" }, share(each.share)), crowdCell(each))));
  makeReachable(table);
  const where = `threshold ${spokenThreshold(data.thresholds[state.place])}${watchlist(state.size)}`;
  find("crowd-sentence").lastElementChild.textContent = crowdSentence(people, result, where);
}
