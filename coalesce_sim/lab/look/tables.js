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

const HALF_WIDTH = /±\s*(\S+)/;

function asCsv(table) {
  const cellsOf = (row) => [...row.cells];
  const rows = [...table.tBodies[0].rows].map(cellsOf);
  const [heads] = [...table.tHead.rows].map(cellsOf);
  const wide = heads.map((_, column) => rows.some((row) => HALF_WIDTH.test(row[column].textContent)));
  const quoted = (text) => `"${text.replaceAll("\u00a0", " ").replaceAll('"', '""')}"`;
  const harmless = (text) => (/^[=+@\t\r-]/.test(text) ? `'${text}` : text); // a spreadsheet would compute it
  const first = heads.flatMap((head, column) => {
    const label = head.textContent.trim();
    return wide[column] ? [quoted(label), quoted(`${label}, half-width`)] : [quoted(label)];
  });
  const others = rows.map((row) =>
    row.flatMap((cell, column) => {
      const value = cell.dataset.key ?? quoted(harmless(cell.textContent));
      return wide[column] ? [value, HALF_WIDTH.exec(cell.textContent)?.[1].replaceAll(/[,)]/g, "") ?? ""] : [value];
    }),
  );
  return [first, ...others].map((row) => row.join(",")).join("\r\n") + "\r\n";
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
