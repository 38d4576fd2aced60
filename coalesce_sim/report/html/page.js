"use strict";
/* Draws the charts of a report, lets the reader choose what they show, and sorts its tables. */
(() => {
  const MOST_VALUES = 500;
  const format = new Intl.NumberFormat("en-GB", { maximumSignificantDigits: 4 });
  const shown = (value) => (value === null ? "–" : format.format(value).replace("-", "−"));
  const tied = (text) => text.replaceAll(" %", "\u00a0%");

  /** An element with attributes and children; texts become text, never markup. */
  function element(tag, attributes = {}, children = []) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  /* ------------------------------------------------------------------ tables */

  function sortTable(table, head) {
    const heads = [...head.parentElement.children];
    const index = heads.indexOf(head);
    const ascending = head.getAttribute("aria-sort") !== "ascending";
    const body = table.tBodies[0];
    const key = (row) => {
      const cell = row.cells[index];
      return cell.dataset.key === undefined ? cell.textContent : Number(cell.dataset.key);
    };
    const numeric = head.classList.contains("number");
    const missing = (value) => numeric && typeof value === "string";
    const rows = [...body.rows].map((row) => [key(row), row]);
    rows.sort(([a], [b]) => {
      if (missing(a) || missing(b)) return missing(a) - missing(b); // whatever the order, last
      const order =
        typeof a === "number" && typeof b === "number"
          ? a - b
          : String(a).localeCompare(String(b), "en", { numeric: true });
      return ascending ? order : -order;
    });
    body.append(...rows.map(([, row]) => row));
    for (const each of heads) each.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  }

  document.addEventListener("click", (event) => {
    const head = event.target.closest("table.sortable th");
    if (head) sortTable(head.closest("table"), head);
  });

  /* ------------------------------------------------------------------ charts */

  /** What a choice shows: lines of points, each with level, mean, ends of the interval and n. */
  function linesOf(chart, choice) {
    const { x, by, fixed } = choice;
    const figures = chart.figures[choice.quantity];
    const groups = new Map();
    for (let point = 0; point < figures.mean.length; point += 1) {
      if (figures.mean[point] === null) continue;
      if (fixed.some((level, axis) => level !== null && chart.codes[axis][point] !== level)) continue;
      const group = by === null ? 0 : chart.codes[by][point];
      if (!groups.has(group)) groups.set(group, []);
      const at = { level: chart.codes[x][point] };
      for (const name of ["mean", "low", "high", "n"]) at[name] = figures[name][point];
      groups.get(group).push(at);
    }
    const kept = spread([...groups.keys()].sort((a, b) => a - b), chart.mostLines);
    return {
      left: groups.size - kept.length,
      lines: kept.map((group) => ({
        group,
        name: by === null ? "" : chart.axes[by].levels[group],
        points: groups.get(group).sort((a, b) => a.level - b.level),
      })),
    };
  }

  /** At most so many of a list, evenly from its first to its last. */
  function spread(list, most) {
    if (list.length <= most) return list;
    return Array.from({ length: most }, (_, k) => list[Math.round((k * (list.length - 1)) / (most - 1))]);
  }

  /** What is said of a point: where it is, its value, its interval and n. */
  function toldOf(chart, choice) {
    const { unit } = chart.quantities[choice.quantity];
    const axis = chart.axes[choice.x];
    return (line, point) => {
      const told = [`${axis.label}: ${axis.levels[point.level]}`, tied(`${shown(point.mean)} ${unit}`.trim())];
      if (choice.by !== null) told.unshift(`${chart.axes[choice.by].label}: ${line.name}`);
      if (point.low !== null) told.push(tied(`95 % interval ${shown(point.low)} to ${shown(point.high)}`));
      return [...told, `n = ${shown(point.n)}`].join("\n");
    };
  }

  function captionOf(chart, choice, left) {
    const quantity = chart.quantities[choice.quantity];
    const fixed = choice.fixed
      .map((level, axis) => (level === null ? "" : `${chart.axes[axis].label} = ${chart.axes[axis].levels[level]}`))
      .filter((text) => text);
    const at = fixed.length ? `, at ${fixed.join(", ")}` : "";
    const more = left
      ? ` ${chart.mostLines} lines are drawn, evenly over the levels; ${left} more are in the results.`
      : "";
    return tied(`${quantity.axis} against ${chart.axes[choice.x].label}${at}. ${chart.describes}${more}`);
  }

  /** The values drawn, for those who do not see the chart. */
  function valuesTable(chart, choice, lines) {
    const quantity = chart.quantities[choice.quantity].axis;
    const heads = [chart.axes[choice.x].label, quantity, "95 % interval", "n"];
    if (choice.by !== null) heads.unshift(chart.axes[choice.by].label);
    const rows = lines.flatMap((line) =>
      line.points.map((point) => [
        ...(choice.by === null ? [] : [line.name]),
        chart.axes[choice.x].levels[point.level],
        shown(point.mean),
        point.low === null ? "–" : `${shown(point.low)} to ${shown(point.high)}`,
        shown(point.n),
      ]),
    );
    const numeric = heads.length - 3;
    const cell = (tag) => (text, k) => element(tag, k >= numeric ? { class: "number" } : {}, [text]);
    const body = rows.slice(0, MOST_VALUES).map((row) => element("tr", {}, row.map(cell("td"))));
    const caption = rows.length > MOST_VALUES ? `The first ${MOST_VALUES} of ${rows.length} values` : quantity;
    return element("table", {}, [
      element("caption", {}, [caption]),
      element("thead", {}, [element("tr", {}, heads.map(cell("th")))]),
      element("tbody", {}, body),
    ]);
  }

  function choose(label, options, selected, changed) {
    const list = element("select", {}, options.map(([value, text]) => element("option", { value }, [text])));
    list.value = String(selected);
    list.addEventListener("change", () => changed(list.value === "none" ? null : Number(list.value)));
    return element("label", {}, [label, list]);
  }

  /** The controls of a chart; those with one option are left out. */
  function controlsOf(chart, choice, redraw) {
    const change = (name) => (value) => {
      choice[name] = value;
      settle(chart, choice);
      redraw();
    };
    const axes = chart.axes.map((axis, k) => [k, axis.label]);
    const made = [];
    if (chart.quantities.length > 1) {
      const options = chart.quantities.map((quantity, k) => [k, quantity.label]);
      made.push(choose("Show", options, choice.quantity, change("quantity")));
    }
    if (chart.turns && axes.length > 1) {
      made.push(choose("Along", axes, choice.x, change("x")));
      const others = axes.filter(([k]) => k !== choice.x && (chart.grid || chart.axes[k].values === null));
      if (others.length) {
        const none = chart.grid ? [] : [["none", "nothing"]];
        made.push(choose("A line for each", [...none, ...others], choice.by ?? "none", change("by")));
      }
    }
    choice.fixed.forEach((level, axis) => {
      if (level === null || chart.axes[axis].levels.length < 2) return;
      const options = chart.axes[axis].levels.map((text, k) => [k, text]);
      const changed = (value) => {
        choice.fixed[axis] = value;
        redraw();
      };
      made.push(choose(chart.axes[axis].label, options, level, changed));
    });
    return made;
  }

  /** Make a choice whole: lines are not along the axis itself, all other axes of a grid have one level. */
  function settle(chart, choice) {
    if (choice.by === choice.x) {
      const other = chart.axes.findIndex((_, axis) => axis !== choice.x);
      choice.by = chart.grid && other >= 0 ? other : null;
    }
    choice.fixed = chart.axes.map((_, axis) =>
      !chart.grid || axis === choice.x || axis === choice.by ? null : (choice.fixed[axis] ?? chart.start[axis]),
    );
  }

  function show(chart) {
    const figure = document.getElementById(`chart-${chart.name}`);
    const [plot, controls, caption, values] = [".plot", ".controls", "figcaption", ".values .table-box"].map(
      (selector) => figure.querySelector(selector),
    );
    const choice = { quantity: 0, x: chart.x, by: chart.by, fixed: chart.axes.map(() => null) };
    settle(chart, choice);

    function draw() {
      const { lines, left } = linesOf(chart, choice);
      drawChart(plot, chart, choice, lines, toldOf(chart, choice));
      caption.textContent = captionOf(chart, choice, left);
      plot.setAttribute("aria-label", `Chart: ${caption.textContent} Its values are in the table below it.`);
      values.replaceChildren(valuesTable(chart, choice, lines));
    }

    /* Controls made anew would lose the focus: it goes to the one of the same label. */
    function redraw() {
      const labelOf = (control) => control.firstChild.textContent;
      const focused = controls.querySelector("label:focus-within");
      const made = controlsOf(chart, choice, redraw);
      controls.replaceChildren(...made);
      if (focused) made.find((each) => labelOf(each) === labelOf(focused))?.lastChild.focus();
      draw();
    }

    redraw();
    let width = plot.clientWidth;
    new ResizeObserver(() => {
      if (plot.clientWidth !== width) draw();
      width = plot.clientWidth;
    }).observe(plot);
  }

  for (const chart of JSON.parse(document.getElementById("charts").textContent)) show(chart);
})();
