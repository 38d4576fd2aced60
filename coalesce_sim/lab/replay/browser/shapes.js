/* Colours and shapes: every outcome has both, so that no reader needs colours (Okabe and Ito, 2008). */
const LOOKS = [
  { name: "done well", colour: "#009E73", shape: "circle", filled: true },
  { name: "bad, not noticed", colour: "#D55E00", shape: "diamond", filled: true },
  { name: "found bad", colour: "#D55E00", shape: "diamond", filled: false },
  { name: "failed or lost", colour: "#CC79A7", shape: "cross", filled: false },
  { name: "timed out", colour: "#E69F00", shape: "triangle", filled: true },
  { name: "turned away or not reached", colour: null, shape: "square", filled: false },
];
const ENTERS = "#009E73";
const LOOK_OF = [0, 1, 2, 2, 3, 3, 5, 5, 4, 5, 3];

/** The colours of the page around: they follow its theme, light or dark. */
function themeOf(element) {
  const style = getComputedStyle(element);
  const read = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
  const back = read("--st-background-color", "#ffffff");
  const dark = brightness(back) < 0.4;
  return {
    dark,
    back,
    ink: read("--st-text-color", "#1b1f24"),
    wash: read("--st-secondary-background-color", "#f3f6f8"),
    line: read("--st-border-color", dark ? "#36414d" : "#d8dee4"),
    accent: dark ? "#56B4E9" : "#0072B2",
    grey: dark ? "#9aa6b2" : "#5a5a5a",
    warm: dark ? "#F0894A" : "#B34A00",
    edge: dark ? back : "#3a424a",
    waiting: dark ? "#c3ccd5" : "#46525e",
  };
}

/** From 0 to 1, of a colour as CSS has it. */
function brightness(colour) {
  const hex = /^#([\da-f]{3}|[\da-f]{6})$/i.exec(colour)?.[1];
  const parts = hex ? (hex.length === 3 ? [...hex].map((each) => each + each) : hex.match(/../g)).map((each) => parseInt(each, 16)) : (colour.match(/\d+(\.\d+)?/g) ?? [255, 255, 255]).map(Number);
  return (0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]) / 255;
}

const colourOf = (look, theme) => look.colour ?? theme.grey;

/** Adds the outline of a shape around a point to the path of a canvas. */
function outline(context, shape, x, y, r) {
  context.beginPath();
  if (shape === "circle") context.arc(x, y, r, 0, 2 * Math.PI);
  else if (shape === "diamond") context.moveTo(x, y - 1.3 * r), context.lineTo(x + 1.3 * r, y), context.lineTo(x, y + 1.3 * r), context.lineTo(x - 1.3 * r, y), context.closePath();
  else if (shape === "triangle") context.moveTo(x, y - 1.25 * r), context.lineTo(x + 1.2 * r, y + 0.9 * r), context.lineTo(x - 1.2 * r, y + 0.9 * r), context.closePath();
  else if (shape === "square") context.rect(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r);
  else context.moveTo(x - r, y - r), context.lineTo(x + r, y + r), context.moveTo(x + r, y - r), context.lineTo(x - r, y + r);
}

/** Draws how a job ended; a cheat has a ring around it. */
function drawOutcome(context, look, theme, x, y, r, cheat) {
  const colour = colourOf(look, theme);
  outline(context, look.shape, x, y, r);
  context.lineWidth = look.shape === "cross" ? 2.4 : 1.8;
  if (look.filled) {
    context.fillStyle = colour;
    context.fill();
    context.lineWidth = 1;
    context.strokeStyle = theme.edge;
  } else {
    if (look.shape === "cross") {
      context.lineWidth = 4;
      context.strokeStyle = theme.edge;
      context.stroke();
      context.lineWidth = 2.4;
    } else {
      context.fillStyle = theme.back;
      context.fill();
    }
    context.strokeStyle = colour;
  }
  context.stroke();
  if (cheat) drawRing(context, theme, x, y, r);
}

/** The market's rules had a say in it. */
function drawRule(context, theme, x, y, r) {
  context.fillStyle = theme.ink;
  context.fillRect(x - r - 2, y + r + 4, 2 * r + 4, 2);
}

function drawRing(context, theme, x, y, r) {
  context.beginPath();
  context.arc(x, y, r + 3.2, 0, 2 * Math.PI);
  context.lineWidth = 1.6;
  context.setLineDash([2.5, 1.8]);
  context.strokeStyle = theme.ink;
  context.stroke();
  context.setLineDash([]);
}

/** Who enters, up, and who leaves, down. */
function drawComing(context, x, y, up, colour) {
  const r = up ? 4 : -4;
  context.beginPath();
  context.moveTo(x, y - r);
  context.lineTo(x + 4, y + r);
  context.lineTo(x - 4, y + r);
  context.closePath();
  context.fillStyle = colour;
  context.fill();
}

/** A job that waits for a slot. */
function drawWaiting(context, theme, x, y, r) {
  outline(context, "circle", x, y, r);
  context.fillStyle = theme.back;
  context.fill();
  context.strokeStyle = theme.waiting;
  context.lineWidth = 1.6;
  context.stroke();
}

/** A job under way: what will come of it nobody knows yet. A hire by chance is hollow. */
function drawJob(context, theme, x, y, r, explored) {
  context.beginPath();
  context.arc(x, y, r, 0, 2 * Math.PI);
  context.fillStyle = explored ? theme.back : theme.accent;
  context.fill();
  context.lineWidth = explored ? 1.8 : 1;
  context.strokeStyle = explored ? theme.accent : theme.back;
  context.stroke();
}
