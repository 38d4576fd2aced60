"use strict";
/* Draws the charts of a report, lets the reader choose what they show, and sorts its tables. */
(() => {
  const DASHES = ["solid", "dash", "dot"];
  const MOST_VALUES = 500;
  const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif';
  const format = new Intl.NumberFormat("en-GB", { maximumSignificantDigits: 4 });
  const shown = (value) => (value === null ? "–" : format.format(value).replace("-", "−"));
  /* Plotly reads a few tags in its texts: users' own texts must not be read so. */
  const tied = (text) => text.replaceAll(" %", "\u00a0%");
  const plain = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const shortened = (text, length) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);

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

  function colourOf(chart, line, alpha) {
    const colour = chart.colours[line % chart.colours.length];
    if (alpha === undefined) return colour;
    const parts = [1, 3, 5].map((start) => parseInt(colour.slice(start, start + 2), 16));
    return `rgba(${parts.join(",")},${alpha})`;
  }

  function hoverText(chart, choice, line, point) {
    const unit = chart.quantities[choice.quantity].unit;
    const axis = chart.axes[choice.x];
    const interval = point.low === null ? "" : `<br>95 % interval ${shown(point.low)} to ${shown(point.high)}`;
    const name = line.name ? `${plain(chart.axes[choice.by].label)}: ${plain(line.name)}<br>` : "";
    return (
      `${name}${plain(axis.label)}: ${plain(axis.levels[point.level])}<br>` +
      `<b>${shown(point.mean)} ${plain(unit)}</b>${interval}<br>n = ${shown(point.n)}`
    );
  }

  /** Traces along an axis of numbers: a band and, above it, a line; without a grid, points alone.
      Names have `room` for so many characters. */
  function curves(chart, choice, lines, room) {
    const at = chart.axes[choice.x].values;
    const traces = [];
    lines.forEach((line, k) => {
      const banded = line.points.filter((point) => point.low !== null);
      const name = plain(shortened(line.name, room));
      const common = { type: "scatter", legendgroup: `line${k}`, name };
      if (chart.grid && banded.length > 1) {
        const there = banded.map((point) => at[point.level]);
        traces.push({
          ...common,
          x: [...there, ...[...there].reverse()],
          y: [...banded.map((point) => point.high), ...banded.map((point) => point.low).reverse()],
          fill: "toself",
          fillcolor: colourOf(chart, k, 0.16),
          line: { width: 0 },
          mode: "lines",
          hoverinfo: "skip",
          showlegend: false,
        });
      }
      const dense = line.points.length > 40;
      traces.push({
        ...common,
        x: line.points.map((point) => at[point.level]),
        y: line.points.map((point) => point.mean),
        error_y: chart.grid ? undefined : errors(line.points, colourOf(chart, k, 0.45)),
        mode: !chart.grid ? "markers" : dense ? "lines" : "lines+markers",
        line: { color: colourOf(chart, k), width: 2, dash: DASHES[Math.floor(k / 4) % DASHES.length] },
        marker: { color: colourOf(chart, k), size: chart.grid ? 6 : 7 },
        hovertext: line.points.map((point) => hoverText(chart, choice, line, point)),
        hoverinfo: "text",
        showlegend: choice.by !== null,
      });
    });
    return traces;
  }

  /** Traces along an axis of labels: a row a label, with the interval as a bar. */
  function rowsOf(chart, choice, lines, room) {
    return lines.map((line, k) => ({
      type: "scatter",
      mode: "markers",
      name: plain(shortened(line.name, room)),
      x: line.points.map((point) => point.mean),
      y: line.points.map((point) => point.level + (0.5 * (k + 0.5)) / lines.length - 0.25),
      error_x: errors(line.points, colourOf(chart, k)),
      marker: { color: colourOf(chart, k), size: 9 },
      hovertext: line.points.map((point) => hoverText(chart, choice, line, point)),
      hoverinfo: "text",
      showlegend: choice.by !== null,
    }));
  }

  function errors(points, color) {
    return {
      type: "data",
      symmetric: false,
      array: points.map((point) => (point.high === null ? 0 : point.high - point.mean)),
      arrayminus: points.map((point) => (point.low === null ? 0 : point.mean - point.low)),
      color,
      thickness: 1.5,
      width: 0,
    };
  }

  function layoutOf(chart, choice, narrow) {
    const axis = chart.axes[choice.x];
    const label = plain(chart.quantities[choice.quantity].axis);
    const grid = { gridcolor: "#e5e5e5", zerolinecolor: "#8c959f", automargin: true, title: { standoff: 12, font: { size: 13 } } };
    const layout = {
      font: { family: FONT, size: 13, color: "#1b1f24" },
      margin: { l: narrow ? 48 : 64, r: 12, t: 12, b: 48 },
      height: narrow ? 340 : 430,
      paper_bgcolor: "#fff",
      plot_bgcolor: "#fff",
      hovermode: "closest",
      hoverlabel: { align: "left", bgcolor: "#fff", bordercolor: "#57606a", font: { color: "#1b1f24" } },
      legend: { orientation: "h", yanchor: "bottom", y: 1.02, x: 0, title: { text: "", font: { size: 13 } } },
    };
    if (choice.by !== null) layout.legend.title.text = `${plain(shortened(chart.axes[choice.by].label, 40))} `;
    if (axis.scale === "category") {
      const many = axis.levels.length;
      layout.height = 130 + Math.min(28, 900 / many + 8) * Math.max(many, 3);
      layout.xaxis = { ...grid, title: { ...grid.title, text: label } };
      layout.yaxis = {
        ...grid,
        tickvals: axis.levels.map((_, level) => level),
        ticktext: axis.levels.map((level) => plain(shortened(level, narrow ? 18 : 40))),
        range: [many - 0.5, -0.5],
        zeroline: false,
      };
      return layout;
    }
    layout.xaxis = { ...grid, type: axis.scale, title: { ...grid.title, text: plain(axis.label) }, zeroline: false };
    layout.yaxis = { ...grid, title: { ...grid.title, text: label } };
    return layout;
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
    const [plot, controls, caption, image, values] = [
      ".plot",
      ".controls",
      "figcaption",
      ".printed",
      ".values .table-box",
    ].map((selector) => figure.querySelector(selector));
    const choice = { quantity: 0, x: chart.x, by: chart.by, fixed: chart.axes.map(() => null) };
    settle(chart, choice);

    function draw() {
      const { lines, left } = linesOf(chart, choice);
      const narrow = figure.clientWidth < 560;
      const along = chart.axes[choice.x].scale === "category" ? rowsOf : curves;
      const traces = along(chart, choice, lines, narrow ? 24 : 48);
      const layout = layoutOf(chart, choice, narrow);
      const buttons = [["toImage", "zoom2d", "pan2d", "resetScale2d"]];
      const bar = { displaylogo: false, displayModeBar: narrow ? false : "hover", modeBarButtons: buttons };
      Plotly.react(plot, traces, layout, { responsive: true, ...bar });
      caption.textContent = captionOf(chart, choice, left);
      plot.setAttribute("aria-label", `Chart: ${caption.textContent} Its values are in the table below it.`);
      values.replaceChildren(valuesTable(chart, choice, lines));
      const still = { data: traces, layout: { ...layout, width: 760 }, config: {} };
      Plotly.toImage(still, { format: "svg", width: 760, height: layout.height }).then((address) => {
        image.src = address;
        image.alt = caption.textContent;
      });
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
  }

  for (const chart of JSON.parse(document.getElementById("charts").textContent)) show(chart);
})();
