/* Choosing a file: it may be dropped, and a problem gets the focus. */

const zone = document.querySelector("[data-drop]");
const field = document.getElementById("file");

for (const name of ["dragenter", "dragover"]) {
  zone.addEventListener(name, (event) => { event.preventDefault(); zone.classList.add("over"); });
}
for (const name of ["dragleave", "drop"]) {
  zone.addEventListener(name, (event) => { event.preventDefault(); zone.classList.remove("over"); });
}
zone.addEventListener("drop", (event) => {
  if (event.dataTransfer.files.length) field.files = event.dataTransfer.files;
});
document.getElementById("problem")?.focus();
