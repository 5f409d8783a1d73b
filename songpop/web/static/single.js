// Puts the template into the text field; the page works without it.

const fill = document.getElementById("fill");
const songs = document.getElementById("songs");

fill.addEventListener("click", () => {
  songs.value = fill.dataset.example;
  songs.focus();
});
