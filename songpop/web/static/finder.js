// A combobox that finds tracks while one types; without it the form beside it finds them on a page.
export function findTracks(input, list, api, choose) {
  let timer;
  let number = 0;
  let at = -1;

  function close() {
    list.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function option(row, i) {
    const item = document.createElement("li");
    item.id = `found-${i}`;
    item.setAttribute("role", "option");
    item.dataset.id = row.track_id;
    const title = Object.assign(document.createElement("span"), { className: "title", textContent: row.track_name ?? "untitled" });
    const parts = [row.artist_name, row.genre, row.is_release ? "new release" : null].filter(Boolean);
    item.append(title, Object.assign(document.createElement("span"), { className: "under", textContent: parts.join(" · ") }));
    item.addEventListener("mousedown", (event) => {
      event.preventDefault();
      choose(row.track_id);
    });
    return item;
  }

  async function find() {
    const text = input.value.trim();
    const mine = ++number;
    if (text.length < 2) return close();
    const answer = await fetch(`${api}/tracks?q=${encodeURIComponent(text)}`);
    if (!answer.ok || mine !== number) return undefined;
    const { tracks } = await answer.json();
    if (mine !== number) return undefined;
    list.replaceChildren(...tracks.map(option));
    at = -1;
    list.hidden = tracks.length === 0;
    input.setAttribute("aria-expanded", String(tracks.length > 0));
    return undefined;
  }

  function move(step) {
    const options = [...list.children];
    if (list.hidden || options.length === 0) return;
    at = (at + step + options.length) % options.length;
    options.forEach((item, i) => item.setAttribute("aria-selected", String(i === at)));
    input.setAttribute("aria-activedescendant", options[at].id);
    options[at].scrollIntoView({ block: "nearest" });
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(find, 140);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Escape") {
      close();
    } else if (event.key === "Enter" && at >= 0) {
      event.preventDefault();
      choose(list.children[at].dataset.id);
    }
  });
  input.addEventListener("blur", () => setTimeout(close, 120));
}
