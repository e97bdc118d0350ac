// Whoever can run this sees the controls; the texts for everybody else go.
for (const part of page.querySelectorAll(".no-script")) if (!part.closest("details")) part.remove();
if (slider) {
  for (const name of ["controls", "crowd-controls"]) {
    const form = find(name);
    if (!form) continue;
    form.hidden = false;
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", explore);
  }
  for (const button of page.querySelectorAll("button.go")) {
    button.addEventListener("click", () => { slider.value = button.dataset.place; slider.focus(); explore(); });
  }
  explore();
}
