/* Sorts a table of a page by the head that is clicked, what has no number last, and saves it as CSV. */
document.addEventListener("click", (event) => {
  const head = event.target.closest?.(".lab-table th");
  if (!head) return;
  const heads = [...head.parentElement.children];
  const index = heads.indexOf(head);
  const ascending = head.getAttribute("aria-sort") !== "ascending";
  const numeric = head.classList.contains("number");
  const body = head.closest("table").tBodies[0];
  const keyOf = ({ cells }) => (cells[index].dataset.key === undefined ? cells[index].textContent : Number(cells[index].dataset.key));
  const missing = (key) => numeric && typeof key === "string";
  const rows = [...body.rows].map((row) => [keyOf(row), row]);
  rows.sort(([a], [b]) => {
    if (missing(a) || missing(b)) return missing(a) - missing(b);
    const numbers = typeof a === "number" && typeof b === "number";
    const order = numbers ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
    return ascending ? order : -order;
  });
  body.append(...rows.map(([, row]) => row));
  for (const each of heads) each.setAttribute("aria-sort", "none");
  head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
});

const FIGURE = String.raw`[-+\u2212]?\d[\d.,]*(?:e[-+]?\d+)?`;
const PLAIN = new RegExp(`^\\(?${FIGURE}(?:\\s*±\\s*(${FIGURE}))?\\)?$|^–?$`);

/** A table as CSV. A column of plain figures has them as they were computed, and half-widths in a column of
 * their own; every other column has what is shown. */
function asCsv(table) {
  const [heads] = [...table.tHead.rows].map((row) => [...row.cells]);
  const rows = [...table.tBodies[0].rows].map((row) => [...row.cells]);
  const shown = (cell) => cell.textContent.replaceAll("\u00a0", " ").trim();
  const harmless = (text) => (/^[=+@\t\r-]/.test(text) ? `'${text}` : text); // a spreadsheet would compute it
  const quoted = (text) => `"${harmless(text).replaceAll('"', '""')}"`;
  const columns = heads.flatMap((head, place) => {
    const cells = rows.map((row) => row[place]);
    const found = cells.map((cell) => PLAIN.exec(shown(cell)));
    if (!head.classList.contains("number") || !found.every(Boolean)) {
      return [[quoted(shown(head)), ...cells.map((cell) => quoted(shown(cell)))]];
    }
    const values = [quoted(shown(head)), ...cells.map((cell) => cell.dataset.key ?? "")];
    const widths = found.map((each) => (each[1] ?? "").replaceAll(",", ""));
    return widths.some(Boolean) ? [values, [quoted(`${shown(head)}, half-width`), ...widths]] : [values];
  });
  const lines = ["", ...rows].map((_, line) => columns.map((column) => column[line]).join(","));
  return `${lines.join("\r\n")}\r\n`;
}

document.addEventListener("click", (event) => {
  const caption = event.target.closest?.(".lab-caption button")?.parentElement;
  if (!caption) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([asCsv(caption.nextElementSibling.querySelector("table"))], { type: "text/csv" }));
  link.download = `${caption.firstChild.textContent.trim().replaceAll(/[^\p{L}\p{N}]+/gu, "_").slice(0, 60)}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
});
