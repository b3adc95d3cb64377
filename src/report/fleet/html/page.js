"use strict";
// Sorts a table by the column whose heading is pressed, and the other way round when it is
// pressed again. What has no value comes last either way.
const key = (row, column) => {
  const cell = row.cells[column];
  const text = "v" in cell.dataset ? cell.dataset.v : cell.textContent.trim();
  return text === "" || text === "-" ? null : text;
};
const numbers = /^-?\d+(\.\d+)?$/;
const sort = (heading) => {
  const table = heading.closest("table");
  const down = heading.getAttribute("aria-sort") === "ascending";
  const column = heading.cellIndex;
  const rows = Array.from(table.tBodies[0].rows, (row) => [key(row, column), row]);
  const numeric = rows.every(([k]) => k === null || numbers.test(k));
  const order = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const compare = (a, b) => (numeric ? a - b : order.compare(a, b));
  rows.sort(([a], [b]) => {
    if (a === null || b === null) return (a === null) - (b === null);
    return down ? compare(b, a) : compare(a, b);
  });
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", down ? "descending" : "ascending");
  table.tBodies[0].append(...rows.map(([, row]) => row));
};
for (const heading of document.querySelectorAll("table.sorts th")) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...heading.childNodes);
  button.addEventListener("click", () => sort(heading));
  heading.append(button);
}
// Shows only the rows that have each of the words.
const find = document.getElementById("find");
const found = document.getElementById("found");
const texts = new Map();
const filter = () => {
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of document.querySelectorAll("table.sorts tbody tr")) {
    if (!texts.has(row)) {
      texts.set(row, Array.from(row.cells, (c) => c.textContent).join(" ").toLowerCase());
    }
    row.hidden = !words.every((word) => texts.get(row).includes(word));
    shown += !row.hidden;
  }
  found.textContent = words.length ? `${shown} rows` : "";
};
let waiting;
find.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(filter, 120);
});
document.getElementById("finder").hidden = false;
