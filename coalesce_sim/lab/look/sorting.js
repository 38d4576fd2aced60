/* Sorts the tables of a page by the head that is clicked; what has no number stays last. */
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
