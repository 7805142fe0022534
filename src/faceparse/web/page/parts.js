// The list of parts: each can be hidden, lit by pointer or focus, and cut out.

export function percent(share) {
  const value = 100 * share;
  return `${value >= 0.05 || value === 0 ? value.toFixed(1) : "< 0.1"} %`;
}

export class PartList {
  /** `light(part or null)` as a row is hovered or focused, `toggle()` when boxes change, `cut(part, button)` to cut out. */
  constructor(list, { light, toggle, cut }) {
    this.list = list;
    this.light = light;
    this.toggle = toggle;
    this.cut = cut;
    list.addEventListener("pointerleave", () => this.#relight());
    list.addEventListener("focusout", (event) => list.contains(event.relatedTarget) || light(null));
  }

  show(parts) {
    this.list.replaceChildren(...parts.map((part) => this.#row(part)));
  }

  /** Ids of the parts that are not hidden. */
  shown() {
    return new Set([...this.list.querySelectorAll("input:checked")].map((box) => Number(box.value)));
  }

  setAll(checked) {
    for (const box of this.list.querySelectorAll("input")) {
      box.checked = checked;
      box.closest("li").classList.toggle("off", !checked);
    }
    this.toggle(null);
  }

  /** Mark the row of the part that is lit. */
  mark(id, bringIntoView = false) {
    for (const row of this.list.children) {
      row.classList.toggle("lit", Number(row.dataset.id) === id);
      if (bringIntoView && Number(row.dataset.id) === id) row.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
  }

  // A pointer that leaves gives way to the keyboard's focus
  #relight() {
    const row = this.list.contains(document.activeElement) && document.activeElement.matches(":focus-visible")
      ? document.activeElement.closest("li") : null;
    this.light(row ? row.part : null);
  }

  #row(part) {
    const row = document.createElement("li");
    row.dataset.id = part.id;
    row.part = part;
    const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: true, value: part.id });
    const swatch = span("swatch", "");
    swatch.style.background = part.color;
    const label = document.createElement("label");
    label.append(box, swatch, span("name", part.name), span("share", percent(part.share)));
    const button = Object.assign(document.createElement("button"), { type: "button", className: "small", textContent: "Cut out" });
    button.setAttribute("aria-label", `Cut out and download ${part.name}`);
    row.append(label, button);

    box.addEventListener("change", () => {
      row.classList.toggle("off", !box.checked);
      this.toggle(part);
    });
    button.addEventListener("click", () => this.cut(part, button));
    row.addEventListener("pointerenter", (event) => event.pointerType === "touch" || this.light(part));
    row.addEventListener("focusin", () => this.light(part));
    return row;
  }
}

function span(name, text) {
  return Object.assign(document.createElement("span"), { className: name, textContent: text });
}
