// The photo with its map on top: draws both, compares them, and names what a pointer is on.
import { paintOutline, paintParts } from "./painting.js";

const LONGEST_SIDE = 1400; // pixels drawn on screen; downloads are made at the photo's own size

const find = (id) => document.getElementById(id);

export class Stage {
  /** `light(id or null)` is called as a pointer goes over parts, `pick(id)` when one is tapped. */
  constructor({ light, pick }) {
    this.frame = find("frame");
    this.canvases = { photo: find("photo"), map: find("map"), outline: find("outline") };
    this.divider = find("divider");
    this.tag = find("tag");
    this.compare = find("compare");
    this.map = null;
    this.#followPointers(light, pick);
    this.#followSliders();
  }

  /** Show a photo without a map yet. */
  showPhoto(picture) {
    const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
    for (const canvas of Object.values(this.canvases)) {
      canvas.width = Math.max(1, Math.round(picture.width * scale));
      canvas.height = Math.max(1, Math.round(picture.height * scale));
    }
    const { photo } = this.canvases;
    photo.getContext("2d").drawImage(picture, 0, 0, photo.width, photo.height);
    this.map = null;
    this.tag.hidden = true;
    this.frame.classList.add("busy");
  }

  showMap(map, classes, shown) {
    this.map = map.resized(this.canvases.photo.width, this.canvases.photo.height);
    this.classes = classes;
    this.frame.classList.remove("busy");
    this.draw(shown, null);
  }

  stopWaiting() {
    this.frame.classList.remove("busy");
  }

  describe(text) {
    this.canvases.photo.setAttribute("aria-label", text);
  }

  /** Draw the parts that are shown; one of them may be lit, which stands out with a line and its name. */
  draw(shown, lit) {
    if (!this.map) return;
    const { map, outline } = this.canvases;
    map.getContext("2d").putImageData(paintParts(this.map, this.classes, shown, lit), 0, 0);
    const context = outline.getContext("2d");
    if (lit === null) context.clearRect(0, 0, outline.width, outline.height);
    else context.putImageData(paintOutline(this.map, lit, this.#lineWidth()), 0, 0);
  }

  /** Write a name over the picture, at fractions of its width and height. */
  name(text, color, x, y) {
    const swatch = document.createElement("i");
    swatch.style.background = color;
    this.tag.replaceChildren(swatch, text);
    this.tag.hidden = false;
    const { width, height } = this.frame.getBoundingClientRect();
    const half = this.tag.offsetWidth / 2 + 6;
    this.tag.style.left = `${Math.max(half, Math.min(width - half, x * width))}px`;
    this.tag.style.top = `${Math.max(this.tag.offsetHeight + 18, y * height)}px`;
  }

  unname() {
    this.tag.hidden = true;
  }

  // Some 1.6 pixels of the screen, however large the picture is shown
  #lineWidth() {
    const { photo } = this.canvases;
    return Math.max(1, Math.round((1.6 * photo.width) / Math.max(1, photo.clientWidth)));
  }

  #place(event) {
    const box = this.canvases.photo.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  #partAt([x, y]) {
    return this.map.at(Math.floor(x * this.map.width), Math.floor(y * this.map.height));
  }

  #followPointers(light, pick) {
    const { photo } = this.canvases;
    photo.addEventListener("pointermove", (event) => {
      if (!this.map || event.pointerType === "touch") return;
      const place = this.#place(event);
      light(this.#partAt(place), place);
    });
    photo.addEventListener("pointerleave", (event) => {
      if (this.map && event.pointerType !== "touch") light(null);
    });
    photo.addEventListener("click", (event) => {
      if (!this.map) return;
      const place = this.#place(event);
      pick(this.#partAt(place), place);
    });
    this.divider.addEventListener("pointerdown", (event) => {
      this.divider.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    this.divider.addEventListener("pointermove", (event) => {
      if (!this.divider.hasPointerCapture(event.pointerId)) return;
      this.compare.value = Math.max(1, Math.min(99, 100 * this.#place(event)[0]));
      this.compare.dispatchEvent(new Event("input"));
    });
  }

  #followSliders() {
    const opacity = find("opacity");
    const follow = () => {
      find("opacity-value").textContent = `${opacity.value} %`;
      opacity.setAttribute("aria-valuetext", `${opacity.value} percent`);
      this.canvases.map.style.opacity = opacity.value / 100;
    };
    const part = () => {
      const before = this.compare.value;
      find("compare-value").textContent = before > 0 ? `${before} % before` : "off";
      this.compare.setAttribute("aria-valuetext", `${before} percent of the picture, from its left, without the map`);
      for (const canvas of [this.canvases.map, this.canvases.outline]) canvas.style.clipPath = `inset(0 0 0 ${before}%)`;
      this.divider.hidden = before <= 0 || before >= 100;
      this.divider.style.left = `${before}%`;
    };
    opacity.addEventListener("input", follow);
    this.compare.addEventListener("input", part);
    follow();
    part();
  }
}
