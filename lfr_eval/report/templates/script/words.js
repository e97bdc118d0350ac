// Numbers in words, as lfr_eval/contract/words.py writes them; a test compares the two.
const SUPERSCRIPT = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
const TURNED = { up: "down", down: "up", nearest: "nearest" };
const ENDLESS = 1e300;

function halfEven(value) {
  const low = Math.floor(value);
  if (Math.abs(value - low - 0.5) > 1e-9) return Math.round(value);
  return low % 2 === 0 ? low : low + 1;
}

// Bounds are rounded away from the claim that they support.
function significant(value, rounding = "nearest", digits = 3) {
  if (value === 0) return 0;
  const unit = Number(value.toExponential().split("e")[1]) - digits + 1;
  const steps = Number(value.toPrecision(12)) / 10 ** unit;
  const round = { nearest: halfEven, down: Math.floor, up: Math.ceil }[rounding];
  return Number(`${round(Number(steps.toPrecision(12)))}e${unit}`);
}

const grouped = (value) => value.toLocaleString("en-GB", { maximumFractionDigits: 20 });

function oneIn(rate, rounding = "nearest") {
  if (rate === null) return "–";
  if (rate <= 0) return "0";
  if (rate > 0.5) return percentage(rate, rounding);
  const number = significant(1 / rate, TURNED[rounding]);
  return number >= 1e6 ? `1 in ${grouped(number / 1e6)} million` : `1 in ${grouped(number)}`;
}

function share(rate, rounding = "nearest") {
  if (rate > 0 && rate < 0.01) return oneIn(rate, rounding);
  return percentage(rate, rounding);
}

function percentage(rate, rounding = "nearest") {
  if (rate === null) return "–";
  let percent = significant(100 * rate, rounding);
  if (percent >= 100 && rate < 1) percent = Number((100 - significant(100 * (1 - rate), TURNED[rounding], 1)).toPrecision(12));
  return `${grouped(percent)} %`;
}

function ratio(value, rounding = "nearest") {
  if (value === null) return "–";
  return value > ENDLESS ? "∞" : grouped(significant(value, rounding));
}

function scientific(value) {
  if (value === null) return "–";
  if (value === 0) return "0";
  const [mantissa, exponent] = value.toExponential(2).split("e");
  return `${mantissa} × 10${[...String(Number(exponent))].map((each) => SUPERSCRIPT[each]).join("")}`;
}

function spokenThreshold(value) {
  const [whole, decimals] = value.toFixed(9).replace(/0+$/, "").split(".");
  return `${whole}.${decimals.padEnd(2, "0")}`.replace("-", "−");
}

const isSuccess = (metric) => metric === "TPIR";
const spokenRate = (metric, rate, rounding) => (isSuccess(metric) ? share : oneIn)(rate, rounding);
