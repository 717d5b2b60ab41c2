// The choice of a model or source shows the figures drawn from it alone.
const choice = document.getElementById("selection");
function show() {
  for (const part of document.querySelectorAll("[data-selection]")) {
    part.hidden = part.dataset.selection !== choice.value;
  }
}
if (choice) {
  choice.addEventListener("change", show);
  show();
}

// Rows of a table that contain every word of its filter stay.
for (const box of document.querySelectorAll("input[data-filter]")) {
  const rows = [...box.parentElement.nextElementSibling.querySelectorAll("tbody tr")];
  const count = box.parentElement.querySelector("output");
  const filter = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every(word => text.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    count.value = shown + " of " + rows.length + " rows";
  };
  box.addEventListener("input", filter);
  filter();
}
