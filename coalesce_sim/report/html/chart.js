"use strict";
/* Draws one chart as SVG: lines with bands over numbers, or rows of points with bars over names. */
const drawChart = (() => {
  const FONT_PX = 13;
  const LETTER_PX = 6.9;
  const LINE_PX = 18;
  const INK = "#1b1f24";
  const GREY = "#5a5a5a";
  const GRID = "#e5e5e5";
  const DASHES = ["", "7 4", "2 3"];
  const DENSE = 40;
  const number = new Intl.NumberFormat("en-GB", { maximumSignificantDigits: 6 });
  const ticked = (value) => number.format(value).replace("-", "−");
  const shortened = (text, most) => (text.length > most ? `${text.slice(0, Math.max(1, most - 1))}…` : text);

  function svg(tag, attributes = {}, children = []) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  /** Colour and dashes of a line; yardsticks are grey and dotted, as in the figures. */
  function lookOf(chart, lines, k) {
    if (chart.yardsticks.includes(lines[k].name)) return { colour: GREY, dash: "2 3" };
    const hue = lines.slice(0, k).filter((line) => !chart.yardsticks.includes(line.name)).length;
    return { colour: chart.colours[hue % chart.colours.length], dash: DASHES[Math.floor(k / 4) % DASHES.length] };
  }

  /** Round numbers from the one end to the other, about so many. */
  function roundTicks(low, high, about) {
    const rough = (high - low) / about;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((each) => each * power >= rough * 0.999);
    const first = Math.ceil(low / step - 1e-9);
    const count = Math.floor(high / step + 1e-9) - first + 1;
    return Array.from({ length: count }, (_, k) => Number(((first + k) * step).toPrecision(12)));
  }

  /** Powers of ten, with 2 and 5 between them where there are few. */
  function logTicks(low, high) {
    const powers = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) powers.push(power);
    const steps = powers.length > 4 ? [1] : [1, 2, 5];
    const all = powers.flatMap((power) => steps.map((step) => Number((step * 10 ** power).toPrecision(6))));
    return all.filter((each) => each >= low * 0.999 && each <= high * 1.001);
  }

  /** From values to places between two pixels, with a margin at both ends. */
  function scaleOf(values, from, to, about, log = false) {
    const at = log ? Math.log10 : (value) => value;
    let [low, high] = [Math.min(...values), Math.max(...values)];
    if (low === high) [low, high] = log ? [low / 2, high * 2] : [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
    const margin = 0.04 * (at(high) - at(low));
    const [start, end] = [at(low) - margin, at(high) + margin];
    const place = (value) => from + ((at(value) - start) / (end - start)) * (to - from);
    return { place, ticks: log ? logTicks(low, high) : roundTicks(start, end, about) };
  }

  const path = (points) => `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}`;
  const text = (x, y, content, more = {}) =>
    svg("text", { x: x.toFixed(1), y: y.toFixed(1), fill: INK, ...more }, [content]);

  function across(parts, y, left, right, colour = GRID) {
    parts.push(svg("line", { x1: left, x2: right, y1: y.toFixed(1), y2: y.toFixed(1), stroke: colour }));
  }

  function upright(parts, x, top, bottom, colour = GRID) {
    parts.push(svg("line", { x1: x.toFixed(1), x2: x.toFixed(1), y1: top, y2: bottom, stroke: colour }));
  }

  /** A mean with what is said of it; what the pointer finds. */
  function mark(at, look, label, radius) {
    const [x, y] = at;
    const circle = { cx: x.toFixed(1), cy: y.toFixed(1), r: radius, fill: radius ? look.colour : "none" };
    const made = svg("circle", { class: "point", ...circle, tabindex: "-1" }, [svg("title", {}, [label])]);
    return { node: made, x, y, label };
  }

  function bar(from, to, colour) {
    const ends = { x1: from[0].toFixed(1), y1: from[1].toFixed(1), x2: to[0].toFixed(1), y2: to[1].toFixed(1) };
    return svg("line", { class: "interval", ...ends, stroke: colour, "stroke-width": 1.6 });
  }

  /** A line a level of the second axis, along an axis of numbers; without a grid, points alone. */
  function curves(chart, choice, lines, width, told) {
    const axis = chart.axes[choice.x];
    const height = width < 560 ? 340 : 430;
    const ends = lines.flatMap((line) => line.points.flatMap((each) => [each.mean, each.low, each.high]));
    const values = ends.filter((each) => each !== null);
    const [top, bottom, right] = [LINE_PX + 12, height - 48, width - 16];
    const y = scaleOf(values, bottom, top, 6);
    const left = 14 + LETTER_PX * Math.max(...y.ticks.map((each) => ticked(each).length));
    const at = axis.values.filter((_, level) => lines.some((line) => line.points.some((each) => each.level === level)));
    const x = scaleOf(at, left, right, Math.max(2, width / 110), axis.scale === "log");
    const parts = [];
    for (const tick of y.ticks) {
      across(parts, y.place(tick), left, right, tick === 0 ? GREY : GRID);
      parts.push(text(left - 6, y.place(tick) + 4, ticked(tick), { "text-anchor": "end" }));
    }
    for (const tick of x.ticks) {
      upright(parts, x.place(tick), top, bottom);
      parts.push(text(x.place(tick), bottom + 18, ticked(tick), { "text-anchor": "middle" }));
    }
    upright(parts, left, top, bottom, INK);
    across(parts, bottom, left, right, INK);
    parts.push(text((left + right) / 2, height - 8, axis.label, { class: "xtitle", "text-anchor": "middle" }));
    parts.push(text(0, FONT_PX, chart.quantities[choice.quantity].axis, { class: "ytitle" }));
    const marks = [];
    lines.forEach((line, k) => {
      const look = lookOf(chart, lines, k);
      const place = (point, name) => [x.place(axis.values[point.level]), y.place(point[name])];
      const banded = line.points.filter((point) => point.low !== null);
      if (chart.grid && banded.length > 1) {
        const around = [...banded.map((each) => place(each, "high")), ...banded.map((each) => place(each, "low")).reverse()];
        parts.push(svg("path", { class: "band", d: `${path(around)}Z`, fill: look.colour, "fill-opacity": 0.15 }));
      } else {
        for (const each of banded) parts.push(bar(place(each, "low"), place(each, "high"), look.colour));
      }
      const course = line.points.map((each) => place(each, "mean"));
      const stroke = { stroke: look.colour, "stroke-width": 2, "stroke-dasharray": look.dash, fill: "none" };
      if (chart.grid && course.length > 1) parts.push(svg("path", { class: "line", d: path(course), ...stroke }));
      const radius = line.points.length > DENSE ? 0 : 3.5;
      course.forEach((spot, each) => marks.push(mark(spot, look, told(line, line.points[each]), radius)));
    });
    return { parts, marks, height };
  }

  /** A row a level of an axis of names, with the interval as a bar. */
  function rows(chart, choice, lines, width, told) {
    const axis = chart.axes[choice.x];
    const many = axis.levels.length;
    const row = Math.max(Math.min(28, 900 / many + 8), 14 * lines.length);
    const most = Math.floor((width * 0.38) / LETTER_PX);
    const names = axis.levels.map((level) => shortened(level, most));
    const left = 14 + LETTER_PX * Math.max(...names.map((each) => each.length));
    const [top, right] = [8, width - 16];
    const bottom = top + row * Math.max(many, 2);
    const ends = lines.flatMap((line) => line.points.flatMap((each) => [each.mean, each.low, each.high]));
    const x = scaleOf(ends.filter((each) => each !== null), left, right, Math.max(2, width / 110));
    const parts = [];
    for (const tick of x.ticks) {
      upright(parts, x.place(tick), top, bottom, tick === 0 ? GREY : GRID);
      parts.push(text(x.place(tick), bottom + 18, ticked(tick), { "text-anchor": "middle" }));
    }
    names.forEach((name, level) => {
      const label = text(left - 8, top + row * (level + 0.5) + 4, name, { "text-anchor": "end" });
      label.append(svg("title", {}, [axis.levels[level]]));
      parts.push(label);
    });
    across(parts, bottom, left, right, INK);
    const label = chart.quantities[choice.quantity].axis;
    parts.push(text((left + right) / 2, bottom + 40, label, { class: "ytitle", "text-anchor": "middle" }));
    const marks = [];
    lines.forEach((line, k) => {
      const own = lookOf(chart, lines, k);
      for (const point of line.points) {
        const yardstick = chart.yardsticks.includes(axis.levels[point.level]);
        const look = yardstick ? { ...own, colour: GREY } : own;
        const y = top + row * (point.level + 0.5 + 0.6 * ((k + 0.5) / lines.length - 0.5));
        if (point.low !== null) parts.push(bar([x.place(point.low), y], [x.place(point.high), y], look.colour));
        marks.push(mark([x.place(point.mean), y], look, told(line, point), 4.5));
      }
    });
    return { parts, marks, height: bottom + 48 };
  }

  function legendOf(chart, choice, lines) {
    const made = document.createElement("p");
    made.className = "legend";
    if (choice.by === null) return made;
    made.append(`${shortened(chart.axes[choice.by].label, 60)}: `);
    lines.forEach((line, k) => {
      const { colour, dash } = lookOf(chart, lines, k);
      const stroke = { x1: 0, x2: 26, y1: 6, y2: 6, stroke: colour, "stroke-width": 2.5, "stroke-dasharray": dash };
      const entry = document.createElement("span");
      entry.append(svg("svg", { width: 26, height: 12, "aria-hidden": "true" }, [svg("line", stroke)]), shortened(line.name, 48));
      made.append(entry);
    });
    return made;
  }

  /** Says what the pointer is nearest to. */
  function follow(host, drawn, marks) {
    const tip = document.createElement("div");
    tip.className = "tip";
    tip.hidden = true;
    host.append(tip);
    drawn.addEventListener("pointermove", (event) => {
      const box = drawn.getBoundingClientRect();
      const [x, y] = [event.clientX - box.left, event.clientY - box.top];
      const away = (each) => (each.x - x) ** 2 + (each.y - y) ** 2;
      const nearest = marks.reduce((best, each) => (best === null || away(each) < away(best) ? each : best), null);
      tip.hidden = nearest === null || away(nearest) > 40 ** 2;
      if (tip.hidden) return;
      tip.textContent = nearest.label;
      const shift = drawn.offsetTop + nearest.y;
      tip.style.top = `${shift - 12 - tip.offsetHeight < 0 ? shift + 14 : shift - 12 - tip.offsetHeight}px`;
      tip.style.left = `${Math.max(0, Math.min(nearest.x + 10, box.width - tip.offsetWidth))}px`;
    });
    drawn.addEventListener("pointerleave", () => (tip.hidden = true));
  }

  /** Draws into an empty element `width` wide; `told` gives the text of a line's point. */
  return function draw(host, chart, choice, lines, told) {
    const width = Math.max(280, Math.floor(host.clientWidth));
    const along = chart.axes[choice.x].scale === "category" ? rows : curves;
    const none = !lines.some((line) => line.points.length);
    const { parts, marks, height } = none ? { parts: [], marks: [], height: 40 } : along(chart, choice, lines, width, told);
    const size = { viewBox: `0 0 ${width} ${height}`, height, "font-size": FONT_PX };
    const drawn = svg("svg", size, [...parts, ...marks.map((each) => each.node)]);
    host.replaceChildren(legendOf(chart, choice, lines), drawn);
    follow(host, drawn, marks);
  };
})();
