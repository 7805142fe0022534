// Files for the person: ids as the server made them, colours, the overlay as it is shown, parts cut out.
import { paintParts } from "./painting.js";

export function save(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** `me.jpg` and `left eye` become `me-left-eye.png`. */
export function fileName(photo, what) {
  return `${photo.replace(/\.[^.]*$/, "") || "photo"}-${what.replaceAll(" ", "-")}.png`;
}

/** The map alone, whole, in the official colours on black. */
export function colors(map, classes) {
  return drawn(map, (context) => {
    context.fillRect(0, 0, map.width, map.height);
    context.drawImage(layer(map, classes, new Set(classes.map((row) => row.id))), 0, 0);
  });
}

/** The photo with the parts that are shown, as strong as they are shown, at the photo's own size. */
export function overlay(picture, map, classes, shown, opacity) {
  return drawn(map, (context) => {
    context.drawImage(picture, 0, 0, map.width, map.height);
    context.globalAlpha = opacity;
    context.drawImage(layer(map, classes, shown), 0, 0);
  });
}

function layer(map, classes, shown) {
  const canvas = new OffscreenCanvas(map.width, map.height);
  canvas.getContext("2d").putImageData(paintParts(map, classes, shown), 0, 0);
  return canvas;
}

function drawn(map, draw) {
  const canvas = new OffscreenCanvas(map.width, map.height);
  draw(canvas.getContext("2d"));
  return canvas.convertToBlob({ type: "image/png" });
}
