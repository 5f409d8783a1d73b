// The list works without this: it only sends the filters as soon as one is chosen, and keeps blank ones out of the address.

const form = document.getElementById("filters");

form.addEventListener("submit", () => {
  for (const field of form.elements) if (field.name && field.value === "") field.disabled = true;
});
for (const name of ["genre", "evidence", "versions", "sort"]) {
  form.elements[name]?.addEventListener("change", () => form.requestSubmit());
}
// back from the next page, fields that were kept out are to be filled in again
addEventListener("pageshow", () => {
  for (const field of form.elements) field.disabled = false;
});
